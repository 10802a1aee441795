/** What people say and do on issues and pull requests. Plain data, as in `state.ts`. */
import type { Account, App, Label } from "./state.ts"

/** The eight reactions. https://docs.github.com/en/rest/reactions */
export type ReactionContent = "+1" | "-1" | "laugh" | "confused" | "heart" | "hooray" | "rocket" | "eyes"

/** One account's reaction; an account has at most one of each content. */
export type Reaction = { id: number; nodeId: string; content: ReactionContent; user: Account; createdAt: string }

/** A comment on an issue or pull request. */
export type IssueComment = {
  id: number
  nodeId: string
  issueNumber: number
  body: string
  author: Account
  viaApp: App | undefined
  reactions: Reaction[]
  createdAt: string
  updatedAt: string
  lastEditedAt: string | null
}

/** What happened to an issue or pull request, in order. https://docs.github.com/en/rest/issues/events */
export type IssueEvent = {
  id: number
  nodeId: string
  issueNumber: number
  event:
    | "labeled"
    | "unlabeled"
    | "closed"
    | "reopened"
    | "merged"
    | "renamed"
    | "head_ref_force_pushed"
    | "base_ref_changed"
  actor: Account
  viaApp: App | undefined
  label: Label | undefined
  commitSha: string | null
  rename: { from: string; to: string } | undefined
  createdAt: string
}
