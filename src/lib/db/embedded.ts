import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { Duplex } from "node:stream"
import { Worker } from "node:worker_threads"
import { databaseFolder, joined, type FromWorker, type ToWorker, type WorkerData } from "./wire.ts"

/** PostgreSQL inside this process: a thread with PGlite, reached by one client at a time in the wire protocol. */
export type Embedded = {
  /** A new client's stream, for `pg`'s option `stream`. The client before it is cut off, its transaction rolled back. */
  connect(): Duplex
  /** Resolves when the database cannot go on, never when it was stopped; open queries have failed by then. */
  failed: Promise<Error>
  /** Shuts down in order, or, after `graceMs`, as a crash would, which loses nothing that was acknowledged. */
  stop(graceMs: number): Promise<void>
}

/**
 * Opens the embedded database in a directory, made if need be, or in memory (null). It takes half a second, and
 * some five for a new one. Throws an Error with one sentence for a person when the directory is in use, cannot be
 * written, or holds no database that this version can open.
 */
export async function openEmbedded(directory: string | null): Promise<Embedded> {
  const place = directory === null ? null : resolve(directory)
  // A new directory is laid out by a thread of its own, because laying out takes 300 MB that only its end gives back.
  if (place !== null && !hasDatabase(place)) {
    const layer = startWorker({ directory: place, createOnly: true })
    await Promise.all([ready(layer), ended(layer)])
  }
  const worker = startWorker({ directory: place, createOnly: false })
  const streams = new Map<number, Duplex>()
  let stopping = false
  let failure: Error | undefined
  const gone = ended(worker)
  const failed = new Promise<Error>((report) => {
    const end = (error: Error): void => {
      failure ??= error
      for (const stream of streams.values()) stream.destroy(failure)
      if (!stopping) report(failure)
    }
    worker.on("error", end)
    worker.on("exit", () => end(new Error("The embedded database's thread ended.")))
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "bytes") streams.get(message.connection)?.push(message.bytes)
      if (message.kind === "failed") end(new Error(message.sentence))
    })
  })
  await ready(worker)

  let connections = 0
  return {
    connect() {
      for (const stream of streams.values()) stream.destroy()
      connections += 1
      return clientStream(worker, { connection: connections, streams, failure: () => failure })
    },
    failed,
    async stop(graceMs) {
      stopping = true
      send(worker, { kind: "stop" })
      const impatient = setTimeout(() => void worker.terminate(), graceMs)
      await gone
      clearTimeout(impatient)
    },
  }
}

type Client = { connection: number; streams: Map<number, Duplex>; failure(): Error | undefined }

/** A stream that `pg` takes for a socket; its bytes are messages on the worker's one ordered port. */
function clientStream(worker: Worker, { connection, streams, failure }: Client): Duplex {
  const write = (chunks: Uint8Array[], done: (error?: Error) => void): void => {
    const bytes = joined(chunks)
    send(worker, { kind: "bytes", connection, bytes }, [bytes.buffer])
    done(failure())
  }
  const stream = new Duplex({
    read() {
      // Whatever arrives is pushed: `pg` reads on without end, and answers only come to its own questions.
    },
    write: (chunk: Buffer, _encoding, done) => write([chunk], done),
    writev: (items, done) =>
      write(
        items.map((item) => item.chunk as Buffer),
        done,
      ),
    final(done) {
      streams.delete(connection)
      stream.push(null)
      done()
    },
    destroy(error, done) {
      streams.delete(connection)
      send(worker, { kind: "close", connection })
      done(error)
    },
  })
  streams.set(connection, stream)
  const itself = (): Duplex => stream
  return Object.assign(stream, {
    connect() {
      send(worker, { kind: "open", connection })
      setImmediate(() => {
        const error = failure()
        if (error) stream.destroy(error)
        else stream.emit("connect")
      })
      return stream
    },
    setNoDelay: itself,
    setKeepAlive: itself,
    ref: itself,
    unref: itself,
  })
}

function hasDatabase(directory: string): boolean {
  return existsSync(join(directory, databaseFolder))
}

function startWorker(data: WorkerData): Worker {
  return new Worker(new URL("./embedded-worker.ts", import.meta.url), {
    name: "embedded-database",
    workerData: data,
    resourceLimits: { stackSizeMb: 64 }, // so that PostgreSQL's own limit is met first: see max_stack_depth
    execArgv: ["--disable-warning=ExperimentalWarning"], // node:sqlite, used for nothing but its file lock
  })
}

/** Waits until the thread serves, or has laid out the directory and ended. */
function ready(worker: Worker): Promise<void> {
  return new Promise((opened, refuse) => {
    worker.once("error", refuse)
    worker.once("exit", () => refuse(new Error("The embedded database's thread ended before it was ready.")))
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "ready") opened()
      if (message.kind === "refused") refuse(new Error(message.sentence))
    })
  })
}

function ended(worker: Worker): Promise<void> {
  return new Promise((over) => {
    worker.once("exit", () => over())
  })
}

function send(worker: Worker, message: ToWorker, transfer: ArrayBuffer[] = []): void {
  worker.postMessage(message, transfer)
}
