import { readRole } from "../github/permission.ts"
import { readPullRequest } from "../github/pull-request.ts"
import { gitHubFailure } from "../github/error.ts"
import type { PullRequestSight } from "../github/sight.ts"
import type { ConfigRead } from "../github/config.ts"
import { writeAsks, writeFacts } from "../inbox/facts.ts"
import type { HeardAsk, HeardFact } from "../promotion/hearsay.ts"
import type { PullRequestFact } from "../promotion/fact.ts"
import type { Role } from "../promotion/permission.ts"
import type { Need, Snapshot } from "../promotion/snapshot.ts"
import type { ReconcileDeps } from "./deps.ts"
import { writeConfigRead, type KnownRepository } from "./repository-row.ts"

/** What was asked of GitHub in one pass; it is forgotten with the pass. */
export type Seen = {
  sight: Snapshot["sight"]
  /** The head and base that were seen; what is heard of another one meanwhile was not seen. */
  head: string | null
  roles: Map<string, Role>
  gone: boolean
}

/** Nothing asked yet. */
export function nothingSeen(): Seen {
  return { sight: "none", head: null, roles: new Map(), gone: false }
}

/** What a sight is bound to. */
export function headOf({ headSha, baseRef }: Pick<PullRequestFact, "headSha" | "baseRef">): string {
  return `${headSha} ${baseRef}`
}

/** Asks GitHub what a decision needs to know, and stores the facts. `seen` is brought up to date in place. */
export async function look(
  deps: ReconcileDeps,
  place: { repository: KnownRepository; number: number },
  work: { needs: readonly Need[]; seen: Seen },
): Promise<void> {
  const client = await deps.installation(place.repository.installationId)
  for (const need of work.needs) {
    if (need.kind === "sight") await see(deps, place, work.seen)
    else work.seen.roles.set(need.login, await readRole(client, place.repository.address, need.login))
  }
}

async function see(
  deps: ReconcileDeps,
  place: { repository: KnownRepository; number: number },
  seen: Seen,
): Promise<void> {
  const { repository, number } = place
  const at = deps.clock.now()
  const client = await deps.installation(repository.installationId)
  try {
    const sight = await readPullRequest(client, repository.address, number)
    await storeSight(deps, repository, {
      config: sight.config,
      pullRequests: sight.pullRequest === null ? [] : [sight.pullRequest],
      at,
    })
    seen.sight = sight.complete ? "complete" : "partial"
    seen.head = sight.pullRequest === null ? null : headOf(sight.pullRequest.fact)
    seen.gone = sight.pullRequest === null
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    seen.gone = true
  }
}

/** What a read told; `at` is the moment before it was asked. */
export type StoredSight = {
  config: ConfigRead
  pullRequests: readonly Pick<PullRequestSight, "fact" | "checks" | "labels">[]
  at: Date
}

/** Stores what was seen, and marks the repository dirty if its config is another one. Counts drift into the log. */
export async function storeSight(deps: ReconcileDeps, repository: KnownRepository, sight: StoredSight): Promise<void> {
  const repositoryId = repository.id
  const facts = sight.pullRequests.flatMap(({ fact, checks }): HeardFact[] => [
    { kind: "pull-request", fact },
    ...checks.map((check): HeardFact => ({ kind: "check", fact: check })),
  ])
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
    if (changed) await deps.queue.mark(tx, [{ kind: "repository", repositoryId }])
  })
}
