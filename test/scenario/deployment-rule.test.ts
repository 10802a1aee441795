import { expect } from "vitest"
import { headOf, healthOf, later, opensBy, promotes } from "../harness/after-merge.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: { window: 15m }
`

/** What became of the newest workflow run, and what the app said of it. */
async function asked(t: Scenario): Promise<{ verdict: string; said: string[] }> {
  const request = (await t.people.deploymentRequests({ repo: t.repo })).at(-1)
  if (request === undefined) throw new Error("nothing was to be deployed")
  const said = request.rules.flatMap(({ comments }) =>
    comments.map(({ state, comment }) => `${state ?? "-"}: ${comment}`),
  )
  return { verdict: request.verdict, said }
}

async function guard(t: Scenario): Promise<void> {
  await t.people.protectEnvironment({ repo: t.repo, by: "olga", environment: "production", app: "portcullis" })
}

async function wants(t: Scenario, what: { sha?: string; pull?: number }): Promise<void> {
  await t.people.requestDeployment({ repo: t.repo, by: "max", environment: "production", ...what })
  await t.quiet()
}

scenario(
  "what was promoted may be deployed, and the answer stands on the ledger",
  async (t) => {
    await guard(t)
    const { sha } = await promotes(t)
    await wants(t, { sha })
    expect(await asked(t)).toMatchInlineSnapshot(`
    {
      "said": [
        "approved: Approved by Portcullis for production: the promotion of this commit is in order.",
      ],
      "verdict": "approved",
    }
  `)
    const [words, payload] = (await t.told()).at(-1) ?? []
    expect(words).toBe("deployment_decided by portcullis")
    expect(payload).toMatchObject({ environment: "production", decision: "approved", reasons: [] })
  },
  { config },
)

scenario(
  "the head of a pull request waits until its gate opens",
  async (t) => {
    await guard(t)
    const pr = await t.openPullRequest()
    await t.quiet()
    await wants(t, { pull: pr.number })
    expect(await asked(t)).toMatchInlineSnapshot(`
    {
      "said": [
        "-: On hold by Portcullis for production: the gate of its pull request is shut (checks-pending). It goes on by itself when that opens.",
      ],
      "verdict": "waiting",
    }
  `)
    await t.check(pr)
    await t.quiet()
    expect((await asked(t)).verdict).toBe("approved")
  },
  { config },
)

scenario(
  "a pause holds a deployment until it ends",
  async (t) => {
    await guard(t)
    const { pr, sha } = await promotes(t)
    await t.says(pr, "olga", "/pause-promotion incident 42")
    await t.quiet()
    await wants(t, { sha })
    expect(await asked(t)).toMatchInlineSnapshot(`
    {
      "said": [
        "-: On hold by Portcullis for production: promotions are paused. It goes on by itself when the pause ends.",
      ],
      "verdict": "waiting",
    }
  `)
    await t.says(pr, "olga", "/resume-promotion")
    await t.quiet()
    expect((await asked(t)).verdict).toBe("approved")
  },
  { config },
)

scenario(
  "what was rejected is never deployed, and a commit that nobody knows waits",
  async (t) => {
    await guard(t)
    const pr = await t.openPullRequest()
    await t.quiet()
    await t.says(pr, "olga", "/reject not like this")
    await t.quiet()
    await wants(t, { pull: pr.number })
    expect(await asked(t)).toMatchInlineSnapshot(`
    {
      "said": [
        "rejected: Rejected by Portcullis for production: this change was rejected.",
      ],
      "verdict": "rejected",
    }
  `)
    await t.people.createBranch({ repo: t.repo, by: "max", branch: "spike" })
    const { sha } = await t.people.commit({
      repo: t.repo,
      by: "max",
      branch: "spike",
      message: "Try",
      files: { a: "1" },
    })
    await wants(t, { sha })
    expect(await asked(t)).toMatchInlineSnapshot(`
    {
      "said": [
        "-: On hold by Portcullis for production: no promotion that Portcullis knows has this commit (unknown-commit). Next: deploy what landed on a promotion branch, or the head of an open pull request into one.",
      ],
      "verdict": "waiting",
    }
  `)
  },
  { config },
)

scenario(
  "a commit between a bad change and what took it back is deployed by nobody",
  async (t) => {
    await guard(t)
    const bad = await promotes(t, { files: { "src/bad.ts": "export const bad = true\n" } })
    const between = await promotes(t, { files: { "src/fine.ts": "export const fine = true\n" } })
    await t.says(bad.pr, "olga", "/rollback it breaks the checkout")
    await t.quiet()
    await wants(t, { sha: between.sha })
    expect((await asked(t)).said).toMatchInlineSnapshot(`
      [
        "-: On hold by Portcullis for production: this change, or one that it contains, is being taken back.",
      ]
    `)
    await t.check({ number: opensBy(t)[0]?.number ?? 0 })
    await t.quiet()
    await later(t, 16 * 60_000)
    expect(await asked(t)).toMatchInlineSnapshot(`
      {
        "said": [
          "-: On hold by Portcullis for production: this change, or one that it contains, is being taken back.",
          "rejected: Rejected by Portcullis for production: this commit contains a change that was taken back later (contains-taken-back). Next: deploy a newer commit of the branch.",
        ],
        "verdict": "rejected",
      }
    `)
    const told = healthOf(t, between.sha)
      ?.summary.split("\n")
      .filter((line) => line.startsWith("**Not"))
    expect(told).toMatchInlineSnapshot(`
      [
        "**Not to be deployed**: this commit contains the change of #1, which was taken back behind it. Next: deploy a newer commit of the branch.",
      ]
    `)
    await wants(t, { sha: await headOf(t) })
    expect((await asked(t)).verdict).toBe("approved")
  },
  { config: `${config}    rollback: { merge: auto }\n` },
)
