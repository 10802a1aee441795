/** GitHub's and Portcullis' words made readable on a terminal. */
import type { Call, Gate } from "./shop.ts"

/** A mark for a verdict that reads without colour. */
export function verdictMark(verdict: string): string {
  return { success: "✔", failure: "✖", in_progress: "…" }[verdict] ?? "?"
}

/** What a person wants of the check run's summary: why it is shut and what comes next, or that it is open. */
export function interesting({ summary }: Gate): string[] {
  const lines = summary.split("\n")
  const reasons = lines.filter((line) => line.startsWith("- **"))
  return (reasons.length > 0 ? reasons : lines.slice(0, 1)).map(withoutMarkup)
}

function withoutMarkup(markdown: string): string {
  return markdown
    .replace(/^- /, "")
    .replaceAll(/\*\*|`/g, "")
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
}

/** Calls of Portcullis by what they are for, in the order of their first time. */
export function asked(calls: readonly Call[]): string {
  if (calls.length === 0) return "nothing: what the webhook told was enough"
  const counted = new Map<string, number>()
  for (const call of calls) counted.set(purpose(call), (counted.get(purpose(call)) ?? 0) + 1)
  return [...counted].map(([what, times]) => (times === 1 ? what : `${what} (${times} times)`)).join(", ")
}

const purposes: Readonly<Record<string, string>> = {
  "GET /app": "do you know me?",
  "GET /app/hook/deliveries": "any webhooks lost?",
  "GET /app/installations": "where am I installed?",
  "GET /installation/repositories": "which repositories?",
  "GET /repos/:owner/:repo/installation": "what was I granted?",
  "GET /repos/:owner/:repo/rules/branches/:branch": "which rules has the branch?",
  "GET /repos/:owner/:repo/branches/:branch": "is it protected?",
  "POST /graphql MergeQueue": "has it a merge queue?",
  "POST /graphql ConfigBlob": "read the proposed config",
  "POST /graphql Sight": "read the pull request",
  "POST /graphql Change": "read its commits",
  "GET /repos/:owner/:repo/compare/:range": "read its diff",
  "PUT /repos/:owner/:repo/pulls/:number/merge": "merge it",
  "POST /graphql OpenPullRequests": "list open pull requests",
  "POST /graphql BranchHistory": "what landed on main?",
  "POST /graphql Branch": "where is main?",
  "POST /graphql CommitTrees": "read its files",
  "POST /graphql Folders": "read its files",
  "POST /graphql Landed": "how does it do in production?",
  "POST /graphql Trees": "read its files",
  "GET /repos/:owner/:repo/git/trees/:sha": "read its files",
  "POST /graphql Tag": "where is known-good?",
  "POST /repos/:owner/:repo/git/tags": "make the tag",
  "POST /repos/:owner/:repo/git/refs": "put it there",
  "POST /graphql MoveTag": "move known-good",
  "POST /graphql BranchPair": "is main where it was?",
  "POST /repos/:owner/:repo/git/commits": "make the commit that takes it back",
  "POST /repos/:owner/:repo/pulls": "open the pull request",
  "GET /repos/:owner/:repo/pulls": "is it there already?",
  "POST /repos/:owner/:repo/check-runs": "write the check run",
  "PATCH /repos/:owner/:repo/check-runs/:id": "update the check run",
  "POST /repos/:owner/:repo/issues/comments/:id/reactions": "react to the comment",
  "POST /repos/:owner/:repo/issues/:number/comments": "reply",
  "POST /graphql RecentlyMerged": "was anything merged meanwhile?",
  "GET /repos/:owner/:repo/collaborators/:login/permission": "what may this user do?",
}

function purpose({ method, template, graphqlName }: Call): string {
  const name = graphqlName === undefined ? `${method} ${template}` : `${method} ${template} ${graphqlName}`
  return purposes[name] ?? name
}
