import { open, readdir } from "node:fs/promises"
import { join } from "node:path"

/** Paths that are being forced to the disk at the same time: the disk takes many together for the price of a few. */
const limitAtOnce = 32

/**
 * Forces a directory and everything in it to the disk; only then it may be given its place. In which order does not
 * matter, as long as all of it is there in the end.
 *
 * @throws when a single path could not be forced: nothing may be said to be there then.
 */
export async function syncTree(directory: string, sync: (path: string) => Promise<void> = syncPath): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const waiting = [directory, ...entries.map((entry) => join(entry.parentPath, entry.name))].values()
  const goOn = async (): Promise<void> => {
    for (const path of waiting) await sync(path)
  }
  await Promise.all(Array.from({ length: limitAtOnce }, goOn))
}

/** Forces one file or directory to the disk. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, "r")
  try {
    await file.sync()
  } catch (error) {
    // Windows cannot fsync a directory, and needs not: its directory entries are journalled.
    if (process.platform !== "win32") throw error
  } finally {
    await file.close()
  }
}
