import { expect } from "vitest"
import { configCheckName } from "../../src/report/config-check.ts"
import { enforceBuild, scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

const path = ".github/promotion.yml"

/** The config of these scenarios, with other checks than `build`. */
const requiring = (require: string): string => enforceBuild.replace("[build]", `[${require}]`)

const reviewed = `version: 1
mode: enforce
branches: { main: { stages: [{ checks: { require: [build] } }, policy, review] } }
review: { low: { approvals: 0 } }
`

/** Opens a pull request with this config, or without any, whose check has passed. */
async function proposes(t: Scenario, text: string | null, by = "max"): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest({ by, files: { [path]: text } })
  await t.check(pr)
  await t.quiet()
  return pr
}

scenario("a config that only tightens is shown, and holds nothing", async (t) => {
  const pr = await proposes(t, requiring("build, test"))
  expect(t.configCheck(pr)).toMatchInlineSnapshot(`
    {
      "conclusion": "success",
      "line": "success | Valid: loosens nothing, 1 rule changed",
      "remarks": [],
      "status": "completed",
      "summary": "This pull request changes \`.github/promotion.yml\`, the config of the gate that holds merges here. The file is valid, and nothing passes under it that is held now.

    | rule | now | becomes | what that does |
    | --- | --- | --- | --- |
    | \`branches.main.stages.checks.require\` | – | \`test\` | tightens |

    **What would change for open promotions**

    There is no other open promotion that could be judged.

    <sub>As of when this was written; press “Re-run” to have it judged again.</sub>

    <sub>head \`<short sha>\` · into \`main\`</sub>",
      "title": "Valid: loosens nothing, 1 rule changed",
    }
  `)
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"success | Open: 1 of 1 stage passed"`)
  expect(await t.tryMerge(pr)).toBeNull()
})

scenario("a config that loosens waits for an operator, on a branch that asks for nothing but checks", async (t) => {
  const pr = await proposes(t, requiring("'*'"))
  expect(t.configCheck(pr)?.line).toMatchInlineSnapshot(`"failure | Loosens 1 rule: an operator has to approve"`)
  expect(t.configCheck(pr)?.summary).toMatchInlineSnapshot(`
    "This pull request changes \`.github/promotion.yml\`, the config of the gate that holds merges here. The file is valid, but 1 rule lets pass what is held now, or may do so. Next: have an operator (the \`maintain\` role) who had no hand in it approve, in a GitHub review or by \`/approve\`. Until then the gate stays shut.

    | rule | now | becomes | what that does |
    | --- | --- | --- | --- |
    | \`branches.main.stages.checks.require\` | \`build\` | – | ⚠️ loosens |
    | \`branches.main.stages.checks.require\` | – | \`*\` | tightens |

    **What would change for open promotions**

    There is no other open promotion that could be judged.

    <sub>As of when this was written; press “Re-run” to have it judged again.</sub>

    <sub>head \`<short sha>\` · into \`main\`</sub>"
  `)
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(
    `"failure | Blocked: this change loosens the gate's own config, 1 of 1 stage passed"`,
  )
  expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
    "This pull request must not be merged into \`main\` yet:

    - **protected-path** — this change loosens the gate's own config: 1 rule lets pass what is held now, or may do so. Next: have an operator (the \`maintain\` role) who had no hand in it approve, in a GitHub review or by \`/approve\`; the check run \`Promotion config\` names every rule.

    | stage | status | what was reported |
    | --- | --- | --- |
    | checks | ✅ passed | \`build\`: passed |

    **Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before.

    <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
  `)
  await t.people.createUser({ login: "wanda" })
  await t.people.addCollaborator({ repo: t.repo, login: "wanda", role: "write" })
  await t.reviews(pr, "wanda")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  await t.reviews(pr, "olga")
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"success | Open: 1 of 1 stage passed"`)
  expect(t.configCheck(pr)?.line).toMatchInlineSnapshot(`"success | Loosens 1 rule: approved by an operator"`)
  expect(await t.tryMerge(pr)).toBeNull()
})

scenario("an operator approves a change of the config by a comment, too, and a push takes that back", async (t) => {
  const pr = await proposes(t, requiring("'*'"))
  t.clock.advance(60_000)
  await t.says(pr, "olga", "/approve")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  await t.push(pr, "max", { [path]: "version: 1\n" })
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  expect(t.configCheck(pr)?.line).toMatchInlineSnapshot(`"failure | Loosens 2 rules: an operator has to approve"`)
})

scenario("an operator does not approve what is their own", async (t) => {
  const pr = await proposes(t, requiring("'*'"), "olga")
  t.clock.advance(60_000)
  await t.says(pr, "olga", "/approve")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "\`/approve\` was refused: you are the author of this pull request.

    <!-- portcullis:comment:<id> -->",
    ]
  `)
})

scenario("a file that is not valid is told line by line, and no approval lets it pass", async (t) => {
  const pr = await proposes(t, `${enforceBuild}polcy: {}\nreview: { low: { approvals: many } }\n`)
  expect(t.configCheck(pr)).toMatchInlineSnapshot(`
    {
      "conclusion": "failure",
      "line": "failure | Not valid: 2 problems",
      "remarks": [
        ".github/promotion.yml:7 failure: unknown key \`polcy\`",
        ".github/promotion.yml:8 failure: must be a number, not the text \`many\`",
      ],
      "status": "completed",
      "summary": "This pull request changes \`.github/promotion.yml\`, the config of the gate that holds merges here. As it stands here, the file is not valid, and the gate stays shut. Next: mend what is listed below, and push.

    - line 7, column 1 at \`polcy\`: unknown key \`polcy\`
    - line 8, column 18 at \`review.low.approvals\`: must be a number, not the text \`many\`

    <sub>head \`<short sha>\` · into \`main\`</sub>",
      "title": "Not valid: 2 problems",
    }
  `)
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(
    `"failure | Blocked: the gate's config would not be valid any more, 1 of 1 stage passed"`,
  )
  expect(t.gate(pr)?.summary).toContain("Promotion config")
  await t.reviews(pr, "olga")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  await t.push(pr, "max", { [path]: requiring("build, test") })
  await t.check(pr)
  await t.quiet()
  expect(t.configCheck(pr)).toMatchObject({ conclusion: "success", remarks: [] })
  expect(t.gate(pr)?.conclusion).toBe("success")
})

scenario("to take the file away takes an operator", async (t) => {
  const pr = await proposes(t, null)
  expect(t.configCheck(pr)?.line).toMatchInlineSnapshot(
    `"failure | Removes the gate's config: an operator has to approve"`,
  )
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(
    `"failure | Blocked: this change removes the gate's own config, 1 of 1 stage passed"`,
  )
  await t.reviews(pr, "olga")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})

scenario(
  "a branch that is only behind changes no config",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.people.commit({ repo: t.repo, by: "olga", files: { [path]: requiring("build, test") } })
    await t.check(pr)
    await t.check(pr, { name: "test" })
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("success")
    expect(t.configCheck(pr)).toBeNull()
    expect(await t.database.prisma.proposedConfig.count()).toBe(0)
  },
  { requireGate: false },
)

scenario("what is taken back by a later push is said no more", async (t) => {
  const pr = await proposes(t, requiring("'*'"))
  await t.push(pr, "max", { [path]: enforceBuild, "src/other.ts": "export {}\n" })
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  expect(t.configCheck(pr)).toBeNull()
})

scenario("it is told what another config would make of the open promotions", async (t) => {
  const open = await t.openPullRequest()
  await t.check(open)
  const shut = await t.openPullRequest()
  await t.check(shut, { conclusion: "failure" })
  await t.openPullRequest()
  await t.quiet()
  const pr = await t.openPullRequest({
    files: { [path]: requiring("test").replace("version: 1\n", "version: 1\nreview: { low: { approvals: 2 } }\n") },
  })
  await t.check(pr)
  await t.quiet()
  expect(t.configCheck(pr)?.summary.split("**What would change")[1]).toMatchInlineSnapshot(`
    " for open promotions**

    Of 3 other open promotions 2 would be judged otherwise:

    - #1: now open; then shut (checks-pending)
    - #2: now shut (checks-failed); then shut (checks-pending)

    <sub>As of when this was written; press “Re-run” to have it judged again.</sub>

    <sub>head \`<short sha>\` · into \`main\`</sub>"
  `)
})

scenario(
  "an agent's change of the config is held by the policy and for what it loosens",
  async (t) => {
    const pr = await proposes(t, reviewed.replace("policy, review", "policy"), "shipwright[bot]")
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: this change loosens the gate's own config, 2 of 3 stages passed"`,
    )
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request must not be merged into \`main\` yet:

      - **protected-path** — this change loosens the gate's own config: 1 rule lets pass what is held now, or may do so. Next: have an operator (the \`maintain\` role) who had no hand in it approve, in a GitHub review or by \`/approve\`; the check run \`Promotion config\` names every rule. Besides, an agent may not change protected paths on its own. Next: have an operator (the \`maintain\` role) who had no hand in it approve, in a GitHub review or by \`/approve\`.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |
      | policy | ❌ failed | 1 violation: protected-path |
      | review | ✅ passed | low risk: no approval needed |

      **What the policy found**

      - \`.github/promotion.yml\`: \`.github/promotion.yml\` is protected: an agent may not change it on its own. An operator may let it pass by approving.

      **Risk: low**

      - low: no rule makes it more than that

      Taken for an agent's work: its author is an app.

      **Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before.

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("success")
  },
  { config: reviewed },
)

scenario(
  "in advisory mode it is said, and holds nothing",
  async (t) => {
    const pr = await proposes(t, "version: 1\nmode: advisory\nbranches: { main: { stages: [] } }\n")
    expect(t.configCheck(pr)?.line).toMatchInlineSnapshot(`"neutral | Loosens 1 rule: an operator has to approve"`)
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"neutral | Advisory, holds nothing: this change loosens the gate's own config, 1 of 1 stage passed"`,
    )
  },
  { config: "version: 1\n", requireGate: false },
)

scenario("rules that nobody has read yet count as loosening", async (t) => {
  const pr = await proposes(t, `_extends: .github\n${enforceBuild}`)
  expect(t.configCheck(pr)?.line).toMatchInlineSnapshot(
    `"failure | Cannot be told what it loosens: an operator has to approve"`,
  )
  expect(t.configCheck(pr)?.summary).toMatchInlineSnapshot(`
    "This pull request changes \`.github/promotion.yml\`, the config of the gate that holds merges here. It takes rules from \`.github/promotion.yml\` of \`acme/.github\`, which the config in force does not, and which is not read yet. What this loosens cannot be told, so it counts as loosening. Next: have an operator (the \`maintain\` role) who had no hand in it approve, in a GitHub review or by \`/approve\`. Until then the gate stays shut.

    <sub>head \`<short sha>\` · into \`main\`</sub>"
  `)
})

scenario('"Re-run" has it judged again', async (t) => {
  const pr = await proposes(t, requiring("build, test"))
  const repository = t.github.state.repositories.get(t.repositoryId)
  const run = repository?.checkRuns.find(({ name }) => name === configCheckName)
  t.github.calls.clear()
  await t.people.rerunCheck({ repo: t.repo, by: "max", id: run?.id ?? 0 })
  await t.quiet()
  expect(t.github.calls.work().map(({ method, template }) => `${method} ${template}`)).toMatchInlineSnapshot(`
    [
      "POST /graphql",
      "PATCH /repos/:owner/:repo/check-runs/:id",
      "PATCH /repos/:owner/:repo/check-runs/:id",
    ]
  `)
  expect(t.configCheck(pr)?.conclusion).toBe("success")
})

scenario("a crash after the gate, while the other check run is made, leaves one of each", async (t) => {
  const pr = await t.openPullRequest({ files: { [path]: requiring("'*'") } })
  await t.check(pr)
  const lost = t.github.faults.requests(
    { method: "POST", path: /check-runs$/, after: 1 },
    { kind: "network", effect: "after" },
  )
  t.tolerateErrors()
  await t.app.deliver()
  await t.app.work.drain()
  while (lost.fired() === 0) await t.app.step()
  await t.restart()
  await t.quiet()
  const runs = t.github.state.repositories.get(t.repositoryId)?.checkRuns.filter(({ app }) => app.slug === "portcullis")
  expect(runs?.map(({ name, conclusion }) => `${name}: ${conclusion}`)).toEqual([
    "Promotion gate: failure",
    "Promotion config: failure",
  ])
  expect(await t.database.prisma.gateReport.count({ where: { shownDigest: null } })).toBe(0)
})

scenario(
  "more rules than can be tried in good time are not tried on the open promotions",
  async (t) => {
    const large = await t.openPullRequest({ files: { "src/large.ts": "const one = 1\n".repeat(5000) } })
    await t.check(large)
    await t.quiet()
    const rules = Array.from({ length: 200 }, (_, index) => `    - { name: rule ${index}, added: "(a|b)+${index}" }`)
    const pr = await proposes(t, `${reviewed}policy:\n  content:\n${rules.join("\n")}\n`)
    expect(t.configCheck(pr)?.summary).toContain(
      `Not judged, because that takes asking GitHub first, or too long: 1 (#${large.number}).`,
    )
  },
  { config: reviewed },
)

/** Two globs of which the wider covers the other; lines between them let git merge a change of each. */
const protecting = (...globs: string[]): string => {
  const [wide, narrow] = ["deploy/**", "deploy/prod/**"].map((glob) => (globs.includes(glob) ? [glob] : []))
  const lines = [...(wide ?? []), "x1", "x2", "x3", ...(narrow ?? [])].map((glob) => `    - "${glob}"\n`)
  return `${enforceBuild}policy:\n  protected_paths:\n${lines.join("")}`
}

scenario(
  "two changes that each keep a path protected do not take its protection away together",
  async (t) => {
    const [one, two] = [await proposes(t, protecting("deploy/prod/**")), await proposes(t, protecting("deploy/**"))]
    expect(t.gate(two)?.conclusion).toBe("success")
    t.clock.advance(3000)
    await t.says(one, "olga", "/approve")
    await t.quiet()
    expect(await t.tryMerge(one)).toBeNull()
    await t.quiet()
    expect(t.configCheck(two)?.line).toMatchInlineSnapshot(`"failure | Loosens 1 rule: an operator has to approve"`)
    expect(t.configCheck(two)?.summary).toContain("the merge mixes both; update the branch")
    expect(await t.tryMerge(two)).toMatchInlineSnapshot(`"Required status check "Promotion gate" is failing."`)
  },
  { config: protecting("deploy/**", "deploy/prod/**") },
)

scenario(
  "an approval counts for the comparison with the config of its time only",
  async (t) => {
    const pr = await proposes(t, requiring("'*'"))
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.configCheck(pr)?.line).toBe("success | Loosens 1 rule: approved by an operator")
    const landed = enforceBuild.replace("version: 1\n", "version: 1\nreview: { low: { approvals: 2 } }\n")
    await t.people.commit({ repo: t.repo, by: "olga", files: { [path]: landed } })
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("failure")
    expect(t.gate(pr)?.summary).toContain("that approval was of another comparison and does not count here. Next: have")
    expect(t.configCheck(pr)?.line).toMatchInlineSnapshot(`"failure | Loosens 3 rules: an operator has to approve"`)
    expect(t.configCheck(pr)?.summary.split("\n")[0]).toMatchInlineSnapshot(
      `"This pull request changes \`.github/promotion.yml\`, the config of the gate that holds merges here. The file is valid, but 3 rules let pass what is held now, or may do so. The config in force has changed since this was approved, so that approval was of another comparison and does not count here. Next: have an operator (the \`maintain\` role) who had no hand in it approve, in a GitHub review or by \`/approve\`. Until then the gate stays shut."`,
    )
    await t.restart()
    t.clock.advance(60_000)
    await t.says(pr, "olga", "/approve")
    await t.quiet()
    expect(t.configCheck(pr)?.line).toMatchInlineSnapshot(`"success | Loosens 3 rules: approved by an operator"`)
    expect(t.gate(pr)?.conclusion).toBe("success")
  },
  { requireGate: false },
)
