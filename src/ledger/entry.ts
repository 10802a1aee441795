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
const gateStage = z.enum(["checks", "policy", "review", "deployment"])
const stage = z.enum([...gateStage.options, "health"])
const stageStatus = z.enum(["pending", "running", "passed", "failed", "skipped"])
const word = z.string().max(40)
const digest = z.string().regex(/^[0-9a-f]{64}$/)
/** Where a command came from, if it was no comment. Absent from entries of the first version. */
const buttonSource = z.enum(["button"]).nullish()
const uuidText = z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
/** One piece of a health window's evidence, and where it stood. */
const evidence = z.strictObject({ kind: word, name: z.string().max(200), state: word, why: word.nullable() })
/** Paths of a repository, the first few. */
const somePaths = z.array(z.string().max(300)).max(10)
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
  stage_changed: z.strictObject({
    stage,
    status: stageStatus,
    /** With the stage `health`, when it begins: what came on the branch. `sha` of the entry is its last commit. */
    landing: z
      .strictObject({
        /** The branch's head before it; null: it was the first commit. */
        before: sha.nullable(),
        /** Its place among all that came on the branch. */
        position: z.int().positive(),
        commits: z.int().positive(),
        /** Whether it is what was approved: `clean`, `mismatch`, `unknown`, or `unasked` where nothing was approved. */
        integrity: word,
      })
      .nullish(),
  }),
  policy_evaluated: z.strictObject({
    /** Where the stage `policy` stands; `none`: the branch has no such stage, and the rest was judged for another. */
    status: word,
    /** How many violations, and the rules they are of. */
    violations: z.int(),
    rules: z.array(word).max(20),
    risk: z.enum(["low", "medium", "high"]).nullable(),
    /** Null: a person's work. */
    agent: z
      .strictObject({
        how: word,
        task: z.string().max(200).nullable(),
        run: z.string().max(200).nullable(),
        requester: z.string().max(200).nullable(),
      })
      .nullable(),
  }),
  approved: z.strictObject({
    approval_id: z.string().max(100),
    source: z.enum(["review", "command", "button"]),
    /** Digest of the change that was approved; null when it could not be read. */
    patch_id: digest.nullable(),
    /** The config in force when it was given, by `configKey`. Absent from entries of the first version. */
    config: z.string().max(140).nullish(),
  }),
  approval_dismissed: z.strictObject({
    approval_id: z.string().max(100),
    approver: login,
    why: z.enum(["stale", "withdrawn", "comment-edited", "comment-deleted"]),
  }),
  rejected: z.strictObject({ reason: reason, comment_id: z.int().nullable() }),
  expired: z.strictObject({ after_ms: z.int() }),
  promotion_ready: z.strictObject({
    mode: z.enum(["advisory", "enforce"]),
    /** Whether the app merges it by itself from now on. Absent from entries of the first version. */
    merge: z.enum(["auto"]).nullish(),
  }),
  promotion_blocked: z.strictObject({
    block_reasons: z.array(z.string().max(40)).min(1),
    /** The comment whose `/promote` this is the answer to. Absent from entries of the first version. */
    answers: z.int().nullish(),
    /** The delivery of the button that this is the answer to; `answers` is 0 then. */
    answers_button: z.string().max(100).nullish(),
    /** If that was urgent: those of the reasons that it may not pass over. */
    held: z.array(z.string().max(40)).min(1).nullish(),
  }),
  promotion_urgent: z.strictObject({
    reason: reason,
    /** The comment that asked for it; null: it was asked for otherwise. */
    comment_id: z.int().nullable(),
    /** The stages that were passed over, and where each stood. */
    passed_over: z
      .array(z.strictObject({ stage: gateStage, status: stageStatus }))
      .min(1)
      .max(10),
  }),
  promotion_bypassed: z.strictObject({
    merged_by: login.nullable(),
    block_reasons: z.array(z.string().max(40)),
    /** What went past the gate. Absent from entries of the first version, which are of merges. */
    how: z.enum(["merge", "push", "force-push", "deletion"]).nullish(),
    /** The branch's head before it, where it was no merge. */
    before: sha.nullish(),
    commits: z.int().nullish(),
  }),
  promoted: z.strictObject({
    merge_commit: sha.nullable(),
    merged_by: login.nullable(),
    /** The rollback that it carries out. */
    rollback_id: uuidText.nullish(),
  }),
  landing_mismatch: z.strictObject({
    /** The head that was approved. */
    approved: sha,
    before: sha.nullable(),
    lost: somePaths,
    added: somePaths,
    altered: somePaths,
    /** How many paths are not named. */
    more: z.int(),
  }),
  health_passed: z.strictObject({
    evidence: z.array(evidence).max(20),
    more: z.int(),
    /** Digest of all that the verdict stands on. */
    inputs: digest,
  }),
  health_failed: z.strictObject({
    verdict: z.enum(["unhealthy", "inconclusive", "no_data"]),
    evidence: z.array(evidence).max(20),
    more: z.int(),
    inputs: digest,
    /** What follows, and why it is nothing else. */
    follows: z.enum(["roll-back", "ask"]),
    why: word,
  }),
  known_good_advanced: z.strictObject({
    tag: ref,
    /** Where the tag was before; null: nowhere. */
    from: sha.nullable(),
  }),
  known_good_tampered: z.strictObject({ tag: ref, expected: sha, found: sha.nullable() }),
  rollback_started: z.strictObject({
    rollback_id: uuidText,
    /** `revert`: of one change. `restore`: of the whole tree of an earlier commit. */
    kind: z.enum(["revert", "restore"]),
    /** The commit whose tree is restored; null: a revert. */
    target: sha.nullable(),
    /** The branch's head when it was decided. */
    from: sha,
    /** Whether this promotion is the reason, or is taken out along with it. */
    role: z.enum(["culprit", "along"]),
    automatic: z.boolean(),
    /** Which attempt at this culprit, from 1. */
    attempt: z.int().positive(),
    reason: reason.nullable(),
    comment_id: z.int().nullable(),
  }),
  rolled_back: z.strictObject({ rollback_id: uuidText, commit: sha.nullable() }),
  failed: z.strictObject({ rollback_id: uuidText.nullable(), why: word }),
  deployment_decided: z.strictObject({
    environment: z.string().max(255),
    decision: z.enum(["approved", "rejected"]),
    reasons: z.array(z.string().max(40)),
    /** GitHub's id of the workflow run that waits. */
    workflow_run: z.int(),
  }),
  aborted: z.strictObject({
    why: z.enum(["closed", "not-a-promotion-branch", "command", "overwritten"]),
    // Absent from entries of the first version.
    reason: reason.nullish(),
  }),
  promotion_pause_changed: z.strictObject({
    change: z.enum(["paused", "resumed", "expired"]),
    pause_id: z.string().max(100),
    scope: z.enum(["repository", "branch", "pull-request"]),
    source: z.enum(["command", "label", "rollback", "landing"]),
    reason: reason.nullable(),
    /** With the scope `branch`. Absent from entries of the first version, as is the next. */
    branch: ref.nullish(),
    /** When it ends by itself. */
    until: z.iso.datetime({ precision: 3 }).nullish(),
  }),
  command_received: z.strictObject({
    command: z.string().max(40),
    comment_id: z.int().nullable(),
    // What stood behind the name, cut. Absent from entries of the first version.
    arguments: reason.nullish(),
    source: buttonSource,
    /** With `promote --urgent`: why it cannot wait. */
    urgent: reason.nullish(),
  }),
  command_denied: z.strictObject({
    command: z.string().max(40),
    comment_id: z.int().nullable(),
    needs: z.string().max(20),
    has: z.string().max(20),
    source: buttonSource,
  }),
  config_changed: z.strictObject({
    blob: sha.nullable(),
    status: z.enum(["absent", "valid", "invalid"]),
    mode: z.enum(["advisory", "enforce"]),
    problems: z.int(),
  }),
  installation_changed: z.strictObject({ change: z.enum(["installed", "removed"]) }),
} as const

/** A moment as a payload writes it. */
export function instantText(ms: number): string {
  return new Date(ms).toISOString()
}

/** Reads it back: milliseconds since 1970. */
export function instantMs(text: string): number {
  return Date.parse(text)
}

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
