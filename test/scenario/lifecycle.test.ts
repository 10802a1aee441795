import { expect } from "vitest"
import { enforceBuild, scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

scenario("closing without a merge aborts the promotion; reopening begins another", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  t.clock.advance(1000)
  await t.people.closePullRequest({ repo: t.repo, by: "max", number: pr.number })
  await t.quiet()
  t.clock.advance(1000)
  await t.people.reopenPullRequest({ repo: t.repo, by: "max", number: pr.number })
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  const runs = new Set((await t.ledger()).flatMap((entry) => (entry.runId === null ? [] : [entry.runId])))
  expect(runs.size).toBe(2)
})

scenario(
  "a merge through a shut gate is recorded as such",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr, { conclusion: "failure" })
    await t.quiet()
    expect(await t.tryMerge(pr, "olga")).toBeNull()
    await t.quiet()
    expect((await t.told()).slice(-3)).toMatchInlineSnapshot(`
      [
        [
          "promotion_bypassed by portcullis",
          {
            "block_reasons": [
              "checks-failed",
            ],
            "merged_by": "olga",
          },
        ],
        [
          "promoted by portcullis",
          {
            "merge_commit": "<sha>",
            "merged_by": "olga",
          },
        ],
        [
          "stage_changed by portcullis",
          {
            "landing": {
              "before": "<sha>",
              "commits": 1,
              "integrity": "clean",
              "position": 1,
            },
            "stage": "health",
            "status": "skipped",
          },
        ],
      ]
    `)
  },
  { requireGate: false },
)

scenario(
  "a pull request opened and merged before the app looked is recorded, too",
  async (t) => {
    const pr = await t.openPullRequest()
    expect(await t.tryMerge(pr)).toBeNull()
    await t.quiet()
    expect(await t.ledgerTypes(2)).toEqual(["proposed", "promotion_bypassed", "promoted", "stage_changed"])
  },
  { requireGate: false },
)

scenario("a pull request into a branch without rules has no gate; retargeted, it gets one", async (t) => {
  await t.people.createBranch({ repo: t.repo, by: "max", branch: "play" })
  const pr = await t.openPullRequest({ base: "play" })
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)).toBeNull()
  t.clock.advance(1000)
  await t.people.editPullRequest({ repo: t.repo, by: "max", number: pr.number, base: "main" })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  t.clock.advance(1000)
  await t.people.editPullRequest({ repo: t.repo, by: "max", number: pr.number, base: "play" })
  await t.quiet()
  expect((await t.ledgerTypes()).at(-1)).toBe("aborted")
})

scenario(
  "without a config file everything is judged and recorded, and nothing is held",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"neutral | Advisory, holds nothing: no check has reported yet, 0 of 1 stage passed"`,
    )
    await t.check(pr, { name: "anything" })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"success | Advisory: open, 1 of 1 stage passed"`)
    await t.says(pr, "olga", "/pause-promotion")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"neutral | Advisory, holds nothing: paused by @olga, 1 of 1 stage passed"`,
    )
    expect(await t.tryMerge(pr)).toBeNull()
    await t.quiet()
    expect((await t.ledgerTypes()).slice(-2)).toEqual(["promoted", "stage_changed"])
  },
  { config: null },
)

scenario("a changed config on the default branch judges all open pull requests anew", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  const stricter = enforceBuild.replace("[build]", "[build, lint]")
  await t.people.unprotectBranch({ repo: t.repo })
  await t.people.commit({ repo: t.repo, by: "olga", files: { ".github/promotion.yml": stricter } })
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"in_progress | Waiting: lint not passed yet, 0 of 1 stage passed"`)
})

scenario("a config in the pull request changes nothing about its own gate", async (t) => {
  const pr = await t.openPullRequest()
  await t.people.pushToPullRequest({
    repo: t.repo,
    by: "max",
    number: pr.number,
    files: { ".github/promotion.yml": "version: 1\nmode: advisory\n" },
  })
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"in_progress | Waiting: build not passed yet, 0 of 1 stage passed"`)
})

scenario("an invalid config leaves the last valid one in force, and the gate says so", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  await t.people.unprotectBranch({ repo: t.repo })
  const broken = enforceBuild.replace("require: [build]", "requires: [build]")
  await t.people.commit({ repo: t.repo, by: "olga", files: { ".github/promotion.yml": broken } })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
    "This pull request may be merged into \`main\`: every stage passed for exactly this commit.

    The newest \`.github/promotion.yml\` on the default branch is not valid (\`config-invalid\`). The last valid one stays in force. Next: mend these lines:

    - line 6, column 9 at \`branches.main.stages.0.checks.require\`: is missing: must be a list
    - line 6, column 19 at \`branches.main.stages.0.checks.requires\`: unknown key \`requires\`

    | stage | status | what was reported |
    | --- | --- | --- |
    | checks | ✅ passed | \`build\`: passed |

    **Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before.

    <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
  `)
  await t.people.commit({ repo: t.repo, by: "olga", files: { ".github/promotion.yml": enforceBuild } })
  await t.quiet()
  expect(t.gate(pr)?.summary).not.toContain("config-invalid")
  expect(
    (await t.ledger()).filter((entry) => entry.type === "config_changed").map((entry) => entry.payload.status),
  ).toEqual(["valid", "invalid", "valid"])
})

scenario("of very many mistakes in the config the first are shown, and all are counted", async (t) => {
  const pr = await t.openPullRequest()
  await t.people.unprotectBranch({ repo: t.repo })
  const many = Array.from({ length: 24 }, (_, index) => `key${index}: 1\n`).join("")
  await t.people.commit({ repo: t.repo, by: "olga", files: { ".github/promotion.yml": `version: 1\n${many}` } })
  await t.quiet()
  expect(t.gate(pr)?.summary).toContain("`key19`\n- and 4 more\n")
  expect((await t.told()).findLast(([what]) => what.startsWith("config_changed"))?.[1]).toMatchObject({ problems: 24 })
})

scenario(
  "a config that was never valid holds the gate shut",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: the gate's config is not valid, 1 of 1 stage passed"`,
    )
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request must not be merged into \`main\` yet:

      - **config-invalid** — \`.github/promotion.yml\` on the default branch is not valid, and no valid version of it is known. Next: mend the lines below, on the default branch.

      Problems in \`.github/promotion.yml\`:

      - line 2, column 1 at \`mode\`: must be \`advisory\` or \`enforce\`, not the text \`enforced\`
      - line 3, column 1 at \`stages\`: unknown key \`stages\`

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | every check: passed |

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
  },
  { config: "version: 1\nmode: enforced\nstages: [checks]\n" },
)

scenario(
  "installed on a repository with open pull requests, it gives each a gate",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)).toBeNull()
    await t.install()
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("success")
  },
  { installed: false },
)

scenario("removed and installed again, it goes on with the same ledger", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  const installation = [...t.github.state.installations.values()].find((one) => one.app.slug === "portcullis")
  if (installation === undefined) throw new Error("not installed")
  await t.people.uninstallApp({ installationId: installation.id })
  await t.quiet()
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBeNull()
  await t.install()
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  expect((await t.ledgerTypes()).filter((type) => type === "installation_changed")).toHaveLength(3)
})

scenario("two pull requests on one commit: the commit is green only when both gates are open", async (t) => {
  await t.people.createBranch({ repo: t.repo, by: "max", branch: "release" })
  const rules = `${enforceBuild}  release:\n    stages: []\n`
  await t.people.unprotectBranch({ repo: t.repo })
  await t.people.commit({ repo: t.repo, by: "olga", files: { ".github/promotion.yml": rules } })
  const first = await t.openPullRequest()
  await t.check(first, { conclusion: "failure" })
  await t.quiet()
  const second = await t.people.openPullRequest({ repo: t.repo, by: "max", head: "feature-1", base: "release" })
  await t.quiet()
  expect(t.gate(second)?.line).toMatchInlineSnapshot(
    `"failure | Blocked: its commit is also that of #1, whose gate is shut"`,
  )
  await t.check(first, { newRun: true })
  await t.quiet()
  expect(t.gate(second)?.line).toMatchInlineSnapshot(`"success | Open: no stage required"`)
  t.clock.advance(1000)
  await t.people.label({ repo: t.repo, by: "olga", number: first.number, label: "Promotion-Paused" })
  await t.quiet()
  expect(t.gate(second)?.conclusion).toBe("failure")
  t.clock.advance(1000)
  await t.people.closePullRequest({ repo: t.repo, by: "max", number: first.number })
  await t.quiet()
  expect(t.gate(second)?.conclusion).toBe("success")
})

scenario("a closing that was never heard of is found by the sweep", async (t) => {
  const merged = await t.openPullRequest()
  const closed = await t.openPullRequest()
  await t.check(merged)
  await t.quiet()
  t.clock.advance(1000)
  expect(await t.tryMerge(merged)).toBeNull()
  await t.people.closePullRequest({ repo: t.repo, by: "max", number: closed.number })
  t.github.deliveries.takePending()
  t.github.faults.requests({ path: /hook\/deliveries/ }, { kind: "server-error" })
  await t.app.sweep()
  await t.quiet()
  expect((await t.ledgerTypes()).slice(-3).toSorted()).toEqual(["aborted", "promoted", "stage_changed"])
})

scenario("a renamed repository keeps its state", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  const { repo } = await t.people.renameRepository({ repo: t.repo, by: "olga", name: "store" })
  await t.people.reportCheck({ repo, pull: pr.number, name: "build", conclusion: "success" })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})
