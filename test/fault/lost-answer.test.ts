import { test } from "vitest"
import { useDatabase } from "../harness/scenario.ts"
import { patienceMs, playEveryCut } from "./every-cut.ts"

useDatabase()

test(
  "a commit whose answer is lost is neither lost nor made twice",
  async () => {
    await playEveryCut("lose answer", ({ kind }) => kind !== "request")
  },
  patienceMs,
)
