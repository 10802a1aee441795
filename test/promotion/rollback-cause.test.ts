import { expect, test } from "vitest"
import { evidence, type EvidenceKind, type EvidenceState } from "../../src/promotion/health/evidence.ts"
import { causeOf } from "../../src/promotion/rollback/cause.ts"

const item = (kind: EvidenceKind, name = "", state: EvidenceState = "bad") =>
  evidence({ kind, name, state, reason: "nothing-reported" })

test("a rollback says in words what went wrong, whatever kind of evidence that was", () => {
  const everything = [
    item("deployment", "production"),
    item("check", "smoke *"),
    item("probe", "https://shop.example.com/healthz"),
    item("error-rate"),
    item("heartbeat"),
    item("prometheus", "sum(rate(errors[5m]))"),
    item("failures"),
  ]
  expect(everything.map((one) => causeOf([one]))).toMatchInlineSnapshot(`
    [
      "deployment to production failed",
      "check smoke * failed",
      "probe of https://shop.example.com/healthz failed",
      "too many requests failed",
      "the heartbeat stopped",
      "query sum(rate(errors[5m])) is out of its bounds",
      "too much was reported as failed",
    ]
  `)
})

test("only what is bad is a cause, all of it, in the order of the config", () => {
  const items = [
    item("heartbeat", "", "good"),
    item("check", "smoke"),
    item("error-rate"),
    item("probe", "x", "waiting"),
  ]
  expect(causeOf(items)).toBe("check smoke failed, too many requests failed")
})

test("where nothing is bad, it is the evidence that is wanting", () => {
  expect(causeOf([item("deployment", "production", "missing")])).toBe("the evidence is wanting")
})

test("a cause leaves room on the ledger for the words before it", () => {
  expect(causeOf([item("probe", "x".repeat(1000))])).toHaveLength(400)
})
