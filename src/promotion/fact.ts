import type { Actor } from "../ledger/entry.ts"
import type { Sha } from "../lib/brand.ts"

/**
 * What GitHub said of its objects, narrowed to what a decision may use. A fact comes from a webhook (hearsay) or from
 * a read of our own (sight); the newest version of an object is kept.
 */

/** How much of a description is kept, in UTF-16 units: more than its required sections need. */
export const descriptionLimit = 20_000

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
  /** True when the head is in another repository than the base. */
  fork: boolean
  author: Actor
  /** The description, as far as it was kept. */
  body: string
  labels: readonly string[]
  /** Whether it merges without conflict; GitHub computes it late, and does not tell it with every event. */
  mergeable: "yes" | "no" | "unknown"
  /** GitHub's own auto-merge is on: GitHub merges as soon as its rules allow. */
  autoMerge: boolean
  /** GitHub's `updated_at`, milliseconds since 1970; orders versions of this fact. */
  updatedAtMs: number
}

/** The newest opinion of one review on a pull request. */
export type ReviewFact = {
  id: number
  number: number
  reviewer: Actor
  state: "approved" | "changes_requested" | "dismissed" | "other"
  /** The commit that was reviewed; null when GitHub does not know it any more. */
  sha: Sha | null
  atMs: number
}

/** When a commit became the head of a pull request, and by whom, as far as that was told. */
export type HeadFact = { number: number; sha: Sha; atMs: number; pusher: string | null }

/** Which config file a commit has, by its git blob id; null: none. */
export type ConfigFileFact = { sha: Sha; blob: string | null }

/** When a pull request was last made to go into another branch; those that never were have no such fact. */
export type RetargetFact = { number: number; atMs: number }

/** Whether a pull request waits in GitHub's merge queue. `atMs` is GitHub's `updated_at`. */
export type QueueFact = { number: number; queued: boolean; atMs: number }

/** What became of a comment that held an approval: any edit, and its deletion, void it. */
export type CommentFact = { commentId: number; number: number; standing: boolean; deleted: boolean; atMs: number }

/** An issue, as far as the pause label on it goes. */
export type IssueFact = {
  number: number
  /** Open, and still in this repository. */
  open: boolean
  title: string
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

/** A commit that GitHub's merge queue made, to be checked before it becomes the branch's head. */
export type MergeGroupFact = {
  headSha: Sha
  baseRef: string
  /** False once GitHub gave it up or merged it. */
  standing: boolean
  atMs: number
}

/** A deployment, with the newest of its statuses. */
export type DeploymentFact = {
  /** GitHub's id; of two deployments the higher is the later. */
  id: number
  sha: Sha
  /** What was asked to be deployed: a branch, a tag or a commit. */
  ref: string
  environment: string
  /** Whether it goes to users; null: nobody told. */
  production: boolean | null
  /** Of the newest status, as GitHub spells it in REST; `pending` while there is none. */
  state: string
  /** GitHub's id of the newest status; null while there is none. */
  statusId: number | null
  createdAtMs: number
  /** Of the newest status, else its creation; milliseconds since 1970. */
  atMs: number
  url: string | null
  creator: string | null
  /** `deploy`, unless whoever deploys has another word. */
  task: string
}

/** A repository's address and identity. */
export type RepositoryFact = { id: number; owner: string; name: string; defaultBranch: string }

/** Most checks of one commit that are judged; more are not read, and whoever judges takes that as not knowing. */
export const checkLimit = 1000
