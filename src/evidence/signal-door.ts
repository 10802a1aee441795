import type { PrismaClient } from "../generated/client.ts"
import type { Clock } from "../lib/clock.ts"
import { isSignedBy, type KeyOrigin, type SignedMessage } from "./signature.ts"
import { countingKeys } from "./signal-key.ts"
import { storeSignals, type MarkLanes, type Storing } from "./signal-row.ts"
import { readSignalMessage } from "./signal.ts"

/**
 * The door for signals: a message is verified before anything of it is parsed, and stored before it is answered.
 *
 * Whatever is wrong with its signature, its time or the repository's name, the answer is the same, so that it tells
 * nobody which repositories are here; the log has the difference. A message may be sent again as often as need be, with
 * the same `webhook-id`: it is stored once.
 */

/** What the door works with. */
export type SignalDoorDeps = {
  prisma: PrismaClient
  clock: Clock
  /** What the repositories' keys are derived from; undefined: no signals are taken. */
  secret: string | undefined
  /** False once the process is stopping. */
  isOpen(): boolean
  markLanes: MarkLanes
  /** Called after signals were stored and committed. */
  onStored(): void
  onRefused(reason: SignalRefusal, repository: string): void
  /** Called when a message could not be judged or stored; its sender is told to come again. */
  onFailed(error: unknown): void
}

/** Why a message was refused with the one answer for all. */
export type SignalRefusal = "no-such-key" | "stale" | "signature"

/** A request as the door needs it; `header` takes names in lower case. */
export type SignalRequest = { header(name: string): string | null; body: string }

/** The door's answer; the body is for people and machines, and becomes JSON. */
export type SignalAnswer = { status: number; body: Record<string, unknown>; retryAfterSeconds?: number }

/** A door for signed signals. */
export type SignalDoor = (request: SignalRequest) => Promise<SignalAnswer>

/** How far the time of a message may lie from ours, as the specification advises. */
const toleranceMs = 5 * 60_000

const limitSignatureLength = 2000

/** Makes the door. */
export function makeSignalDoor(deps: SignalDoorDeps): SignalDoor {
  return async (request) => {
    if (!deps.isOpen()) return answer(503, "stopping", "this server is stopping; send it again")
    const { secret } = deps
    if (secret === undefined) return answer(503, "not-set-up", "this server takes no signals: it has no SIGNALS_SECRET")
    try {
      return await judge(deps, secret, request)
    } catch (error) {
      deps.onFailed(error)
      return answer(503, "not-stored", "not stored; send it again")
    }
  }
}

async function judge(deps: SignalDoorDeps, secret: string, request: SignalRequest): Promise<SignalAnswer> {
  const heads = readHeads(request)
  if (heads === null) return answer(400, "headers", missingHeaders)
  const verified = await verify(deps, { secret, heads, body: request.body })
  if (typeof verified === "string") {
    deps.onRefused(verified, `${heads.owner}/${heads.name}`)
    return answer(401, "refused", refusal)
  }
  if (!(request.header("content-type") ?? "").startsWith("application/json")) {
    return answer(415, "content-type", "set the content type to application/json")
  }
  return take(deps, { repositoryId: verified.repositoryId, heads, body: request.body })
}

function answer(status: number, error: string, message: string): SignalAnswer {
  return { status, body: { error, message } }
}

const missingHeaders =
  "send portcullis-repository (owner/name), webhook-id (letters, digits, _ and -), webhook-timestamp (seconds since 1970) " +
  "and webhook-signature (v1,…)"

const refusal =
  "refused: the repository's name, its key, or this message's time (5 minutes at most from the server's) is not right"

/** The headers, in form; nothing of them is believed yet. */
type Heads = { owner: string; name: string; id: string; timestamp: string; signature: string }

function readHeads({ header }: SignalRequest): Heads | null {
  const [, owner, name] = /^([\w.-]{1,100})\/([\w.-]{1,100})$/.exec(header("portcullis-repository") ?? "") ?? []
  const id = header("webhook-id") ?? ""
  const timestamp = header("webhook-timestamp") ?? ""
  const signature = header("webhook-signature") ?? ""
  // Without a full stop in them, id and timestamp cannot be moved against each other.
  const isInForm = /^[\w-]{1,200}$/.test(id) && /^\d{1,12}$/.test(timestamp)
  if (owner === undefined || name === undefined || !isInForm) return null
  return signature === "" || signature.length > limitSignatureLength ? null : { owner, name, id, timestamp, signature }
}

type Claimed = { heads: Heads; body: string }

/** Whose message it is, or why it is nobody's. */
async function verify(
  { prisma, clock }: SignalDoorDeps,
  { secret, heads, body }: Claimed & { secret: string },
): Promise<{ repositoryId: number } | SignalRefusal> {
  const now = clock.now()
  const keys = await countingKeys(prisma, heads, now)
  // Where there is no key the work is done all the same, with one that nobody has.
  const origins: readonly KeyOrigin[] = (keys.length === 0 ? [nobody] : keys).map((key) => ({ secret, ...key }))
  const message: SignedMessage = { id: heads.id, timestamp: heads.timestamp, body }
  const signer = origins.find((origin) => isSignedBy(origin, message, heads.signature))
  if (keys.length === 0) return "no-such-key"
  if (signer === undefined) return "signature"
  const ageMs = now.getTime() - Number(heads.timestamp) * 1000
  return Math.abs(ageMs) > toleranceMs ? "stale" : { repositoryId: signer.repositoryId }
}

/** Keys begin at version 1, and repositories at 1. */
const nobody = { repositoryId: 0, version: 0 }

async function take(
  { prisma, clock, markLanes, onStored }: SignalDoorDeps,
  { repositoryId, heads, body }: Claimed & { repositoryId: number },
): Promise<SignalAnswer> {
  const receivedAt = clock.now()
  const reading = readSignalMessage(body, receivedAt.getTime())
  if (!reading.ok)
    return { status: 400, body: { error: "body", message: "not as it must be", problems: reading.problems } }
  const { message } = reading
  if (message.repository.toLowerCase() !== `${heads.owner}/${heads.name}`.toLowerCase()) {
    return answer(400, "body", "the body names another repository than the header portcullis-repository")
  }
  const storing = await storeSignals(prisma, { repositoryId, id: heads.id, message, receivedAt }, markLanes)
  if (storing.status === "stored") onStored()
  return outcome(storing)
}

function outcome(storing: Storing): SignalAnswer {
  switch (storing.status) {
    case "stored":
      return { status: 200, body: { stored: storing.count } }
    case "duplicate":
      return { status: 200, body: { stored: 0, duplicate: true } }
    case "limited":
      return {
        ...answer(429, "too-many", "more signals than are kept of one minute or day; send it again later"),
        retryAfterSeconds: storing.retryAfterSeconds,
      }
  }
}
