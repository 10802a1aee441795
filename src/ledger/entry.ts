import { z } from "zod"

/**
 * What a ledger entry says: the closed list of entry types, and the shape of each type's payload.
 *
 * A payload is compact (8 KiB of JSON at most), holds no secret and no free text longer than a pause's reason, and
 * its names never change once released: entries are hashed, kept for ever and replayed.
 */

const login = z.string().max(100)
const sha = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
const ref = z.string().max(255)
const reason = z.string().max(500)
const stage = z.enum(["checks"])
const checkResult = z.strictObject({
  name: z.string().max(255),
  app: z.string().max(100).nullable(),
  result: z.string().max(40),
})

const payloadSchemas = {
  proposed: z.strictObject({
    why: z.enum(["opened", "pushed", "retargeted"]),
    author: login,
    from: ref,
  }),
  tested: z.strictObject({ passed: z.boolean(), checks: z.array(checkResult).max(30), more: z.int() }),
  stage_changed: z.strictObject({ stage, status: z.enum(["pending", "running", "passed", "failed", "skipped"]) }),
  promotion_ready: z.strictObject({ mode: z.enum(["advisory", "enforce"]) }),
  promotion_blocked: z.strictObject({ block_reasons: z.array(z.string().max(40)).min(1) }),
  promotion_bypassed: z.strictObject({
    merged_by: login.nullable(),
    block_reasons: z.array(z.string().max(40)),
  }),
  promoted: z.strictObject({ merge_commit: sha.nullable(), merged_by: login.nullable() }),
  aborted: z.strictObject({ why: z.enum(["closed", "not-a-promotion-branch"]) }),
  promotion_pause_changed: z.strictObject({
    change: z.enum(["paused", "resumed"]),
    pause_id: z.string().max(100),
    scope: z.enum(["repository", "pull-request"]),
    source: z.enum(["command", "label"]),
    reason: reason.nullable(),
  }),
  command_received: z.strictObject({ command: z.string().max(40), comment_id: z.int().nullable() }),
  command_denied: z.strictObject({
    command: z.string().max(40),
    comment_id: z.int().nullable(),
    needs: z.string().max(20),
    has: z.string().max(20),
  }),
  config_changed: z.strictObject({
    blob: sha.nullable(),
    status: z.enum(["absent", "valid", "invalid"]),
    mode: z.enum(["advisory", "enforce"]),
    problems: z.int(),
  }),
  installation_changed: z.strictObject({ change: z.enum(["installed", "removed"]) }),
} as const

/** A kind of transition; the names are those of `product.md` section 6. */
export type EntryType = keyof typeof payloadSchemas

const actorSchema = z.strictObject({ kind: z.enum(["user", "app", "system"]), login, id: z.int().nullable() })

/** Who made the transition: a person, an app (bot), or Portcullis on its own account. */
export type Actor = z.infer<typeof actorSchema>

/** Portcullis itself, when nobody asked it to. */
export const systemActor: Actor = { kind: "system", login: "portcullis", id: null }

type Payload<T extends EntryType> = z.infer<(typeof payloadSchemas)[T]>

type Common = {
  /** Idempotency key: a second entry of the same key in the same repository is never written. */
  key: string
  /** Promotion the entry belongs to (UUIDv7); null for matters of the whole repository. */
  runId: string | null
  actor: Actor
  /** Number of the pull request or issue it is about. */
  pullRequest: number | null
  sha: string | null
  branch: string | null
  /** The one delivery that led to it (`delivery:<GUID>`); null where there is no single one. */
  cause: string | null
}

/** An entry as a decision asks for it: everything but its place in the chain, its cause and its times. */
export type EntryDraft = { [T in EntryType]: Common & { type: T; payload: Payload<T> } }[EntryType]

/** An entry as it stands on the ledger. */
export type LedgerEntry = EntryDraft & {
  repositoryId: number
  /** Place in the repository's chain: 1, 2, 3, … */
  seq: number
  /** What led to it: `delivery:<GUID>` where one webhook did, else `job:<subject>`. */
  cause: string
  occurredAtMs: number
  recordedAtMs: number
}

const uuid = z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const instant = z.iso.datetime({ precision: 3 }).transform((text) => Date.parse(text))

const commonShape = {
  v: z.literal(1),
  repositoryId: z.int(),
  seq: z.int().positive(),
  prev: z.string().length(64),
  key: z.string().min(1).max(200),
  runId: uuid.nullable(),
  actor: actorSchema,
  pullRequest: z.int().nullable(),
  sha: sha.nullable(),
  branch: ref.nullable(),
  cause: z.string().max(200),
  occurredAt: instant,
  recordedAt: instant,
}

const entryTypes = Object.keys(payloadSchemas) as [EntryType, ...EntryType[]]

const bodySchema = z.strictObject({ ...commonShape, type: z.enum(entryTypes), payload: z.unknown() })

/** Largest payload accepted, in bytes of canonical JSON. */
const payloadLimitBytes = 8 * 1024

/**
 * Reads the hashed text of an entry back into an entry.
 *
 * @throws when the text is not JSON or not an entry of a known type and shape.
 */
export function parseEntryBody(body: string): LedgerEntry {
  const { v: _version, prev: _prev, occurredAt, recordedAt, payload, ...rest } = bodySchema.parse(JSON.parse(body))
  const parsed = { ...rest, payload: payloadSchemas[rest.type].parse(payload) }
  return { ...parsed, occurredAtMs: occurredAt, recordedAtMs: recordedAt } as LedgerEntry
}

/**
 * Refuses a draft that is not of its type's shape.
 *
 * @throws when a field or the payload does not fit; the caller's transaction must not commit.
 */
export function assertDraft(draft: EntryDraft): void {
  const payload = JSON.stringify(payloadSchemas[draft.type].parse(draft.payload))
  const bytes = new TextEncoder().encode(payload).length
  if (bytes > payloadLimitBytes) throw new Error(`payload of ${draft.type} is ${bytes} bytes, more than 8 KiB`)
}
