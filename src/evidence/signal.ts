import { z } from "zod"
import { clip } from "../lib/clip.ts"
import { cleanText } from "./clean-text.ts"

/**
 * What a running system may report of itself. `atMs` is when it happened, never later than it was received; texts are
 * cleaned.
 */
export type Signal =
  | { kind: "error_rate"; atMs: number; errors: number; requests: number }
  | { kind: "heartbeat"; atMs: number; source: string }
  | { kind: "failure"; atMs: number; severity: Severity; message: string | null }

/** How bad a failure is. */
export type Severity = "critical" | "high" | "medium" | "low"

/** A message of signals about one repository. Null: not told; a branch not told means every promotion branch. */
export type SignalMessage = {
  /** `owner/name`, as the sender wrote it. */
  repository: string
  branch: string | null
  environment: string | null
  sha: string | null
  signals: Signal[]
}

/** A message, or every problem with it in words. */
export type MessageReading = { ok: true; message: SignalMessage } | { ok: false; problems: string[] }

/** Most signals of one message. */
const limitSignals = 100

/** Units of a failure's message that are kept. */
const limitMessageUnits = 500
const limitProblems = 5
/** How long ago a signal may have happened, and how far a sender's clock may go ahead of ours. */
const limitAgeMs = 24 * 3600 * 1000
const limitAheadMs = 5 * 60_000

/** A place's name: no control characters, nothing unseen, no half of a character. */
const name = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, "must not hold control characters")
const sha = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, "must be the full id of a commit")
const count = z.int().min(0).max(1e12)
const at = z.iso.datetime({ offset: true, message: "must be a time such as 2026-11-20T12:00:00Z" }).optional()

const signal = z.discriminatedUnion("type", [
  z
    .strictObject({ type: z.literal("error_rate"), errors: count, requests: count, at })
    .refine(({ errors, requests }) => errors <= requests, "has more errors than requests"),
  z.strictObject({
    type: z.literal("heartbeat"),
    source: z.string().regex(/^[\w.-]{1,100}$/, "must be a name of letters, digits, _ . and -"),
    at,
  }),
  z.strictObject({
    type: z.literal("failure"),
    severity: z.enum(["critical", "high", "medium", "low"]),
    message: z.string().optional(),
    at,
  }),
])

const body = z.strictObject({
  repository: z.string().max(201),
  branch: name.optional(),
  environment: name.optional(),
  sha: sha.optional(),
  signals: z.array(signal).min(1).max(limitSignals),
})

/** Reads the body of a message, strictly: an unknown key is a problem. `nowMs`: when it came. */
export function readSignalMessage(text: string, nowMs: number): MessageReading {
  const parsed = body.safeParse(parseJson(text))
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.slice(0, limitProblems).map(words) }
  const { repository, branch = null, environment = null, sha: commit = null, signals } = parsed.data
  const wrongTimes = signals.flatMap((one, index) => {
    const ms = momentOf(one.at, nowMs)
    return ms >= nowMs - limitAgeMs && ms <= nowMs + limitAheadMs ? [] : [`signals.${index}.at: ${timeRule}`]
  })
  if (wrongTimes.length > 0) return { ok: false, problems: wrongTimes.slice(0, limitProblems) }
  const read = signals.map((one) => readSignal(one, nowMs))
  return { ok: true, message: { repository, branch, environment, sha: commit, signals: read } }
}

const timeRule = "must be within the last 24 hours"

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function words({ path, message }: z.core.$ZodIssue): string {
  const place = path.length === 0 ? "the body" : path.map(String).join(".")
  return clip(`${place}: ${message}`, 200)
}

function momentOf(text: string | undefined, nowMs: number): number {
  return text === undefined ? nowMs : Date.parse(text)
}

function readSignal(one: z.infer<typeof signal>, nowMs: number): Signal {
  const atMs = Math.min(momentOf(one.at, nowMs), nowMs)
  switch (one.type) {
    case "error_rate":
      return { kind: one.type, atMs, errors: one.errors, requests: one.requests }
    case "heartbeat":
      return { kind: one.type, atMs, source: one.source }
    case "failure": {
      const message = one.message === undefined ? null : cleanText(one.message, limitMessageUnits)
      return { kind: one.type, atMs, severity: one.severity, message }
    }
  }
}
