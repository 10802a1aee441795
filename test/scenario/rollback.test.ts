import { expect } from "vitest"
import {
  deploys,
  headOf,
  healthOf,
  later,
  merges,
  opensBy,
  promotes,
  repositoryOf,
  tagAt,
} from "../harness/after-merge.ts"
import { healthCheckName } from "../../src/report/health.ts"
import { readFile } from "../github/git-tree.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const minute = 60_000

const config = (rollback = "{ automatic: true, merge: auto }"): string => `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: { window: 15m, deployments: [production] }
    rollback: ${rollback}
`

/** Text of a file at the head of main; null when it is not there. */
async function fileAt(t: Scenario, path: string): Promise<string | null> {
  const file = await readFile(repositoryOf(t).store, "refs/heads/main", path)
  return file === undefined ? null : file.bytes.toString("utf8")
}

/** Promotes a change that proves itself, so that there is a known-good. */
async function provesItself(t: Scenario): Promise<string> {
  const { sha } = await promotes(t, { files: { "src/shop.ts": "export const shop = 1\n" } })
  await deploys(t, { sha })
  await later(t, 16 * minute)
  expect(await tagAt(t)).toBe(sha)
  return sha
}

scenario(
  "a bad change is taken back by itself, promotions pause, and the rollback proves itself",
  async (t) => {
    await provesItself(t)
    const { pr, sha } = await promotes(t, { files: { "src/shop.ts": "export const shop = 2\n" } })
    await deploys(t, { sha, state: "failure" })
    expect(healthOf(t, sha)?.line).toMatchInlineSnapshot(`"failure | Unhealthy: deployment to production failed"`)
    const [rollback] = opensBy(t)
    expect(rollback).toMatchInlineSnapshot(`
      {
        "body": "Portcullis began this rollback by itself: deployment to production failed. The evidence is in *Promotion health* on <sha>.

      It is one commit whose tree is that of known-good (<sha>), on top of the branch.

      Taken out:

      - #2

      <sub>rollback \`<run id>\` · run id \`<run id>\`</sub>",
        "head": "portcullis/rollback-<id>",
        "number": 3,
        "state": "open",
        "title": "Return main to known-good",
      }
    `)
    await t.check({ number: rollback?.number ?? 0 })
    await t.quiet()
    expect(await fileAt(t, "src/shop.ts")).toBe("export const shop = 1\n")
    const head = await headOf(t)
    await deploys(t, { sha: head })
    await later(t, 16 * minute)
    expect(await tagAt(t)).toBe(head)
    expect(healthOf(t, sha)?.line).toMatchInlineSnapshot(`"failure | Unhealthy: deployment to production failed"`)
    expect((await t.told()).slice(-12).map(([what]) => what)).toMatchInlineSnapshot(`
      [
        "promotion_pause_changed by portcullis",
        "proposed by portcullis",
        "stage_changed by portcullis",
        "promotion_blocked by portcullis",
        "tested by portcullis",
        "stage_changed by portcullis",
        "promotion_ready by portcullis",
        "promoted by portcullis",
        "stage_changed by portcullis",
        "health_passed by portcullis",
        "rolled_back by portcullis",
        "known_good_advanced by portcullis",
      ]
    `)
    const next = await t.openPullRequest()
    await t.check(next)
    await t.quiet()
    expect(t.gate(next)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: paused by Portcullis itself, 1 of 1 stage passed"`,
    )
    expect(/^.*promotion-paused.*$/m.exec(t.gate(next)?.summary ?? "")?.[0]).toMatchInlineSnapshot(
      `"- **promotion-paused** — Portcullis itself paused all promotions into \`main\`: “rollback of &#35;2: deployment to production failed”. Next: somebody with the \`write\` role comments \`/resume-promotion\`."`,
    )
    await t.says(pr, "olga", "/resume-promotion")
    await t.quiet()
    expect(t.gate(next)?.line).toBe("success | Open: 1 of 1 stage passed")
  },
  { config: config() },
)

scenario(
  "an operator takes back one change, and keeps what came after it",
  async (t) => {
    await provesItself(t)
    const bad = await promotes(t, { files: { "src/bad.ts": "export const bad = true\n" }, method: "squash" })
    await promotes(t, { files: { "src/later.ts": "export const later = true\n" } })
    const said = await t.says(bad.pr, "olga", "/rollback it breaks the checkout")
    await t.quiet()
    expect(t.reactions(said)).toEqual(["portcullis[bot]: +1"])
    expect(t.replies(bad.pr)).toMatchInlineSnapshot(`
      [
        "Rolling back: a pull request follows that takes out #2.

      <!-- portcullis:comment:<id> -->",
      ]
    `)
    const [rollback] = opensBy(t)
    expect(rollback).toMatchInlineSnapshot(`
      {
        "body": "@olga asked for this rollback: it breaks the checkout.

      It takes out exactly the change of #2.

      Taken out:

      - #2

      <sub>rollback \`<run id>\` · run id \`<run id>\`</sub>",
        "head": "revert-2-feature-2",
        "number": 4,
        "state": "open",
        "title": "Revert #2",
      }
    `)
    await t.check({ number: rollback?.number ?? 0 })
    await t.quiet()
    await merges(t, { number: rollback?.number ?? 0 }, { by: "max" })
    expect(await fileAt(t, "src/bad.ts")).toBeNull()
    expect(await fileAt(t, "src/later.ts")).toBe("export const later = true\n")
  },
  { config: config("{ merge: manual }") },
)

scenario(
  "two operators ask at the same moment: one pull request",
  async (t) => {
    await provesItself(t)
    const bad = await promotes(t)
    await t.says(bad.pr, "olga", "/rollback")
    const second = await t.says(bad.pr, "max", "/rollback")
    await t.quiet()
    expect(opensBy(t)).toHaveLength(1)
    expect(t.reactions(second)).toEqual(["portcullis[bot]: confused"])
  },
  { config: config("{ merge: manual }") },
)

scenario(
  "while a rollback is under way nothing else goes in, and a pause does not hold it",
  async (t) => {
    await provesItself(t)
    const bad = await promotes(t)
    await t.says(bad.pr, "olga", "/pause-promotion incident")
    await t.says(bad.pr, "olga", "/rollback known-good")
    await t.quiet()
    const other = await t.openPullRequest()
    await t.check(other)
    await t.quiet()
    expect(t.gate(other)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @olga, 1 of 1 stage passed"`)
    const number = opensBy(t)[0]?.number ?? 0
    await t.check({ number })
    await t.quiet()
    expect(opensBy(t)[0]?.state).toBe("merged")
  },
  { config: config("{ merge: auto }") },
)

scenario(
  "an agent, a reader and a stranger to the branch take nothing back",
  async (t) => {
    await provesItself(t)
    const bad = await promotes(t)
    for (const who of ["rita", "shipwright[bot]"]) {
      const said = await t.says(bad.pr, who, "/rollback")
      await t.quiet()
      expect(t.reactions(said)).toEqual(["portcullis[bot]: -1"])
    }
    const said = await t.says(bad.pr, "olga", "/rollback v9.9")
    await t.quiet()
    expect(t.reactions(said)).toEqual(["portcullis[bot]: confused"])
    expect(t.replies(bad.pr)).toMatchInlineSnapshot(`
      [
        "\`/rollback\` was refused: it needs the \`write\` role in this repository, and you have \`read\`.

      <!-- portcullis:comment:<id> -->",
        "\`/rollback\` was refused: an app or agent may pause promotions and ask how they stand, no more. A person with the \`write\` role must do it.

      <!-- portcullis:comment:<id> -->",
        "\`/rollback\` did nothing: GitHub knows no tag or commit of that name here.

      <!-- portcullis:comment:<id> -->",
      ]
    `)
    expect(opensBy(t)).toEqual([])
  },
  { config: config() },
)

scenario(
  "an operator stops a rollback that is under way, and its pull request is closed",
  async (t) => {
    await provesItself(t)
    const bad = await promotes(t)
    await t.says(bad.pr, "olga", "/rollback")
    await t.quiet()
    const said = await t.says(bad.pr, "olga", "/abort it was something else")
    await t.quiet()
    expect(t.reactions(said)).toEqual(["portcullis[bot]: +1"])
    expect(opensBy(t)[0]?.state).toBe("closed")
    expect((await t.ledger()).findLast(({ type }) => type === "failed")).toMatchObject({ payload: { why: "aborted" } })
    const next = await t.openPullRequest()
    await t.check(next)
    await t.quiet()
    expect(t.gate(next)?.line).toBe("success | Open: 1 of 1 stage passed")
  },
  { config: config("{ merge: manual }") },
)

scenario(
  "the button on the check run of what landed takes it back, once",
  async (t) => {
    await provesItself(t)
    const bad = await promotes(t)
    const run = repositoryOf(t).checkRuns.findLast(
      ({ headSha, name }) => headSha === bad.sha && name === healthCheckName,
    )
    expect(run?.actions.map(({ label }) => label)).toEqual(["Roll back"])
    const press = { repo: t.repo, id: run?.id ?? 0, identifier: run?.actions[0]?.identifier ?? "" }
    await t.people.pressCheckButton({ ...press, by: "max" })
    await t.people.pressCheckButton({ ...press, by: "olga" })
    await t.quiet()
    expect(opensBy(t)).toHaveLength(1)
  },
  { config: config("{ merge: manual }") },
)

scenario(
  "on a branch that is not watched a change is taken back as well, and that is done when it has landed",
  async (t) => {
    const bad = await promotes(t, { files: { "src/bad.ts": "export const bad = true\n" }, method: "squash" })
    const said = await t.says(bad.pr, "olga", "/rollback it breaks the checkout")
    await t.quiet()
    expect(t.reactions(said)).toEqual(["portcullis[bot]: +1"])
    const number = opensBy(t)[0]?.number ?? 0
    await t.check({ number })
    await t.quiet()
    expect(opensBy(t).map(({ title, state }) => [title, state])).toEqual([["Revert #1", "merged"]])
    expect(await fileAt(t, "src/bad.ts")).toBeNull()
    expect((await t.ledgerTypes()).slice(-3)).toEqual(["promoted", "stage_changed", "rolled_back"])
  },
  { config: config("{ merge: auto }").replace(/\n *health:.*/, "") },
)

scenario(
  "what landed on a branch that is no promotion branch is not taken back, and the reason is told",
  async (t) => {
    await t.people.createBranch({ repo: t.repo, by: "max", branch: "topic" })
    const pr = await t.openPullRequest({ base: "topic" })
    await merges(t, pr)
    const said = await t.says(pr, "olga", "/rollback")
    await t.quiet()
    expect(t.reactions(said)).toEqual(["portcullis[bot]: confused"])
    expect(t.replies(pr).join("\n")).toContain("it is no promotion branch of the config")
    expect(opensBy(t)).toEqual([])
  },
  { config: config("{ merge: auto }") },
)

scenario(
  "a rollback whose commit is moved away by force has failed, and holds nothing up",
  async (t) => {
    const good = await provesItself(t)
    const bad = await promotes(t)
    await t.says(bad.pr, "olga", "/rollback")
    await t.quiet()
    const number = opensBy(t)[0]?.number ?? 0
    await t.check({ number })
    await t.quiet()
    await t.people.unprotectBranch({ repo: t.repo, branch: "main" })
    await t.people.pushBranch({ repo: t.repo, by: "olga", branch: "main", to: good, force: true })
    await t.quiet()
    const last = (await t.ledger()).findLast(({ type }) => type === "failed")
    expect(last?.payload).toMatchObject({ why: "overwritten" })
  },
  { config: config("{ merge: auto }") },
)
