/**
 * Identities: numbers from one counter for the whole process (so that two test GitHubs sharing a database never
 * collide), node ids made from them, and delivery GUIDs from a counter.
 */
import { createHash } from "node:crypto"
import type { GitHubState } from "./state.ts"

let lastId = 1000

/** The next number, unique in this process. */
export function nextId(): number {
  lastId += 1
  return lastId
}

/** Lets ids start higher, for a server that is restarted against an application that remembers old ids. Never lowers. */
export function startIdsAt(first: number): void {
  lastId = Math.max(lastId, first)
}

/** A global node id as GitHub's newer ones look, such as `PR_kwDOAAAD6Q`. https://docs.github.com/en/graphql/guides/using-global-node-ids */
export function nodeIdOf(prefix: string, id: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(id))
  return `${prefix}_kwDO${bytes.subarray(bytes.findIndex((byte) => byte !== 0)).toString("base64url")}`
}

/** A fresh id with its node id. */
export function freshIds(prefix: string): { id: number; nodeId: string } {
  const id = nextId()
  return { id, nodeId: nodeIdOf(prefix, id) }
}

/** The next delivery GUID: version-4 shaped, but the same in every run. */
export function nextGuid(state: GitHubState): string {
  const hex = createHash("sha256").update(`delivery ${state.nextGuid}`).digest("hex")
  state.nextGuid += 1
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
