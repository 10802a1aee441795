/** What is made once for a whole run of the tests, in the process that starts all others. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { dropDatabasesOfRun } from "./database.ts"
import { runVariable } from "./folder.ts"

/** Gives the run a folder for its databases; whatever its processes left there goes with it in the end. */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Every project of the run asks for it; the first one makes it.
  if (process.env[runVariable] !== undefined) return undefined
  const folder = await mkdtemp(join(tmpdir(), "portcullis-run-"))
  process.env[runVariable] = folder
  return async () => {
    await dropDatabasesOfRun(folder)
    await rm(folder, { recursive: true, force: true })
  }
}
