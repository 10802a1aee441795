import { test, vi } from "vitest"
import { useDatabase } from "../harness/scenario.ts"
import { playEveryCut } from "./every-cut.ts"
import { patienceMs } from "./patience.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

test("a process that dies right after any request or commit is as if it had not died", async () => {
  await playEveryCut("die after")
})
