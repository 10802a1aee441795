import { test } from "vitest"
import { useDatabase } from "../harness/scenario.ts"
import { patienceMs, playEveryCut } from "./every-cut.ts"

useDatabase()

test(
  "a process that dies right after any request or commit is as if it had not died",
  async () => {
    await playEveryCut("die after")
  },
  patienceMs,
)
