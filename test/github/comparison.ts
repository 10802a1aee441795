/** What a branch brings compared with another: GitHub's three-dot diff. Kept by commit ids, as those never change. */
import { landedCommits } from "./act/landed.ts"
import { diffFiles, type FileDiff } from "./git-diff.ts"
import { ancestors, log, mergeBase } from "./git-history.ts"
import type { Commit } from "./git-object.ts"
import type { GitStore } from "./git.ts"
import type { PullRequest, Repository } from "./state.ts"

/** Commits oldest first; files against the merge base. `behindBy` counts commits of the base that the head lacks. */
export type Comparison = { mergeBaseSha: string; commits: Commit[]; files: readonly FileDiff[]; behindBy: number }

const known = new WeakMap<GitStore, Map<string, Promise<Comparison>>>()

/** Compares two commits of one store. Throws for unrelated histories, as GitHub answers those with 404. */
export function compareCommits(store: GitStore, baseSha: string, headSha: string): Promise<Comparison> {
  const ofStore = known.get(store) ?? new Map<string, Promise<Comparison>>()
  known.set(store, ofStore)
  const key = `${baseSha} ${headSha}`
  const cached = ofStore.get(key)
  if (cached) return cached
  const made = makeComparison(store, baseSha, headSha)
  ofStore.set(key, made)
  return made
}

async function makeComparison(store: GitStore, baseSha: string, headSha: string): Promise<Comparison> {
  const mergeBaseSha = await mergeBase(store, baseSha, headSha)
  if (!mergeBaseSha) throw new Error(`No common ancestor between ${baseSha} and ${headSha}.`)
  const [commits, missing, files] = await Promise.all([
    log(store, { from: headSha, notIn: baseSha }),
    log(store, { from: baseSha, notIn: headSha }),
    mergeBaseSha === headSha ? [] : diffFiles(store, mergeBaseSha, headSha),
  ])
  return { mergeBaseSha, commits: commits.toReversed(), files, behindBy: missing.length }
}

/** Whether `sha` is in the history of `of` (or the same). */
export async function contains(store: GitStore, of: string, sha: string): Promise<boolean> {
  return of === sha || (await ancestors(store, of)).has(sha)
}

/** Pull requests that contain a commit: those it is the landing of, and those with it among their own commits. */
export async function pullsWith(repository: Repository, sha: string): Promise<PullRequest[]> {
  const found = []
  for (const pull of repository.pulls.values()) {
    const { commits } = await compareCommits(repository.store, pull.baseSha, pull.headSha)
    const own = [...commits, ...(await landedCommits(repository, pull))]
    if (own.some((one) => one.sha === sha)) found.push(pull)
  }
  return found
}
