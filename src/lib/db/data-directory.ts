import { existsSync, fsyncSync, mkdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { PGlite } from "@electric-sql/pglite"
import { NodeFS } from "@electric-sql/pglite/nodefs"
import { syncPath, syncTree } from "./sync-tree.ts"
import { databaseFolder } from "./wire.ts"

/** A data directory that this thread alone has open, until `release` or the death of the process. */
export type HeldDirectory = { postgres: string; release(): void }

/** The data directory is not opened; the message is the whole sentence for a person. */
export class DirectoryRefused extends Error {}

/**
 * Takes the data directory for this process alone. The lock is a file lock of the operating system, which the
 * kernel frees however the process ends; PGlite itself would let two processes destroy the directory together.
 * Throws DirectoryRefused when another process has it, or it cannot be written.
 */
export function holdDirectory(directory: string): HeldDirectory {
  const lockFile = join(directory, "portcullis.lock")
  let lock: DatabaseSync | undefined
  try {
    mkdirSync(directory, { recursive: true })
    lock = new DatabaseSync(lockFile)
    lock.exec("BEGIN EXCLUSIVE")
  } catch (error) {
    lock?.close()
    if (isBusy(error)) {
      throw new DirectoryRefused(
        `The data directory ${directory} is in use by another process: stop that one, give this one its own DATA_DIR, ` +
          `or set DATABASE_URL to a PostgreSQL server, which any number of processes may share.`,
      )
    }
    throw new DirectoryRefused(`The data directory ${directory} cannot be opened: ${(error as Error).message}.`)
  }
  const held = lock
  return { postgres: join(directory, databaseFolder), release: () => held.close() }
}

/**
 * Makes sure that the directory holds a database. A new one is made beside its place, forced to the disk, and
 * then renamed: a crash at any moment leaves either no database or a whole one.
 */
export async function createDatabase(held: HeldDirectory): Promise<void> {
  if (existsSync(held.postgres)) return
  const unfinished = `${held.postgres}.new`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o700 }) // PGlite lets everybody write the files inside
  // Log files of 4 MB, not 16: a commit that begins a new one waits until it is filled with zeros.
  const pglite = await PGlite.create({ fs: durableFs(unfinished), initDbStartParams: ["--wal-segsize=4"] })
  await pglite.close()
  await syncTree(unfinished)
  renameSync(unfinished, held.postgres)
  await syncPath(join(held.postgres, ".."))
}

/** PGlite's file system on a real directory, with the fsync that PGlite's own lacks. */
export function durableFs(directory: string): NodeFS {
  return new DurableFs(directory)
}

type NodeFsBackend = {
  tryFSOperation(operation: () => void): void
  stream_ops: { fsync?: (stream: { nfd: number }) => void }
}

class DurableFs extends NodeFS {
  override async init(...[pglite, options]: Parameters<NodeFS["init"]>): ReturnType<NodeFS["init"]> {
    const { emscriptenOpts } = await super.init(pglite, options)
    const addFsync = (module: { FS: unknown }): void => {
      const { NODEFS } = (module.FS as { filesystems: { NODEFS: NodeFsBackend } }).filesystems
      NODEFS.stream_ops.fsync = (stream) => NODEFS.tryFSOperation(() => fsyncSync(stream.nfd))
    }
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), addFsync] } }
  }
}

function isBusy(error: unknown): boolean {
  const busy = 5 // SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy
  return error instanceof Error && "errcode" in error && error.errcode === busy
}
