import { mkdtemp, rm, statfs } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { dropDatabasesOfRun, removeStale } from "./database.ts"

/** What is made once for a whole run of the tests, in the process that starts all others. */

const prefix = "portcullis-run-"
/** So much must be free in memory: a run takes less than half a gigabyte of it. */
const roomBytes = 4 * 2 ** 30

/**
 * Gives the run a temporary directory of its own, in memory where there is room, since tests write much and keep nothing.
 * Whatever its processes leave there goes with its end, and so do their databases.
 */
export async function setup(): Promise<() => Promise<void>> {
  const place = (await freeBytes("/dev/shm")) > roomBytes ? "/dev/shm" : tmpdir()
  await removeStale(place, prefix)
  const folder = await mkdtemp(join(place, prefix))
  process.env["TMPDIR"] = folder
  return async () => {
    await dropDatabasesOfRun()
    await rm(folder, { recursive: true, force: true })
  }
}

async function freeBytes(place: string): Promise<number> {
  return statfs(place).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  )
}
