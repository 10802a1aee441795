import type { Change } from "../change/change.ts"
import type { PullRequestFact } from "../fact.ts"
import { pathMatcher } from "../change/path.ts"
import { migrationPaths } from "../config/config-rollback.ts"

/**
 * How a change could be taken back once it has landed.
 *
 * Nothing is written to find out. GitHub tries every merge by itself (`mergeable`) and lands only what merges without
 * conflict, and a revert right after that gives back the very tree that was there before. That GitHub has not tried yet
 * so changes nothing; that it tried in vain does. What can stand in the way is what else happens: paths that no revert
 * takes back, files that the app may not write, and others who build upon the same files meanwhile.
 */
export type Reversal = {
  /** `one-step`: one revert, by the app. `by-hand`: a person is needed. `unknown`: it could not be tried, or not told. */
  how: "one-step" | "by-hand" | "unknown"
  because: readonly ReversalReason[]
  /** Open pull requests that change the same files: once they have landed as well, a revert may conflict. */
  dependants: readonly number[]
}

/** Why it is no matter of one step. `paths` are up to ten of those that it is about, `more` counts the rest. */
export type ReversalReason = {
  why: "migrations" | "workflows" | "conflict" | "not-read"
  paths: readonly string[]
  more: number
}

/** What the judgement stands on. */
export type ReversalInput = {
  mergeable: PullRequestFact["mergeable"]
  /** Null: it was not read. */
  change: Pick<Change, "files" | "complete"> | null
  dependants: readonly number[]
}

const migrations = pathMatcher(migrationPaths)

/** The app does not ask for the permission `workflows`, without which GitHub takes no change of these from it. */
const workflows = pathMatcher([".github/workflows/**"])

/** Judges how a change could be taken back; `one-step` only if nothing that is known, or was not read, speaks against it. */
export function judgeReversal({ mergeable, change, dependants }: ReversalInput): Reversal {
  const byHand = [reasonOf("migrations", change), reasonOf("workflows", change)].filter(({ paths }) => paths.length > 0)
  const open = [
    ...(mergeable === "no" ? [bare("conflict")] : []),
    ...(change?.complete === true ? [] : [bare("not-read")]),
  ]
  const how = byHand.length > 0 ? "by-hand" : open.length > 0 ? "unknown" : "one-step"
  return { how, because: [...byHand, ...open], dependants }
}

function bare(why: ReversalReason["why"]): ReversalReason {
  return { why, paths: [], more: 0 }
}

const limitPaths = 10

function reasonOf(why: "migrations" | "workflows", change: ReversalInput["change"]): ReversalReason {
  const matcher = why === "migrations" ? migrations : workflows
  const paths = (change?.files ?? []).flatMap(({ path, previousPath, status }) => {
    const all = status === "renamed" && previousPath !== null ? [path, previousPath] : [path]
    return all.filter((one) => matcher.find(one) !== null)
  })
  return { why, paths: paths.slice(0, limitPaths), more: Math.max(0, paths.length - limitPaths) }
}
