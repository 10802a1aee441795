import { expect } from "vitest"
import type { AppGround } from "../harness/running-app.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

const path = ".github/promotion.yml"
const own = "version: 1\n_extends: .github\nbranches:\n  main:\n    stages:\n      - checks: { require: [build] }\n"

/** What happens while GitHub's answer about the organisation's file is on its way; done once. */
let meanwhile: (() => Promise<void>) | undefined

/** Holds back the answer, as it was when GitHub made it, until `meanwhile` is over. */
function slowly(ground: AppGround): AppGround {
  const fetch: AppGround["github"]["fetch"] = async (input, init) => {
    const answer = await ground.github.fetch(input, init)
    const about = typeof init?.body === "string" && init.body.includes("query BaseConfig")
    if (meanwhile === undefined || !about) return answer
    const act = meanwhile
    meanwhile = undefined
    await act()
    return answer
  }
  return { ...ground, github: { ...ground.github, fetch } }
}

scenario(
  "the two files: a push to the organisation's, while the first repository to extend it is being read, is not lost",
  async (t) => {
    const files = { [path]: "version: 1\nmode: advisory\n" }
    const { repo } = await t.people.createRepository({ owner: "acme", name: ".github", files })
    await t.people.installApp({ app: "portcullis", repos: [t.repo, repo] })
    const pr = await t.openPullRequest()
    const heard = async (): Promise<number | undefined> =>
      (await t.database.prisma.repository.findUnique({ where: { id: BigInt(t.repositoryId) } }))?.configHeard
    let counted = 0
    meanwhile = async () => {
      const before = (await heard()) ?? 0
      await t.people.commit({ repo, by: "acme", files: { [path]: "version: 1\nmode: enforce\n" } })
      await t.app.deliver()
      await t.app.work.drain()
      counted = ((await heard()) ?? 0) - before
    }
    await t.quiet()
    // Later looks would find it, too; that this very read does not vouch for it is what the count says.
    expect(counted).toBe(1)
    expect(meanwhile).toBeUndefined()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"in_progress | Waiting: build not passed yet, 0 of 1 stage passed"`)
  },
  { config: own, installed: false, stand: slowly, requireGate: false },
)
