// The thread that holds the embedded database. Everything comes and goes through its one port, in order: an
// answer can never overtake another, and a client that went away is cleaned up before the next one's first byte.
import { parentPort, workerData } from "node:worker_threads"
import { PGlite } from "@electric-sql/pglite"
import { createDatabase, DirectoryRefused, durableFs, holdDirectory, type HeldDirectory } from "./data-directory.ts"
import { frame, joined, type FromWorker, type ToWorker, type WorkerData } from "./wire.ts"

/** The client that may speak now; what others still send is of no effect. */
type Session = { connection: number; started: boolean; rest: Uint8Array }

const { directory, createOnly } = workerData as WorkerData
const port = parentPort
if (!port) throw new Error("the embedded database runs as a worker thread")

const lastWords: string[] = []
let session: Session | undefined
let held: HeldDirectory | undefined

try {
  if (directory !== null) held = holdDirectory(directory)
  if (held) await createDatabase(held)
  if (createOnly) held?.release()
  else serve(await start())
  tell({ kind: "ready" })
} catch (error) {
  held?.release()
  tell({ kind: "refused", sentence: error instanceof DirectoryRefused ? error.message : sentence(error) })
}

async function start(): Promise<PGlite> {
  const pglite = await PGlite.create({
    ...(held ? { fs: durableFs(held.postgres) } : { dataDir: "memory://" }),
    startParams: [
      ...PGlite.defaultStartParams.filter((parameter) => parameter !== "-F"),
      ...settings(held !== undefined).flatMap((setting) => ["-c", setting]),
    ],
    onStderr: remember,
  })
  failOnTrap(pglite)
  return pglite
}

/** One backend, no background processes: little memory, a small log, and on disk a commit that waits for the disk. */
function settings(onDisk: boolean): string[] {
  return [
    `fsync=${onDisk ? "on" : "off"}`,
    "wal_sync_method=fsync", // the one whose system call PGlite hands to its file system
    "shared_buffers=16MB",
    "wal_buffers=1MB",
    "min_wal_size=32MB",
    "max_wal_size=64MB",
    "application_name=portcullis",
    "max_stack_depth=1MB", // a JSON text nested ten thousandfold is an SQL error, not the end of the thread
    "log_min_messages=fatal", // what is left for remember()
    "log_min_error_statement=panic",
  ]
}

/** One message after the other, each to its end. */
function serve(pglite: PGlite): void {
  let turn = Promise.resolve()
  port?.on("message", (message: ToWorker) => {
    turn = turn.then(() => receive(pglite, message)).catch(fail)
  })
}

async function receive(pglite: PGlite, message: ToWorker): Promise<void> {
  if (message.kind === "stop") return stop(pglite)
  if (message.kind === "open") {
    await forget(pglite)
    session = { connection: message.connection, started: false, rest: new Uint8Array() }
  } else if (message.connection === session?.connection) {
    if (message.kind === "bytes") return answer(pglite, session, message.bytes)
    await forget(pglite)
  }
}

async function answer(pglite: PGlite, client: Session, bytes: Uint8Array): Promise<void> {
  const { complete, rest } = frame(client.rest.length > 0 ? joined([client.rest, bytes]) : bytes, client.started)
  client.rest = rest
  const chunks: Uint8Array[] = []
  for (const run of complete) {
    client.started = true
    await pglite.execProtocolRawStream(run, { syncToFs: false, onRawData: (chunk) => chunks.push(chunk.slice()) })
  }
  const answered = joined(chunks)
  if (answered.length > 0) tell({ kind: "bytes", connection: client.connection, bytes: answered }, [answered.buffer])
}

/** A new client must find a fresh session: no open transaction, prepared statement, setting, or lock. */
async function forget(pglite: PGlite): Promise<void> {
  if (!session) return
  session = undefined
  const sync = Uint8Array.of(0x53, 0, 0, 0, 4) // ends an extended query that was cut short
  await pglite.execProtocolRawStream(sync, { syncToFs: false, onRawData: () => undefined })
  await pglite.exec("ROLLBACK")
  await pglite.exec("DISCARD ALL")
}

async function stop(pglite: PGlite): Promise<void> {
  await forget(pglite)
  await pglite.exec("CHECKPOINT")
  await pglite.close()
  held?.release()
  tell({ kind: "stopped" })
  port?.close()
}

/**
 * PGlite swallows whatever its WebAssembly throws. An SQL error is thrown there as status 100; anything else (out
 * of memory, a PANIC such as a failed fsync, the end of the backend) leaves no database that could go on.
 */
function failOnTrap(pglite: PGlite): void {
  const sqlError = 100
  const module = pglite.Module
  const once = module._PostgresMainLoopOnce
  module._PostgresMainLoopOnce = () => {
    try {
      once()
    } catch (error) {
      if ((error as { status?: unknown }).status !== sqlError) fail(error)
      throw error
    }
  }
}

function fail(error: unknown): never {
  tell({ kind: "failed", sentence: sentence(error) })
  process.exit(1) // of a worker thread: ends this thread only
}

/** PostgreSQL's own reason of an end; not the statement, which may be long and is nobody's business in a log. */
function remember(line: string): boolean {
  if (/ (?:FATAL|PANIC|DETAIL|HINT): /.test(line) && lastWords.length < 5) lastWords.push(line.slice(0, 500))
  return false
}

function sentence(error: unknown): string {
  // Emscripten also throws objects that are no Error.
  const words = typeof error === "object" && error && "message" in error ? error.message : error
  return `The embedded database ${directory ?? "in memory"} failed: ${[String(words), ...lastWords].join("; ")}`
}

function tell(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer)
}
