import fc from "fast-check"
import { expect, test } from "vitest"
import { promotionConfigSchema, type ConfigInForce } from "../../src/promotion/config/config.ts"
import { hardStopRefs } from "../../src/promotion/pause/hard-stop.ts"
import { decideReceipt, type ReceiptGate, type ReceiptInput } from "../../src/promotion/pause/receipt.ts"
import { pauseBy } from "../report/verdict.ts"

const everything = pauseBy("olga")
const ofMain = { ...everything, scope: "branch" as const, branch: "main" }
const ofOne = { ...everything, scope: "pull-request" as const, number: 5 }

function inForce(more: object): ConfigInForce {
  const config = promotionConfigSchema.parse({ version: 1, mode: "enforce", pause: { hard_stop: true }, ...more })
  return { status: "valid", blob: "d".repeat(40), config }
}

test("the hard stop shuts exactly the paused promotion branches", () => {
  const branches = { main: {}, "release/*": {} }
  const refs = (config: ConfigInForce | null, ...pauses: (typeof everything | typeof ofMain)[]) =>
    hardStopRefs({ config, pauses, defaultBranch: "trunk" })
  expect(refs(inForce({ branches }), everything, ofMain)).toEqual(["refs/heads/main", "refs/heads/release/*"])
  expect(refs(inForce({ branches }), ofMain)).toEqual(["refs/heads/main"])
  expect(refs(inForce({}), everything)).toEqual(["refs/heads/trunk"])
  // GitHub's last `**` fits one segment, the config's any number.
  const deep = { "release/**": {}, "**/stable": {} }
  const shut = ["refs/heads/**/stable", "refs/heads/release", "refs/heads/release/**/*"]
  expect(refs(inForce({ branches: deep }), everything)).toEqual(shut)
  expect(refs(inForce({ branches: { "**": {} } }), everything)).toEqual(["refs/heads/**/*"])
  // A name is no pattern, and what is special to GitHub alone widens nothing.
  expect(refs(inForce({ branches }), { ...ofMain, branch: "release/*" }, { ...ofMain, branch: "mai[n]" })).toEqual([])
  expect(refs(inForce({}), ofOne as never)).toEqual([])
  expect(refs(inForce({}))).toEqual([])
  expect(refs(inForce({ mode: "advisory" }), everything)).toEqual([])
  expect(refs(inForce({ pause: {} }), everything)).toEqual([])
  expect(refs(null, everything)).toBeNull()
})

const gate: fc.Arbitrary<ReceiptGate> = fc.record({
  number: fc.integer({ min: 0, max: 60 }),
  state: fc.constantFrom("shut", "shut", "green", "merged"),
  shutAtMs: fc.option(fc.integer({ min: 1000, max: 5000 })),
  problem: fc.constantFrom(null, "no"),
})
const merge = fc.record({ number: fc.integer({ min: 1, max: 60 }), atMs: fc.constant(2000), by: fc.constant("ops") })
const input: fc.Arbitrary<ReceiptInput> = fc.record({
  nowMs: fc.constantFrom(5000, 120_999, 121_000, 900_000),
  startedAtMs: fc.constant(1000),
  scope: fc.constantFrom("repository", "branch", "pull-request"),
  branch: fc.constantFrom(null, "main"),
  untilMs: fc.constantFrom(null, 1_000_000),
  gates: fc.uniqueArray(gate, { selector: ({ number }) => number, maxLength: 60 }),
  lifted: fc.option(fc.uniqueArray(gate, { selector: ({ number }) => number, maxLength: 60 })),
  raced: fc.option(fc.uniqueArray(merge, { selector: ({ number }) => number, maxLength: 40 })),
  hardStop: fc.constantFrom<ReceiptInput["hardStop"]>(null, "pending", { refs: ["refs/heads/main"], problem: null }),
})

test("a receipt is told on sight only, waits two minutes at most, and never calls a green gate shut", () => {
  fc.assert(
    fc.property(input, (known) => {
      const decision = decideReceipt(known)
      const counted = (known.lifted ?? known.gates).filter(
        ({ number, state }) => state !== "merged" && !(known.raced ?? []).some((one) => one.number === number),
      )
      if (decision.kind === "wait") return known.nowMs < 121_000 && known.lifted === null
      if (decision.kind === "ask") return known.raced === null
      const { receipt } = decision
      const green = counted.filter(({ state }) => state === "green").length
      return (
        known.raced !== null &&
        receipt.total === counted.length &&
        receipt.shut === receipt.total - green &&
        receipt.green.length + receipt.moreGreen === green &&
        receipt.raced.length + receipt.moreRaced === known.raced.length &&
        Math.max(receipt.green.length, receipt.raced.length) <= 20 &&
        receipt.lifted === (known.lifted !== null && green > 0)
      )
    }),
  )
})
