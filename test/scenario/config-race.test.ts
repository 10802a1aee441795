import { expect } from "vitest"
import type { AppGround } from "../harness/running-app.ts"
import { enforceBuild, scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

/** What happens while GitHub's next answer about a pull request is on its way; done once. */
let meanwhile: (() => Promise<void>) | undefined
/** Bodies of the app's requests. */
let asked: string[] = []

/** Holds back the answer, as it was when GitHub made it, until `meanwhile` is over. */
function slowly(ground: AppGround): AppGround {
  const fetch: AppGround["github"]["fetch"] = async (input, init) => {
    const body = typeof init?.body === "string" ? init.body : ""
    asked.push(body)
    const answer = await ground.github.fetch(input, init)
    if (meanwhile === undefined || !body.includes("query Sight")) return answer
    const act = meanwhile
    meanwhile = undefined
    await act()
    return answer
  }
  return { ...ground, github: { ...ground.github, fetch } }
}

scenario(
  "the push behind the read: a gate does not open by a config that changed while it was being read",
  async (t) => {
    const requireLint = enforceBuild.replace("[build]", "[lint]")
    const pr = await t.openPullRequest()
    await t.quiet()
    asked = []
    await t.check(pr)
    meanwhile = async () => {
      await t.people.commit({ repo: t.repo, by: "olga", files: { ".github/promotion.yml": requireLint } })
      await t.app.deliver()
      await t.app.work.drain()
    }
    await t.quiet()
    t.clock.advance(61_000)
    await t.quiet()
    expect(meanwhile).toBeUndefined()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"in_progress | Waiting: lint not passed yet, 0 of 1 stage passed"`)
    expect(asked.filter((body) => body.includes('"conclusion":"success"'))).toEqual([])
    expect(await t.database.prisma.repository.findFirst({ select: { configText: true } })).toEqual({
      configText: requireLint,
    })
    await t.check(pr, { name: "lint" })
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("success")
    expect(asked.filter((body) => body.includes('"conclusion":"success"'))).toHaveLength(1)
  },
  { stand: slowly, requireGate: false },
)
