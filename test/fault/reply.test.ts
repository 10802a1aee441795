import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

// Named race *the unanswered reply*: a comment was made, and nobody learned of it. GitHub would take it twice.

useDatabase()

const replies = { method: "POST", path: /\/issues\/\d+\/comments$/ }
const listing = { method: "GET", path: /\/issues\/\d+\/comments$/ }

/** A reader asks for what only a writer may; the reply is made, but its answer is lost. */
async function refusedUnheard(t: Scenario): Promise<OpenedPullRequest> {
  t.tolerateErrors()
  const pr = await t.openPullRequest()
  await t.quiet()
  await t.says(pr, "rita", "/resume-promotion")
  t.github.faults.requests(replies, { kind: "network", effect: "after" })
  return pr
}

scenario("a reply whose answer was lost is not made twice by the next process", async (t) => {
  const pr = await refusedUnheard(t)
  await t.app.deliver()
  await t.app.work.drain()
  const [claim] = await t.app.queue.take(1)
  if (claim === undefined) throw new Error("nothing to do")
  await expect(t.app.work.reconcile(claim.subject)).rejects.toThrow()
  expect(t.replies(pr)).toHaveLength(1)
  await t.app.queue.release(claim) // as a process does that is stopped in order
  await t.restart()
  await t.quiet()
  expect(t.replies(pr)).toHaveLength(1)
})

scenario("a reply whose answer was lost is not made twice after the job came to rest", async (t) => {
  const pr = await refusedUnheard(t)
  const blind = t.github.faults.requests({ ...listing, times: Infinity }, { kind: "server-error" })
  await t.quiet()
  expect(blind.fired()).toBe(8)
  blind.cancel()
  await t.app.sweep()
  await t.quiet()
  expect(t.replies(pr)).toHaveLength(1)
})

scenario("a reply that nobody can have made before is made without looking for it", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  await t.says(pr, "rita", "/resume-promotion")
  t.github.calls.clear()
  await t.quiet()
  expect(t.replies(pr)).toHaveLength(1)
  expect(t.github.calls.work().map(({ method, template }) => `${method} ${template}`)).toMatchInlineSnapshot(`
    [
      "GET /repos/:owner/:repo/collaborators/:login/permission",
      "POST /repos/:owner/:repo/issues/comments/:id/reactions",
      "POST /repos/:owner/:repo/issues/:number/comments",
    ]
  `)
})
