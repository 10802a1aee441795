import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

// Webhooks overtake each other. Commands have an order, that in which they were given, and it is told by their comments.

useDatabase()

async function openGate(t: Scenario): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  return pr
}

/** Somebody gives a command, whose webhook takes a minute. */
async function saysSlowly(t: Scenario, pr: OpenedPullRequest, words: string): Promise<number> {
  t.github.faults.deliveries({ event: "issue_comment" }, { kind: "delay", delayMs: 60_000 })
  return t.says(pr, "olga", words)
}

scenario("a resume that arrives late lifts what it was meant for, and no later pause", async (t) => {
  const pr = await openGate(t)
  await t.says(pr, "olga", "/pause-promotion first")
  await t.quiet()
  const resume = await saysSlowly(t, pr, "/resume-promotion")
  await t.says(pr, "max", "/pause-promotion second")
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch("paused by @olga, @max")
  t.clock.advance(60_000)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @max, 1 of 1 stage passed"`)
  expect(t.reactions(resume)).toEqual(["portcullis[bot]: +1"])
  await t.says(pr, "max", "/resume-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})

scenario("a resume that arrives late, with nothing to lift but a later pause, says so", async (t) => {
  const pr = await openGate(t)
  const resume = await saysSlowly(t, pr, "/resume-promotion")
  await t.says(pr, "max", "/pause-promotion")
  await t.quiet()
  t.clock.advance(60_000)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch("paused by @max")
  expect(t.reactions(resume)).toEqual(["portcullis[bot]: confused"])
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "Promotions were paused after this comment was written (by &#64;max), and stay paused. To end that as well, comment \`/resume-promotion\` again.

    <!-- portcullis:comment:<id> -->",
    ]
  `)
})

scenario("a pause that arrives after the resume that was to end it holds, until somebody resumes again", async (t) => {
  const pr = await openGate(t)
  await saysSlowly(t, pr, "/pause-promotion")
  const resume = await t.says(pr, "olga", "/resume-promotion")
  await t.quiet()
  expect(t.reactions(resume)).toEqual(["portcullis[bot]: confused"])
  t.clock.advance(60_000)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch("paused by @olga")
  await t.says(pr, "olga", "/resume-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})
