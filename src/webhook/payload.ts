import { z } from "zod"
import type { Hearsay, Reading, StoredDelivery } from "../inbox/reading.ts"
import type { HeardAsk, HeardFact, HeardRepository, IssueChange } from "../promotion/hearsay.ts"
import type { Subject } from "../inbox/subject.ts"
import { mayHoldCommand } from "../promotion/command/command.ts"
import { deploymentFact, deploymentRuleOf, deploymentSchema, deploymentStatusOf } from "./deployment.ts"
import { readPress } from "./press.ts"
import {
  accountSchema,
  actorOf,
  checkRunSchema,
  checkSuiteSchema,
  commentSchema,
  instant,
  isBot,
  issueNumber,
  issueSchema,
  labelSchema,
  objectId,
  pullRequestSchema,
  repositorySchema,
  reviewSchema,
  shaText,
  statusSchema,
  text,
} from "./shape.ts"
import { checkRunFact, pullRequestFact, reviewFact, statusFact } from "./translate.ts"

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
    const heard = { payload, installationId: installation.id, action: action ?? null, ownAppId, cause, delivery }
    const read = reader(heard)
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
  delivery: StoredDelivery
}

/** What was read, or why it does not matter. */
type ReaderResult = Hearsay[] | string

/** Reads the payload of one event. Throws a `ZodError` when it is not of the event's shape. */
type Reader = (heard: Heard) => ReaderResult

const readers: Readonly<Record<string, Reader>> = {
  pull_request: readPullRequest,
  pull_request_review: readReview,
  check_run: readCheckRun,
  check_suite: readCheckSuite,
  status: readStatus,
  issue_comment: readComment,
  merge_group: readMergeGroup,
  issues: readIssue,
  push: readPush,
  deployment: readDeployment,
  deployment_status: readDeployment,
  deployment_protection_rule: readDeploymentRule,
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
  return { repository, facts: [], asks: [], configStale: false, subjects: [], wakeHeads: [], rerunHeads: [], ...told }
}

const pullRequestPayload = z.object({
  repository: repositorySchema,
  pull_request: pullRequestSchema,
  label: z.object({ name: text }).nullish(),
  changes: z.object({ base: z.unknown().optional() }).nullish(),
  sender: accountSchema,
})

function readPullRequest(heard: Heard): ReaderResult {
  const parsed = pullRequestPayload.parse(heard.payload)
  const { repository, pull_request: pullRequest, label, sender } = parsed
  const fact = pullRequestFact(pullRequest)
  const pushed = heard.action === "synchronize" || heard.action === "opened"
  const pusher = pushed ? (sender?.login ?? null) : null
  const head = { number: fact.number, sha: fact.headSha, atMs: fact.updatedAtMs, pusher }
  const facts: HeardFact[] = [
    { kind: "pull-request", fact },
    { kind: "head", fact: head, pushed },
  ]
  if (heard.action === "edited" && parsed.changes?.base !== undefined) {
    facts.push({ kind: "retarget", fact: { number: fact.number, atMs: fact.updatedAtMs } })
  }
  if (heard.action === "enqueued" || heard.action === "dequeued") {
    const queued = heard.action === "enqueued"
    facts.push({ kind: "queue", fact: { number: fact.number, queued, atMs: fact.updatedAtMs } })
  }
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

const reviewPayload = z.object({
  repository: repositorySchema,
  pull_request: z.object({ number: issueNumber }),
  review: reviewSchema,
})

/** The pull request in this payload is cut short, so only the review is taken from it. */
function readReview(heard: Heard): ReaderResult {
  const parsed = reviewPayload.parse(heard.payload)
  const { repository, pull_request: pullRequest, review } = parsed
  const fact = reviewFact(review, pullRequest.number)
  if (fact === null || fact.state === "other") return "no opinion"
  const subjects: Subject[] = [{ kind: "pull-request", repositoryId: repository.id, number: fact.number }]
  return [about(repositoryHeard(repository, heard), { facts: [{ kind: "review", fact }], subjects })]
}

const checkRunPayload = z.object({ repository: repositorySchema, check_run: checkRunSchema })

function readCheckRun(heard: Heard): ReaderResult {
  const parsed = checkRunPayload.parse(heard.payload)
  const fact = checkRunFact(parsed.check_run)
  const repository = repositoryHeard(parsed.repository, heard)
  if (fact.appId === heard.ownAppId) {
    if (heard.action === "requested_action") return pressed(repository, heard)
    return heard.action === "rerequested" ? [rerun(repository, fact.sha)] : "our own check run"
  }
  return [about(repository, { facts: [{ kind: "check", fact }], wakeHeads: [fact.sha] })]
}

function pressed(repository: HeardRepository, { payload, delivery }: Heard): ReaderResult {
  const press = readPress(payload, delivery)
  if (typeof press === "string") return press
  const subjects: Subject[] = [{ kind: "conversation", repositoryId: repository.id, number: press.number }]
  return [about(repository, { asks: [press], subjects })]
}

const checkSuitePayload = z.object({ repository: repositorySchema, check_suite: checkSuiteSchema })

/** GitHub sends this event to every app that may write checks; all of it but "run again" is told by other events. */
function readCheckSuite(heard: Heard): ReaderResult {
  if (heard.action !== "rerequested") return "only asking for our own suite again matters"
  const { repository, check_suite: suite } = checkSuitePayload.parse(heard.payload)
  if (suite.app?.id !== heard.ownAppId) return "not our own check suite"
  return [rerun(repositoryHeard(repository, heard), suite.head_sha)]
}

/**
 * A person pressed "Re-run" on our own gate. GitHub takes its result back until the app reports again.
 *
 * @see https://docs.github.com/en/rest/checks/runs#rerequest-a-check-run
 */
function rerun(repository: HeardRepository, sha: string): Hearsay {
  return about(repository, { wakeHeads: [sha], rerunHeads: [sha] })
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
  changes: z.object({ body: z.object({ from: z.string() }).nullish() }).nullish(),
})

function readComment(heard: Heard): ReaderResult {
  const parsed = commentPayload.parse(heard.payload)
  if (heard.action === "edited" || heard.action === "deleted") return readVoid(heard, parsed)
  if (heard.action !== "created") return "only a new comment can hold a command"
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

/** A comment that is not what it was when it was made: an approval in it does not stand any more. */
function readVoid(heard: Heard, parsed: z.infer<typeof commentPayload>): ReaderResult {
  const { issue, comment, repository } = parsed
  const before = parsed.changes?.body?.from ?? ""
  if (issue.pull_request == null || !(mayHoldCommand(comment.body) || mayHoldCommand(before))) {
    return "only a new comment can hold a command"
  }
  const deleted = heard.action === "deleted"
  const atMs = Math.max(comment.created_at, comment.updated_at ?? 0)
  const fact = { commentId: comment.id, number: issue.number, standing: false, deleted, atMs }
  const subjects: Subject[] = [{ kind: "pull-request", repositoryId: repository.id, number: issue.number }]
  return [about(repositoryHeard(repository, heard), { facts: [{ kind: "comment", fact }], subjects })]
}

const mergeGroupPayload = z.object({
  repository: repositorySchema,
  merge_group: z.object({ head_sha: shaText, base_ref: text }),
})

/** A group is asked for once; when it is destroyed, its gate matters no more. */
function readMergeGroup(heard: Heard): ReaderResult {
  const parsed = mergeGroupPayload.parse(heard.payload)
  const { repository, merge_group: group } = parsed
  const baseRef = group.base_ref.replace(/^refs\/heads\//, "")
  const standing = heard.action !== "destroyed"
  const fact = { headSha: group.head_sha, baseRef, standing, atMs: 0 }
  const subjects: Subject[] = [{ kind: "merge-group", repositoryId: repository.id, sha: group.head_sha }]
  return [about(repositoryHeard(repository, heard), { facts: [{ kind: "merge-group", fact }], subjects })]
}

const issuePayload = z.object({
  repository: repositorySchema,
  issue: issueSchema,
  label: labelSchema,
  sender: accountSchema,
})

/** What an action makes of the labels on the issue: `on` and `off` of all of them, or of the one it names. */
const issueActions = new Map<string, { by: IssueChange | null; on: boolean | null }>([
  ["labeled", { by: null, on: true }],
  ["unlabeled", { by: null, on: false }],
  ["opened", { by: "opened", on: true }],
  ["reopened", { by: "reopened", on: true }],
  ["closed", { by: "closed", on: false }],
  ["deleted", { by: "deleted", on: false }],
  ["transferred", { by: "transferred", on: false }],
  ["edited", { by: null, on: null }],
])

/** A labelled issue may pause the repository; which label does is for the config to say. */
function readIssue(heard: Heard): ReaderResult {
  const change = issueActions.get(heard.action ?? "")
  if (change === undefined) return "nothing about labels"
  const { repository, issue, label, sender } = issuePayload.parse(heard.payload)
  if (issue.pull_request != null) return "a pull request, which has events of its own"
  if (issue.labels.length === 0 && heard.action !== "unlabeled") return "an issue without labels"
  const { by, on } = change
  const { number, title, updated_at: updatedAtMs } = issue
  const open = issue.state === "open" && by !== "deleted" && by !== "transferred"
  const fact = { number, open, title, labels: issue.labels.map(({ name }) => name), updatedAtMs }
  const name = by === null ? (label?.name ?? null) : ""
  const who = { actor: actorOf(sender), actorIsBot: isBot(sender), cause: heard.cause }
  const said = { kind: "label", number, atMs: updatedAtMs, ...who, ...(by === null ? {} : { by }) } as const
  const asks: HeardAsk[] = on === null || name === null ? [] : [{ ...said, label: name, on }]
  const subjects: Subject[] = [{ kind: "issue", repositoryId: repository.id, number }]
  return [about(repositoryHeard(repository, heard), { facts: [{ kind: "issue", fact }], asks, subjects })]
}

const pushPayload = z.object({ repository: repositorySchema, ref: text })

/**
 * Any push to the default branch may bring another config: which files it changed is not always told. One to any branch
 * or tag may be to a promotion branch, or to its known-good.
 */
function readPush(heard: Heard): ReaderResult {
  const parsed = pushPayload.parse(heard.payload)
  const { repository, ref } = parsed
  const configStale = ref === `refs/heads/${repository.default_branch}`
  const subjects: Subject[] = configStale ? [{ kind: "repository", repositoryId: repository.id }] : []
  return [about(repositoryHeard(repository, heard), { configStale, subjects, lanes: { ref } })]
}

const deploymentPayload = z.object({ repository: repositorySchema, deployment: deploymentSchema })

/** A deployment begun, or with a new status; of a status that is not the newest, its time tells. */
function readDeployment(heard: Heard): ReaderResult {
  const parsed = deploymentPayload.parse(heard.payload)
  const fact = deploymentFact(parsed.deployment, deploymentStatusOf(heard.payload))
  const told = {
    facts: [{ kind: "deployment", fact }] as const,
    wakeHeads: [fact.sha],
    lanes: { deployed: true } as const,
  }
  return [about(repositoryHeard(parsed.repository, heard), told)]
}

/** A workflow run asks whether it may deploy. */
function readDeploymentRule(heard: Heard): ReaderResult {
  if (heard.action !== "requested") return "not asked for an answer"
  const { repository, ...waiting } = deploymentRuleOf(heard.payload)
  const { workflowRun } = waiting
  const subjects: Subject[] = [{ kind: "deployment-rule", repositoryId: repository.id, workflowRun }]
  return [about(repositoryHeard(repository, heard), { waiting, subjects })]
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
