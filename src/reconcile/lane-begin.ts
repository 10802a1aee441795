import type { Prisma } from "../generated/client.ts"
import type { BranchHistory, RecentCommit } from "../github/branch-history.ts"
import { readFirstParent } from "../github/first-parent.ts"
import { sha } from "../lib/brand.ts"
import type { PromotionState } from "../promotion/state.ts"
import type { LaneContext } from "./lane.ts"
import type { LanePlace } from "./lane-row.ts"

/**
 * Where a branch that was never seen before is followed from. `here`: nothing that is known has come on it. `awaits`: pull
 * requests whose promotion is under way as far as anybody heard, and that stand on the branch already: their merge must be
 * on the ledger first, or it would be passed over.
 */
export type Beginning = { kind: "from"; sha: string } | { kind: "here" } | { kind: "awaits"; numbers: number[] }

/** Finds where to begin: right before the oldest merge that is known. Throws what Octokit throws. */
export async function beginningOf(
  { deps, repository, place }: LaneContext,
  { runs, head, history }: { runs: readonly PromotionState[]; head: string; history: BranchHistory },
): Promise<Beginning> {
  const chain = firstParents(history, head)
  const named = chain.flatMap(({ pulls }) => pulls)
  const numbers = await awaited(deps.prisma, place, { named, runs })
  if (numbers.length > 0) return { kind: "awaits", numbers }
  const merges = runs.map(({ after }) => after?.mergeCommit ?? null).filter((commit) => commit !== null)
  const oldest = chain.findLast((commit) => merges.includes(commit.sha))
  if (oldest !== undefined) return oldest.before === null ? { kind: "here" } : { kind: "from", sha: oldest.before }
  const [first] = merges
  if (first === undefined) return { kind: "here" }
  const client = await deps.installation(repository.installationId)
  const before = await readFirstParent(client, repository.address, sha(first))
  return before === null ? { kind: "here" } : { kind: "from", sha: before }
}

/** The branch's newest commits along first parents, newest first, as far as they are told. */
function firstParents({ recent }: BranchHistory, head: string): RecentCommit[] {
  const chain: RecentCommit[] = []
  for (
    let next = recent.get(head);
    next !== undefined;
    next = next.before === null ? undefined : recent.get(next.before)
  ) {
    chain.push(next)
  }
  return chain
}

/**
 * Which of these pull requests have a promotion into the branch that was not known to be merged when the merges were read,
 * whether it is by now or not.
 */
async function awaited(
  db: Pick<Prisma.TransactionClient, "promotion">,
  { repositoryId, branch }: LanePlace,
  { named, runs }: { named: readonly number[]; runs: readonly PromotionState[] },
): Promise<number[]> {
  const rows = await db.promotion.findMany({
    where: {
      repositoryId: BigInt(repositoryId),
      baseRef: branch,
      number: { in: [...named] },
      state: { in: ["proposed", "ready", "promoted_pending_health"] },
      landedSha: null,
      id: { notIn: runs.map(({ runId }) => runId) },
    },
  })
  return rows.map(({ number }) => number)
}
