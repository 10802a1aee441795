/** A commit that came on a branch by its first parents. */
export type NewCommit = {
  sha: string
  /** Numbers of the merged pull requests into this branch that GitHub names for it; null: nobody asked. */
  pulls: readonly number[] | null
}

/** A promotion whose merge is on the ledger, and whose landing is not. */
export type UnfollowedRun = { runId: string; number: number; headSha: string; mergeCommit: string | null }

/** What came on the branch at once: the change of one pull request, or what was pushed past all of them. */
export type FoundLanding = {
  before: string | null
  sha: string
  commits: number
  /** Null: it was pushed. */
  run: UnfollowedRun | null
}

/**
 * What new commits are. `asks`: commits of which GitHub must say first whose they are. `awaits`: pull requests that were
 * merged, and whose merge is not on the ledger yet; what came behind them is followed when it is.
 */
export type Followed =
  | { kind: "ask"; asks: readonly string[] }
  | { kind: "followed"; landings: readonly FoundLanding[]; awaits: readonly number[] }

/**
 * Tells what came on a branch, in order. A commit that a promotion was merged by ends that promotion's landing; commits
 * before it are part of it if GitHub names its pull request for them (a rebase merge has several). What belongs to no
 * pull request was pushed: commits that came one after the other count as one push.
 *
 * @param commits first-parent commits after `before`, oldest first
 */
export function follow(commits: readonly NewCommit[], { before, runs, ended }: FollowedFrom): Followed {
  const byCommit = new Map(runs.map((run) => [run.mergeCommit, run]))
  const byNumber = new Map(runs.map((run) => [run.number, run]))
  const asks = commits.filter(({ sha, pulls }) => pulls === null && !byCommit.has(sha)).map(({ sha }) => sha)
  if (asks.length > 0) return { kind: "ask", asks }
  const landings: FoundLanding[] = []
  let from = before
  for (const owned of groupByOwner(commits, { byCommit, byNumber, ended })) {
    if (owned.awaits !== null) return { kind: "followed", landings, awaits: [owned.awaits] }
    landings.push({ before: from, sha: owned.sha, commits: owned.commits, run: owned.run })
    from = owned.sha
  }
  return { kind: "followed", landings, awaits: [] }
}

/** `ended`: pull requests whose landing was followed before; what GitHub names them for now was pushed. */
export type FollowedFrom = { before: string | null; runs: readonly UnfollowedRun[]; ended: ReadonlySet<number> }

type Owned = { sha: string; commits: number; run: UnfollowedRun | null; awaits: number | null }

type Known = {
  byCommit: ReadonlyMap<string | null, UnfollowedRun>
  byNumber: ReadonlyMap<number, UnfollowedRun>
  ended: ReadonlySet<number>
}

function groupByOwner(commits: readonly NewCommit[], known: Known): Owned[] {
  const groups: Owned[] = []
  for (const commit of commits) {
    const owner = ownerOf(commit, known)
    const last = groups.at(-1)
    if (last !== undefined && isSameOwner(last, owner)) {
      last.sha = commit.sha
      last.commits += 1
    } else {
      groups.push({ sha: commit.sha, commits: 1, ...owner })
    }
  }
  return groups
}

type Owner = Pick<Owned, "run" | "awaits">

function ownerOf({ sha, pulls }: NewCommit, { byCommit, byNumber, ended }: Known): Owner {
  const merged = byCommit.get(sha)
  if (merged !== undefined) return { run: merged, awaits: null }
  const number = pulls?.find((one) => !ended.has(one))
  if (number === undefined) return { run: null, awaits: null }
  const run = byNumber.get(number) ?? null
  return { run, awaits: run === null ? number : null }
}

function isSameOwner(one: Owner, other: Owner): boolean {
  return one.run?.runId === other.run?.runId && one.awaits === other.awaits
}
