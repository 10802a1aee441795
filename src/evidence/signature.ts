import { createHmac, timingSafeEqual } from "node:crypto"

/**
 * Signatures of signals, as the Standard Webhooks specification has them: HMAC-SHA256 over `id.timestamp.body`, by a key
 * that only this repository's senders have. A key is derived from the secret of the service, so the database, and a copy
 * of it, hold nothing that signs.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */

/** What a repository's key is derived from: the secret of the service, and which key of which repository. */
export type KeyOrigin = { secret: string; repositoryId: number; version: number }

function signingKey({ secret, repositoryId, version }: KeyOrigin): Buffer {
  return createHmac("sha256", secret).update(`portcullis signal key 1:${repositoryId}:${version}`).digest()
}

/** The key as its senders get it: base64 behind `whsec_`. */
export function signingSecret(origin: KeyOrigin): string {
  return `whsec_${signingKey(origin).toString("base64")}`
}

/** What is signed, as it came: `webhook-id`, `webhook-timestamp` and the raw body. */
export type SignedMessage = { id: string; timestamp: string; body: string }

/** Most signatures of one message that are looked at. */
const limitSignatures = 10

/**
 * Whether one of the signatures of the header is made by this key. The header lists several where a sender changes from
 * one key to another; kinds other than `v1` do not count. Takes as long for a wrong signature as for a right one.
 */
export function isSignedBy(origin: KeyOrigin, message: SignedMessage, header: string): boolean {
  const { id, timestamp, body } = message
  const expected = createHmac("sha256", signingKey(origin)).update(`${id}.${timestamp}.${body}`).digest()
  const given = header.split(" ", limitSignatures).filter((one) => one.startsWith("v1,"))
  return given.map((one) => isSame(Buffer.from(one.slice(3), "base64"), expected)).includes(true)
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}
