import { expect } from "vitest"
import type { AppGround } from "../harness/running-app.ts"
import { enforceBuild, scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

let computes = false

/** GitHub does not say whether anything merges until it computes. */
function undecided(ground: AppGround): AppGround {
  computes = false
  const fetch: AppGround["github"]["fetch"] = async (input, init) => {
    const answer = await ground.github.fetch(input, init)
    const text = await answer.text()
    const { status, headers } = answer
    const body = computes ? text : text.replaceAll('"MERGEABLE"', '"UNKNOWN"')
    return new Response(status === 204 || status === 304 ? null : body, { status, headers })
  }
  return { ...ground, github: { ...ground.github, fetch } }
}

scenario(
  "as long as GitHub does not say whether it merges, it is asked more and more seldom, and merged when it does",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    t.clock.advance(2000)
    await t.says(pr, "olga", "/promote")
    await t.quiet()
    t.github.calls.clear()
    for (let second = 0; second < 1800; second += 5) {
      t.clock.advance(5000)
      await t.quiet()
    }
    const asked = t.github.calls.all().length
    expect(asked).toBeGreaterThan(2)
    expect(asked).toBeLessThan(30)
    computes = true
    await t.app.sweep()
    await t.quiet()
    expect(await t.ledgerTypes()).toContain("promoted")
  },
  { config: enforceBuild, stand: undecided },
)
