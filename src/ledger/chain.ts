import { createHash } from "node:crypto"
import canonicalize from "canonicalize"
import { assertDraft, type EntryDraft } from "./entry.ts"

/** Hash before the first entry of a chain. */
export const emptyChainHash = "0".repeat(64)

/** Where a repository's chain stands: the number of entries and the hash of the newest. */
export type ChainHead = { size: number; hash: string }

/** What the writer knows of an entry beside the draft; `cause` holds where the draft names none. Times in milliseconds since 1970, UTC. */
export type EntryContext = { repositoryId: number; cause: string; occurredAtMs: number; recordedAtMs: number }

/** An entry in the form that is stored and hashed. */
export type SealedEntry = { seq: number; prev: string; body: string; hash: string }

/**
 * Puts a draft in its place: the RFC 8785 canonical JSON of the whole entry, sequence number and previous hash
 * included, and its SHA-256. So one entry can be checked from its text alone.
 *
 * @throws when the draft does not fit its type's schema.
 */
export function seal(draft: EntryDraft, head: ChainHead, context: EntryContext): SealedEntry {
  assertDraft(draft)
  const seq = head.size + 1
  const body = canonicalize({
    v: 1,
    repositoryId: context.repositoryId,
    seq,
    prev: head.hash,
    key: draft.key,
    type: draft.type,
    runId: draft.runId,
    actor: draft.actor,
    pullRequest: draft.pullRequest,
    sha: draft.sha,
    branch: draft.branch,
    payload: draft.payload,
    cause: draft.cause ?? context.cause,
    occurredAt: new Date(context.occurredAtMs).toISOString(),
    recordedAt: new Date(context.recordedAtMs).toISOString(),
  })
  if (body === undefined) throw new Error("an entry always has a canonical form")
  return { seq, prev: head.hash, body, hash: hashBody(body) }
}

/** SHA-256 of an entry's text in UTF-8, lower-case hex; the database's trigger computes the same. */
export function hashBody(body: string): string {
  return createHash("sha256").update(body, "utf8").digest("hex")
}
