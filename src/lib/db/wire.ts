/** What the thread that asks (the process's own) tells the thread that holds the embedded database. */
export type ToWorker =
  /** A new client begins; whatever an earlier one left unfinished is rolled back. */
  | { kind: "open"; connection: number }
  /** Bytes of PostgreSQL's wire protocol from that client, in any split. */
  | { kind: "bytes"; connection: number; bytes: Uint8Array<ArrayBuffer> }
  /** That client is gone; its transaction and session state go with it. */
  | { kind: "close"; connection: number }
  /** Shut down in order; answered by `stopped`. */
  | { kind: "stop" }

/** What the thread that holds the embedded database answers. */
export type FromWorker =
  | { kind: "ready" }
  /** Not opened, for a reason that a person can act on; the whole sentence. */
  | { kind: "refused"; sentence: string }
  | { kind: "bytes"; connection: number; bytes: Uint8Array<ArrayBuffer> }
  /** The database cannot go on; what is on disk is as after a crash. */
  | { kind: "failed"; sentence: string }
  | { kind: "stopped" }

/** Where the embedded database lies. */
export type WorkerData = {
  /** Absolute path of the data directory; null: in memory, gone with the process. */
  directory: string | null
  /** Only lay out the directory if it has no database yet, then stop. */
  createOnly: boolean
}

/** Folder of the data directory that holds PostgreSQL's files; the lock lies beside it. */
export const databaseFolder = "postgresql"

/** Bytes cut at the ends of messages, and what is left over for the next time. */
export type Framed = { complete: Uint8Array[]; rest: Uint8Array }

/**
 * Cuts a client's bytes into runs that the embedded database can execute: the start-up packet alone, then any
 * number of whole messages together. PostgreSQL's loop would take the end of a half message for the end of the
 * connection.
 * @see https://www.postgresql.org/docs/18/protocol-message-formats.html
 */
export function frame(bytes: Uint8Array, started: boolean): Framed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const complete: Uint8Array[] = []
  let from = 0
  if (!started) {
    if (bytes.length < 4 || bytes.length < view.getUint32(0)) return { complete, rest: bytes }
    from = view.getUint32(0)
    complete.push(bytes.subarray(0, from))
  }
  let end = from
  while (bytes.length - end >= 5) {
    const next = end + 1 + view.getUint32(end + 1)
    if (next > bytes.length) break
    end = next
  }
  if (end > from) complete.push(bytes.subarray(from, end))
  return { complete, rest: bytes.subarray(end) }
}

/** One array with the bytes of all, in a buffer of its own, so that it can be handed to another thread. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
