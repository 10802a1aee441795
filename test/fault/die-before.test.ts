import { test } from "vitest"
import { useDatabase } from "../harness/scenario.ts"
import { patienceMs, playEveryCut } from "./every-cut.ts"

useDatabase()

test(
  "a process that dies right before any request or commit is as if it had not died",
  async () => {
    await playEveryCut("die before")
  },
  patienceMs,
)
