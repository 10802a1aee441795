/** Questions about the commit graph, answered by walking it: test repositories have hundreds of commits, not millions. */
import type { GitStore } from "./git.ts"
import { type Commit, readCommit } from "./git-object.ts"

/** Which commits `log` lists: those `from` reaches, without those `notIn` reaches, `limit` at most. */
export type LogRange = { from: string; notIn?: string; limit?: number }

/** A best common ancestor, the newest when there are several; undefined for unrelated histories. */
export async function mergeBase(store: GitStore, a: string, b: string): Promise<string | undefined> {
  if (a === b) return a
  const ofA = await ancestors(store, a)
  const candidates: Commit[] = []
  await walk(store, b, (commit) => {
    if (!ofA.has(commit.sha)) return true
    candidates.push(commit)
    return false
  })
  const best: Commit[] = []
  for (const candidate of candidates) {
    const others = candidates.filter((other) => other !== candidate)
    if (!(await isReachedByAny(store, candidate.sha, others))) best.push(candidate)
  }
  return best.toSorted(newestFirst)[0]?.sha
}

/** Whether `a` is `b` or reachable from it, as `git merge-base --is-ancestor` tells. */
export async function isAncestor(store: GitStore, a: string, b: string): Promise<boolean> {
  let found = false
  await walk(store, b, (commit) => {
    found ||= commit.sha === a
    return !found
  })
  return found
}

/** Commits, children always before their parents and otherwise newest first. Empty when `from` does not exist. */
export async function log(store: GitStore, { from, notIn, limit = Infinity }: LogRange): Promise<Commit[]> {
  const excluded = notIn === undefined ? new Map<string, Commit>() : await ancestors(store, notIn)
  const included = new Map<string, Commit>()
  await walk(store, from, (commit) => {
    if (excluded.has(commit.sha)) return false
    included.set(commit.sha, commit)
    return true
  })
  return sortTopologically(included).slice(0, limit)
}

/** The commit and everything it reaches, by id. */
export async function ancestors(store: GitStore, sha: string): Promise<Map<string, Commit>> {
  const found = new Map<string, Commit>()
  await walk(store, sha, (commit) => {
    found.set(commit.sha, commit)
    return true
  })
  return found
}

/** Visits every commit once; goes on to the parents of those for which `visit` says true. */
async function walk(store: GitStore, from: string, visit: (commit: Commit) => boolean): Promise<void> {
  const seen = new Set([from])
  const queue = [from]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const commit = await readCommit(store, next)
    if (!commit || !visit(commit)) continue
    for (const parent of commit.parents) {
      if (seen.has(parent)) continue
      seen.add(parent)
      queue.push(parent)
    }
  }
}

async function isReachedByAny(store: GitStore, sha: string, others: readonly Commit[]): Promise<boolean> {
  for (const other of others) if (await isAncestor(store, sha, other.sha)) return true
  return false
}

function sortTopologically(commits: Map<string, Commit>): Commit[] {
  const children = new Map<string, number>()
  const parentsWithin = (commit: Commit): Commit[] => commit.parents.flatMap((parent) => commits.get(parent) ?? [])
  for (const commit of commits.values()) {
    for (const parent of parentsWithin(commit)) children.set(parent.sha, (children.get(parent.sha) ?? 0) + 1)
  }
  const ready = [...commits.values()].filter((commit) => !children.has(commit.sha))
  const sorted: Commit[] = []
  for (let next = takeNewest(ready); next !== undefined; next = takeNewest(ready)) {
    sorted.push(next)
    for (const parent of parentsWithin(next)) {
      const left = (children.get(parent.sha) ?? 1) - 1
      children.set(parent.sha, left)
      if (left === 0) ready.push(parent)
    }
  }
  return sorted
}

function takeNewest(commits: Commit[]): Commit | undefined {
  const newest = commits.toSorted(newestFirst)[0]
  if (newest) commits.splice(commits.indexOf(newest), 1)
  return newest
}

function newestFirst(a: Commit, b: Commit): number {
  return b.committer.date.getTime() - a.committer.date.getTime()
}
