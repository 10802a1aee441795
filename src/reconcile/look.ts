import { readChange } from "../github/change.ts"
import { readConfigBlob } from "../github/config-blob.ts"
import { readComment } from "../github/comment.ts"
import { readDeployments } from "../github/landed.ts"
import { readNamedCommit, type NamedCommitThere } from "../github/named-commit.ts"
import { readRole } from "../github/permission.ts"
import { isTeamMember } from "../github/team.ts"
import { teamKey } from "../promotion/review/approval.ts"
import { readPullRequest } from "../github/pull-request.ts"
import { gitHubFailure } from "../github/error.ts"
import type { PullRequestSight } from "../github/sight.ts"
import { writeAsks, writeFacts } from "../inbox/facts.ts"
import { forgetUnlike, type SeenGate } from "../inbox/shown.ts"
import type { Subject } from "../inbox/subject.ts"
import type { HeardAsk, HeardFact } from "../promotion/hearsay.ts"
import type { ConfigFileFact, PullRequestFact } from "../promotion/fact.ts"
import { rollbackStages, rulesForBranch } from "../promotion/config/config.ts"
import type { Role } from "../promotion/permission.ts"
import type { Need, Snapshot } from "../promotion/gate/snapshot.ts"
import { storeChange } from "./change-row.ts"
import { withBase, type SeenConfig } from "./config-base.ts"
import { gateCheckName } from "../report/check-run.ts"
import { configCheckName } from "../report/config-check.ts"
import type { ReconcileDeps } from "./deps.ts"
import { writeConfigRead, type KnownRepository } from "./repository-row.ts"

/** What was asked of GitHub in one pass; it is forgotten with the pass. */
export type Seen = {
  sight: Snapshot["sight"]
  /** The head and base that were seen; what is heard of another one meanwhile was not seen. */
  head: string | null
  roles: Map<string, Role>
  /** By `teamKey`. */
  teams: Map<string, boolean>
  /** Comments that were read. */
  comments: Set<number>
  /** Commits that were named, by what was said; null: GitHub knows none. */
  commits: Map<string, NamedCommitThere | null>
  gone: boolean
}

/** Nothing asked yet. */
export function nothingSeen(): Seen {
  const asked = { roles: new Map(), teams: new Map(), comments: new Set<number>(), commits: new Map() }
  return { sight: "none", head: null, ...asked, gone: false }
}

/** What a sight is bound to. */
export function headOf({ headSha, baseRef }: Pick<PullRequestFact, "headSha" | "baseRef">): string {
  return `${headSha} ${baseRef}`
}

/** Where something is looked at. */
type Place = { repository: KnownRepository; number: number }

/** Asks GitHub what a decision needs to know, and stores the facts. `seen` is brought up to date in place. */
export async function look(
  deps: ReconcileDeps,
  place: Place,
  work: { needs: readonly Need[]; seen: Seen },
): Promise<void> {
  // Several rules may ask the same: each question is asked once.
  const needs = new Map(work.needs.map((need) => [JSON.stringify(need), need]))
  for (const need of needs.values()) await answer(deps, place, { need, seen: work.seen })
}

async function answer(deps: ReconcileDeps, place: Place, { need, seen }: { need: Need; seen: Seen }): Promise<void> {
  const { repository, number } = place
  const client = await deps.installation(repository.installationId)
  switch (need.kind) {
    case "sight":
      return see(deps, place, seen)
    case "role": {
      const role = await readRole(client, repository.address, need.login)
      seen.roles.set(need.login, role)
      deps.standing.keepRole(repository.id, need.login, role)
      return
    }
    case "team": {
      const member = await isTeamMember(client, need, need.login)
      seen.teams.set(teamKey(need, need.login), member)
      deps.standing.keepTeam(repository.id, teamKey(need, need.login), member)
      return
    }
    case "change":
      return seeChange(deps, place, seen)
    case "commit":
      seen.commits.set(need.name, await readNamedCommit(client, repository.address, need))
      return
    case "config-file":
      return seeConfigFile(deps, repository, need.blob)
    case "comment": {
      const at = deps.clock.now()
      const fact = await readComment(client, repository.address, { commentId: need.commentId, number })
      const heard: HeardFact = { kind: "comment", fact }
      await writeFacts(deps.prisma, [{ repositoryId: repository.id, heard }], { how: "seen", seenAt: at })
      seen.comments.add(need.commentId)
    }
  }
}

async function see(deps: ReconcileDeps, place: Place, seen: Seen): Promise<void> {
  const { repository, number } = place
  const at = deps.clock.now()
  const client = await deps.installation(repository.installationId)
  try {
    const sight = await readPullRequest(client, repository.address, number)
    await storeSight(deps, repository, {
      config: await withBase(deps, repository, { config: sight.config, known: null }),
      pullRequests: sight.pullRequest === null ? [] : [{ ...sight.pullRequest, complete: sight.complete }],
      at,
    })
    await seeDeployments(deps, repository, sight.pullRequest?.fact ?? null)
    seen.sight = sight.complete ? "complete" : "partial"
    seen.head = sight.pullRequest === null ? null : headOf(sight.pullRequest.fact)
    seen.gone = sight.pullRequest === null
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    seen.gone = true
  }
}

/** Where the branch has a stage that goes by a deployment, what is deployed there is read as well. */
async function seeDeployments(
  deps: ReconcileDeps,
  { id: repositoryId, installationId, address, config, defaultBranch }: KnownRepository,
  pullRequest: PullRequestFact | null,
): Promise<void> {
  if (config === null || pullRequest === null) return
  const rules = rulesForBranch(config.config, { name: pullRequest.baseRef, defaultBranch })
  const all = rules === undefined ? [] : [...rules.stages, ...rollbackStages(rules)]
  const environments = all.flatMap((stage) => (stage.kind === "deployment" ? [stage.environment] : []))
  if (environments.length === 0) return
  const seenAt = deps.clock.now()
  const client = await deps.installation(installationId)
  const facts = await readDeployments(client, address, [...new Set(environments)])
  const rows = facts.map((fact) => ({ repositoryId, heard: { kind: "deployment", fact } as const }))
  await deps.prisma.$transaction((tx) => writeFacts(tx, rows, { how: "seen", seenAt }))
}

/** Reads what the head changes, and keeps it. Without a config nobody knows what is to be looked at. */
async function seeChange(deps: ReconcileDeps, { repository, number }: Place, seen: Seen): Promise<void> {
  const at = deps.clock.now()
  const client = await deps.installation(repository.installationId)
  const syntax = repository.config?.config.policy.syntax ?? []
  try {
    const change = await readChange(client, { address: repository.address, number, syntax })
    seen.gone ||= change === null
    if (change === null) return
    await storeChange(deps.prisma, { repositoryId: repository.id, number, change, at })
    // A push or another base that was not heard of yet: what is known of the pull request is read again as well.
    if ((await knownHead(deps, { repository, number })) !== headOf(change))
      await see(deps, { repository, number }, seen)
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    seen.gone = true
  }
}

/** Reads a config file that some head has, and keeps it: what one blob holds never changes. */
async function seeConfigFile(deps: ReconcileDeps, repository: KnownRepository, blob: string): Promise<void> {
  const readAt = deps.clock.now()
  const client = await deps.installation(repository.installationId)
  // PostgreSQL stores no NUL in a text; a file with one is no YAML, with or without it.
  const text = (await readConfigBlob(client, repository.address, blob))?.replaceAll("\0", "\uFFFD") ?? null
  const key = { repositoryId: BigInt(repository.id), blob }
  const stored = { text, readAt }
  await deps.prisma.proposedConfig.upsert({
    where: { repositoryId_blob: key },
    create: { ...key, ...stored },
    update: stored,
  })
}

async function knownHead(deps: ReconcileDeps, { repository, number }: Place): Promise<string | null> {
  const key = { repositoryId: BigInt(repository.id), kind: "pull-request", key: String(number) }
  const row = await deps.prisma.fact.findUnique({ where: { repositoryId_kind_key: key } })
  return row === null ? null : headOf(row.data as unknown as PullRequestFact)
}

/** What a read told; `at` is the moment before it was asked. */
export type StoredSight = {
  config: SeenConfig
  /** `complete`: all checks of the head are among them. */
  pullRequests: readonly (Pick<
    PullRequestSight,
    "fact" | "checks" | "reviews" | "labels" | "configFile" | "retargetedAtMs" | "queued"
  > & {
    complete: boolean
  })[]
  at: Date
}

/**
 * Stores what was seen, and marks the repository dirty if its config is another one, and pull requests whose gate is not
 * shown as it was left. Counts drift into the log.
 */
export async function storeSight(deps: ReconcileDeps, repository: KnownRepository, sight: StoredSight): Promise<void> {
  const repositoryId = repository.id
  const facts = sight.pullRequests.flatMap(
    ({ fact, checks, reviews, configFile, retargetedAtMs, queued }): HeardFact[] => [
      { kind: "pull-request", fact },
      {
        kind: "head",
        fact: { number: fact.number, sha: fact.headSha, atMs: sight.at.getTime(), pusher: null },
        pushed: false,
      },
      ...(configFile === null ? [] : [configFileHeard(configFile)]),
      ...(retargetedAtMs === null ? [] : [retargetHeard(fact.number, retargetedAtMs)]),
      { kind: "queue", fact: { number: fact.number, queued, atMs: fact.updatedAtMs } },
      ...reviews.map((review): HeardFact => ({ kind: "review", fact: review })),
      ...checks.map((check): HeardFact => ({ kind: "check", fact: check })),
    ],
  )
  const asks = sight.pullRequests.flatMap(({ labels }): HeardAsk[] => labels)
  await deps.prisma.$transaction(async (tx) => {
    // The repository's row before the facts, as the drain does: two orders would deadlock.
    const read = { config: sight.config, heard: repository.configHeard, at: sight.at }
    const changed = await writeConfigRead(tx, repositoryId, read)
    const drift = await writeFacts(
      tx,
      facts.map((heard) => ({ repositoryId, heard })),
      { how: "seen", seenAt: sight.at },
    )
    if (drift > 0) deps.log.info({ repositoryId, drift }, "facts corrected by sight")
    await writeAsks(
      tx,
      asks.map((heard) => ({ repositoryId, heard })),
    )
    const gates = sight.pullRequests
      .filter(({ complete }) => complete)
      .flatMap((seen) =>
        [gateCheckName, configCheckName].map((name) => seenGate(seen, { name, ownAppId: deps.ownAppId })),
      )
    const unlike = await forgetUnlike(tx, repositoryId, { gates, at: sight.at })
    if (unlike.length > 0) deps.log.info({ repositoryId, numbers: unlike }, "gates that are not as they were left")
    await deps.queue.mark(tx, [
      ...(changed ? [{ kind: "repository", repositoryId } as const] : []),
      ...unlike.map((number): Subject => ({ kind: "pull-request", repositoryId, number })),
    ])
  })
}

function configFileHeard(fact: ConfigFileFact): HeardFact {
  return { kind: "config-file", fact }
}

function retargetHeard(number: number, atMs: number): HeardFact {
  return { kind: "retarget", fact: { number, atMs } }
}

function seenGate(
  { fact, checks }: Pick<PullRequestSight, "fact" | "checks">,
  { name, ownAppId }: { name: string; ownAppId: number },
): SeenGate {
  const own = checks.filter((check) => check.appId === ownAppId && check.name === name)
  const newest = own.toSorted((a, b) => b.id - a.id)[0]
  const state = newest === undefined ? null : (newest.conclusion ?? newest.status)
  return { number: fact.number, sha: fact.headSha, name, id: newest?.id ?? null, state }
}
