import { z } from "zod"
import type { Hearsay, Reading, StoredDelivery } from "../inbox/reading.ts"
import type { HeardAsk, HeardFact, HeardRepository } from "../promotion/hearsay.ts"
import type { Subject } from "../inbox/subject.ts"
import { mayHoldCommand } from "../promotion/command.ts"
import {
  accountSchema,
  actorOf,
  checkRunSchema,
  commentSchema,
  instant,
  isBot,
  issueNumber,
  objectId,
  pullRequestSchema,
  repositorySchema,
  statusSchema,
  text,
} from "./shape.ts"
import { checkRunFact, pullRequestFact, statusFact } from "./translate.ts"

/**
 * Reads one stored delivery: which repository it is about, what it says of its objects, and what is to be looked at.
 * Decides nothing. Never throws: what cannot be read is recorded as such, and nothing is lost but that delivery.
 */
export function readDelivery(delivery: StoredDelivery, ownAppId: number): Reading {
  const reader = Object.hasOwn(readers, delivery.event) ? readers[delivery.event] : undefined
  if (reader === undefined) return { outcome: "ignored", why: "event not used", hearsay: [] }
  try {
    const payload: unknown = JSON.parse(delivery.payload)
    const { installation, action } = baseSchema.parse(payload)
    if (installation == null) return { outcome: "not-installed", why: null, hearsay: [] }
    const cause = `delivery:${delivery.guid}`
    const read = reader({ payload, installationId: installation.id, action: action ?? null, ownAppId, cause })
    if (typeof read === "string") return { outcome: "ignored", why: read, hearsay: [] }
    return { outcome: "queued", why: null, hearsay: read }
  } catch (error) {
    return { outcome: "unparseable", why: error instanceof z.ZodError ? firstProblem(error) : "not JSON", hearsay: [] }
  }
}

function firstProblem(error: z.ZodError): string {
  const [issue] = error.issues
  return issue === undefined ? "unknown" : `${issue.path.map(String).join(".")}: ${issue.message}`.slice(0, 200)
}

const baseSchema = z.object({
  action: text.nullish(),
  installation: z.object({ id: objectId }).nullish(),
})

type Heard = {
  payload: unknown
  installationId: number
  action: string | null
  ownAppId: number
  cause: string
}

/** What was read, or why it does not matter. */
type ReaderResult = Hearsay[] | string

/** Reads the payload of one event. Throws a `ZodError` when it is not of the event's shape. */
type Reader = (heard: Heard) => ReaderResult

const readers: Readonly<Record<string, Reader>> = {
  pull_request: readPullRequest,
  check_run: readCheckRun,
  status: readStatus,
  issue_comment: readComment,
  push: readPush,
  repository: readRepository,
  installation: readInstallation,
  installation_repositories: readInstallationRepositories,
}

function repositoryHeard(repository: z.infer<typeof repositorySchema>, heard: Heard): HeardRepository {
  return {
    id: repository.id,
    installationId: heard.installationId,
    owner: repository.owner.login,
    name: repository.name,
    defaultBranch: repository.default_branch,
    active: true,
  }
}

function about(repository: HeardRepository, told: Partial<Omit<Hearsay, "repository">>): Hearsay {
  return { repository, facts: [], asks: [], configStale: false, subjects: [], wakeHeads: [], ...told }
}

const pullRequestPayload = z.object({
  repository: repositorySchema,
  pull_request: pullRequestSchema,
  label: z.object({ name: text }).nullish(),
  sender: accountSchema,
})

function readPullRequest(heard: Heard): ReaderResult {
  const parsed = pullRequestPayload.parse(heard.payload)
  const { repository, pull_request: pullRequest, label, sender } = parsed
  const fact = pullRequestFact(pullRequest)
  const facts: HeardFact[] = [{ kind: "pull-request", fact }]
  const labelled = heard.action === "labeled" || heard.action === "unlabeled"
  const asks: HeardAsk[] =
    labelled && label != null
      ? [
          {
            kind: "label",
            number: fact.number,
            atMs: fact.updatedAtMs,
            label: label.name,
            on: heard.action === "labeled",
            actor: actorOf(sender),
            actorIsBot: isBot(sender),
            cause: heard.cause,
          },
        ]
      : []
  const subjects: Subject[] = [{ kind: "pull-request", repositoryId: repository.id, number: fact.number }]
  return [about(repositoryHeard(repository, heard), { facts, asks, subjects })]
}

const checkRunPayload = z.object({ repository: repositorySchema, check_run: checkRunSchema })

function readCheckRun(heard: Heard): ReaderResult {
  const parsed = checkRunPayload.parse(heard.payload)
  const fact = checkRunFact(parsed.check_run)
  if (fact.appId === heard.ownAppId) return "our own check run"
  const repository = repositoryHeard(parsed.repository, heard)
  return [about(repository, { facts: [{ kind: "check", fact }], wakeHeads: [fact.sha] })]
}

function readStatus(heard: Heard): ReaderResult {
  const parsed = statusSchema.parse(heard.payload)
  const fact = statusFact(parsed)
  const repository = repositoryHeard(parsed.repository, heard)
  return [about(repository, { facts: [{ kind: "check", fact }], wakeHeads: [fact.sha] })]
}

const commentPayload = z.object({
  repository: repositorySchema,
  issue: z.object({ number: issueNumber, pull_request: z.unknown().optional() }),
  comment: commentSchema,
})

function readComment(heard: Heard): ReaderResult {
  if (heard.action !== "created") return "only a new comment can hold a command"
  const parsed = commentPayload.parse(heard.payload)
  const { issue, comment, repository } = parsed
  if (comment.performed_via_github_app?.id === heard.ownAppId) return "our own comment"
  if (!mayHoldCommand(comment.body)) return "no command in it"
  const ask: HeardAsk = {
    kind: "comment",
    number: issue.number,
    atMs: comment.created_at,
    commentId: comment.id,
    onPullRequest: issue.pull_request != null,
    body: comment.body,
    actor: actorOf(comment.user),
    actorIsBot: isBot(comment.user) || comment.performed_via_github_app != null,
    cause: heard.cause,
  }
  const subjects: Subject[] = [{ kind: "conversation", repositoryId: repository.id, number: issue.number }]
  return [about(repositoryHeard(repository, heard), { asks: [ask], subjects })]
}

const pushPayload = z.object({ repository: repositorySchema, ref: text })

/** Any push to the default branch may bring another config: which files it changed is not always told. */
function readPush(heard: Heard): ReaderResult {
  const parsed = pushPayload.parse(heard.payload)
  const { repository, ref } = parsed
  if (ref !== `refs/heads/${repository.default_branch}`) return "not the default branch"
  const subjects: Subject[] = [{ kind: "repository", repositoryId: repository.id }]
  return [about(repositoryHeard(repository, heard), { configStale: true, subjects })]
}

const repositoryPayload = z.object({ repository: repositorySchema })

function readRepository(heard: Heard): ReaderResult {
  const parsed = repositoryPayload.parse(heard.payload)
  const repository = { ...repositoryHeard(parsed.repository, heard), active: heard.action !== "deleted" }
  const subjects: Subject[] = [{ kind: "repository", repositoryId: repository.id }]
  return [about(repository, { configStale: true, subjects })]
}

const installedRepository = z.object({ id: objectId, full_name: text })

const installationPayload = z.object({
  repositories: z.array(installedRepository).nullish(),
  installation: z.object({ updated_at: z.union([instant, z.number()]).optional() }),
})

function readInstallation(heard: Heard): ReaderResult {
  const parsed = installationPayload.parse(heard.payload)
  const active = heard.action !== "deleted" && heard.action !== "suspend"
  return (parsed.repositories ?? []).map((repository) => installed(repository, { heard, active }))
}

const installationRepositoriesPayload = z.object({
  repositories_added: z.array(installedRepository),
  repositories_removed: z.array(z.object({ id: objectId.nullish(), full_name: text.nullish() })),
})

function readInstallationRepositories(heard: Heard): ReaderResult {
  const parsed = installationRepositoriesPayload.parse(heard.payload)
  const removed = parsed.repositories_removed.flatMap(({ id, full_name: fullName }) =>
    id == null || fullName == null ? [] : [{ id, full_name: fullName }],
  )
  return [
    ...parsed.repositories_added.map((repository) => installed(repository, { heard, active: true })),
    ...removed.map((repository) => installed(repository, { heard, active: false })),
  ]
}

function installed(repository: z.infer<typeof installedRepository>, state: { heard: Heard; active: boolean }): Hearsay {
  const [owner = "", name = ""] = repository.full_name.split("/")
  const { installationId } = state.heard
  const { id } = repository
  return about(
    { id, installationId, owner, name, defaultBranch: null, active: state.active },
    { configStale: true, subjects: [{ kind: "repository", repositoryId: id }] },
  )
}
