import type { Actor } from "../ledger/entry.ts"
import type { Sha } from "../lib/brand.ts"

/**
 * What GitHub said of its objects, narrowed to what a decision may use. A fact comes from a webhook (hearsay) or from
 * a read of our own (sight); the newest version of an object is kept.
 */

/** A pull request as last heard of. */
export type PullRequestFact = {
  number: number
  state: "open" | "closed"
  merged: boolean
  mergeCommit: Sha | null
  mergedBy: string | null
  draft: boolean
  headSha: Sha
  headRef: string
  baseRef: string
  author: Actor
  labels: readonly string[]
  /** GitHub's `updated_at`, milliseconds since 1970; orders versions of this fact. */
  updatedAtMs: number
}

/** A check run, or a commit status, on one commit. */
export type CheckFact = {
  source: "check-run" | "status"
  /** GitHub's id of a check run, a status's time of creation: of two with one name and app the higher is the later. */
  id: number
  name: string
  /** Slug of the app that reported it; null for a status set by a person. */
  app: string | null
  /** GitHub's id of that app, where it is told (check runs). */
  appId: number | null
  sha: Sha
  /** `queued`, `in_progress`, `completed`, … for a check run; always `completed` for a status. */
  status: string
  /** `success`, `failure`, … as GitHub spells it in REST; null while there is none. */
  conclusion: string | null
  url: string | null
  /** The later of its start and its end, milliseconds since 1970; 0 when GitHub tells neither. */
  atMs: number
}

/** A repository's address and identity. */
export type RepositoryFact = { id: number; owner: string; name: string; defaultBranch: string }
