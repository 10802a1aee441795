import type { z } from "zod"
import { clip } from "../lib/clip.ts"
import { parseReviewState } from "../promotion/review/approval.ts"
import type { CheckFact, PullRequestFact, ReviewFact } from "../promotion/fact.ts"
import {
  actorOf,
  isBot,
  type checkRunSchema,
  type pullRequestSchema,
  type reviewSchema,
  type statusSchema,
} from "./shape.ts"

/** A pull request's payload as a fact. */
export function pullRequestFact(payload: z.infer<typeof pullRequestSchema>): PullRequestFact {
  const merged = payload.merged === true || payload.merged_at != null
  return {
    number: payload.number,
    state: payload.state,
    merged,
    // Before the merge this field holds GitHub's trial merge, which is no commit of the base branch.
    mergeCommit: merged ? (payload.merge_commit_sha ?? null) : null,
    mergedBy: merged ? (payload.merged_by?.login ?? null) : null,
    draft: payload.draft ?? false,
    headSha: payload.head.sha,
    headRef: clip(payload.head.ref, 255),
    baseRef: clip(payload.base.ref, 255),
    // A head whose repository was deleted came from a fork.
    fork: payload.head.repo == null || payload.head.repo.id !== payload.base.repo?.id,
    author: actorOf(payload.user),
    body: payload.body,
    labels: payload.labels.map((label) => label.name),
    mergeable: payload.mergeable == null ? "unknown" : payload.mergeable ? "yes" : "no",
    autoMerge: payload.auto_merge != null,
    updatedAtMs: payload.updated_at,
  }
}

/** A check run's payload as a fact. */
export function checkRunFact(payload: z.infer<typeof checkRunSchema>): CheckFact {
  return {
    source: "check-run",
    id: payload.id,
    name: payload.name,
    app: payload.app?.slug ?? null,
    appId: payload.app?.id ?? null,
    sha: payload.head_sha,
    status: payload.status,
    conclusion: payload.conclusion,
    url: payload.details_url ?? null,
    atMs: Math.max(payload.started_at ?? 0, payload.completed_at ?? 0),
  }
}

/** A commit status as a fact; it is bound to an app only when that app's bot set it. */
export function statusFact(payload: z.infer<typeof statusSchema>): CheckFact {
  const { sender } = payload
  return {
    source: "status",
    id: payload.created_at,
    name: payload.context,
    app: sender !== null && isBot(sender) ? sender.login.replace(/\[bot\]$/, "") : null,
    appId: null,
    sha: payload.sha,
    status: "completed",
    conclusion: payload.state,
    url: payload.target_url ?? null,
    atMs: payload.created_at,
  }
}

/** A review's payload as a fact; null for one that was not submitted yet. */
export function reviewFact(payload: z.infer<typeof reviewSchema>, number: number): ReviewFact | null {
  if (payload.submitted_at == null) return null
  return {
    id: payload.id,
    number,
    reviewer: actorOf(payload.user),
    state: parseReviewState(payload.state),
    sha: payload.commit_id ?? null,
    atMs: payload.submitted_at,
  }
}
