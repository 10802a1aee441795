import { expect } from "vitest"
import { findRepository } from "../github/access.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

const config = `version: 1
mode: enforce
branches:
  main: { stages: [{ checks: { require: [build] } }] }
  "release/*": { stages: [] }
pause: { hard_stop: true }
`

const options = { config, requireGate: false }

/** What the admin of the repository does: grants what app.yml does not ask for. */
async function grant(t: Scenario, level: "read" | "write" = "write"): Promise<void> {
  const found = [...t.github.state.installations.values()].find(({ app }) => app.id === t.credentials.appId)
  if (found !== undefined) found.permissions["administration"] = level
  await t.restart()
}

/** The rulesets as `name: refs, who may pass`. */
function rulesets(t: Scenario): string[] {
  return (findRepository(t.github.state, t.repo)?.rulesets ?? []).map(
    ({ name, include, enforcement, bypassActors }) => {
      const by = bypassActors.map(({ actor_id: id }) => (id === t.credentials.appId ? "Portcullis" : "another"))
      return `${name} (${enforcement}): ${include.join()}, but ${by.join()}`
    },
  )
}

async function green(t: Scenario): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  return pr
}

function receipt(t: Scenario, pr: OpenedPullRequest): string {
  return (t.replies(pr).findLast((body) => body.includes("portcullis:receipt:")) ?? "").replace(/\n\n<!--.*-->$/, "")
}

scenario(
  "while everything is paused nobody can update a promotion branch, and afterwards everybody can",
  async (t) => {
    await grant(t)
    const pr = await green(t)
    await t.says(pr, "olga", "/pause-promotion incident 42")
    await t.quiet()
    expect(rulesets(t)).toEqual(["Portcullis hard stop (active): refs/heads/main,refs/heads/release/*, but Portcullis"])
    expect(receipt(t, pr)).toMatchInlineSnapshot(`
      "Promotions are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile.

      The hard stop is in force: while the pause holds, nobody but Portcullis can update \`main\`, \`release/*\`."
    `)
    expect(await t.tryMerge(pr, "olga")).toContain("Cannot update this protected ref")
    await t.says(pr, "olga", "/pause-promotion --branch main")
    await t.says(pr, "olga", "/pause-promotion --pr")
    await t.quiet()
    expect(rulesets(t)).toHaveLength(1)
    await t.says(pr, "olga", "/resume-promotion")
    await t.quiet()
    expect(rulesets(t)).toEqual([])
    expect(await t.tryMerge(pr, "olga")).toBeNull()
    expect(await t.database.prisma.hardStop.findMany()).toEqual([])
  },
  options,
)

scenario(
  "a pause of one branch shuts that branch, of one pull request none; the last that ends lifts it",
  async (t) => {
    await grant(t)
    const pr = await green(t)
    await t.says(pr, "olga", "/pause-promotion --pr")
    await t.quiet()
    expect(rulesets(t)).toEqual([])
    await t.says(pr, "olga", "/pause-promotion --branch main --for 1h")
    await t.quiet()
    expect(rulesets(t)).toEqual(["Portcullis hard stop (active): refs/heads/main, but Portcullis"])
    t.clock.advance(3600_000)
    await t.quiet()
    expect(rulesets(t)).toEqual([])
  },
  options,
)

scenario(
  "a hard stop that somebody changes or deletes is healed by the sweep, and others' rulesets are left alone",
  async (t) => {
    await grant(t)
    const theirs = { repo: t.repo, by: "olga", name: "Ours", rules: [{ type: "deletion" as const }] }
    await t.people.createRuleset(theirs)
    const pr = await green(t)
    await t.says(pr, "olga", "/pause-promotion --branch main")
    await t.quiet()
    const stop = "Portcullis hard stop (active): refs/heads/main, but Portcullis"
    const found = findRepository(t.github.state, t.repo)?.rulesets.find(({ name }) => name === "Portcullis hard stop")
    if (found !== undefined) found.enforcement = "disabled"
    await t.app.sweep()
    await t.quiet()
    expect(rulesets(t)).toEqual(["Ours (active): ~DEFAULT_BRANCH, but ", stop])
    await t.people.deleteRuleset({ repo: t.repo, by: "olga", id: found?.id ?? 0 })
    await t.app.sweep()
    await t.quiet()
    expect(rulesets(t)).toEqual(["Ours (active): ~DEFAULT_BRANCH, but ", stop])
    await t.says(pr, "olga", "/resume-promotion")
    await t.quiet()
    expect(rulesets(t)).toEqual(["Ours (active): ~DEFAULT_BRANCH, but "])
  },
  options,
)

scenario(
  "without the permission it says that it is not in force, and tries again once an hour",
  async (t) => {
    const pr = await green(t)
    await t.says(pr, "olga", "/pause-promotion")
    await t.quiet()
    expect(receipt(t, pr)).toMatchInlineSnapshot(`
      "Promotions are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile.

      **The hard stop is not in force**: Resource not accessible by integration. Next: grant the app the repository permission \`administration: write\` on its installation's page, and see that no other ruleset is named \`Portcullis hard stop\`. It is tried again every hour."
    `)
    t.clock.advance(61_000)
    await t.quiet()
    expect(t.gate(pr)?.summary).toContain("**The hard stop is not in force**: Resource not accessible by integration.")
    t.github.calls.clear()
    await t.app.sweep()
    await t.quiet()
    expect(t.github.calls.all().filter(({ path }) => path.includes("/rulesets"))).toEqual([])
    await grant(t)
    t.clock.advance(3600_000)
    await t.quiet()
    expect(rulesets(t)).toHaveLength(1)
    t.clock.advance(61_000)
    await t.quiet()
    expect(t.gate(pr)?.summary).not.toContain("hard stop")
  },
  options,
)

scenario(
  "a hard stop whose permission was taken away outlives its pause, and the gates say so",
  async (t) => {
    await grant(t)
    const pr = await green(t)
    await t.says(pr, "olga", "/pause-promotion")
    await t.quiet()
    await grant(t, "read")
    await t.says(pr, "olga", "/resume-promotion")
    await t.quiet()
    t.clock.advance(61_000)
    await t.quiet()
    expect(t.gate(pr)?.title).toContain("Open")
    expect(await t.tryMerge(pr, "olga")).toContain("Cannot update this protected ref")
    const told = (): string[] => (t.gate(pr)?.summary ?? "").split("\n\n").filter((text) => text.includes("hard stop"))
    expect(told()).toMatchInlineSnapshot(`
      [
        "**The hard stop may still shut \`main\`, although no pause is over it**: GitHub did not let the app change or delete the ruleset (Resource not accessible by integration). Next: delete the ruleset \`Portcullis hard stop\` by hand in the repository's settings, or grant the app the repository permission \`administration: write\` on its installation's page. It is tried again every hour.",
      ]
    `)
    t.github.calls.clear()
    await t.app.sweep()
    await t.quiet()
    expect(t.github.calls.all().filter(({ path }) => path.includes("/rulesets/"))).toEqual([])
    await grant(t)
    t.clock.advance(3600_000)
    await t.quiet()
    t.clock.advance(61_000)
    await t.quiet()
    expect(rulesets(t)).toEqual([])
    expect(told()).toEqual([])
    expect(await t.tryMerge(pr, "olga")).toBeNull()
  },
  options,
)

scenario(
  "a pause that wants something else than what was refused is not put off for an hour",
  async (t) => {
    const pr = await green(t)
    await t.says(pr, "olga", "/pause-promotion --branch main")
    await t.quiet()
    await grant(t)
    await t.says(pr, "olga", "/pause-promotion")
    await t.quiet()
    expect(rulesets(t)).toHaveLength(1)
  },
  options,
)

scenario(
  "a ruleset of that name that is somebody else's is never touched",
  async (t) => {
    await grant(t)
    await t.people.createRuleset({
      repo: t.repo,
      by: "olga",
      name: "Portcullis hard stop",
      rules: [{ type: "update" }],
      bypassApps: ["other-ci"],
    })
    const pr = await green(t)
    await t.says(pr, "olga", "/pause-promotion")
    await t.quiet()
    expect(receipt(t, pr)).toContain("**The hard stop is not in force**: Validation Failed")
    await t.says(pr, "olga", "/resume-promotion")
    await t.quiet()
    expect(rulesets(t)).toEqual(["Portcullis hard stop (active): ~DEFAULT_BRANCH, but another"])
  },
  options,
)

scenario(
  "an unanswered creation makes no second one",
  async (t) => {
    t.tolerateErrors()
    await grant(t)
    const pr = await green(t)
    t.github.faults.requests({ method: "POST", path: /rulesets$/ }, { kind: "network", effect: "after" })
    await t.says(pr, "olga", "/pause-promotion --branch main")
    await t.quiet()
    expect(rulesets(t)).toHaveLength(1)
    await t.says(pr, "olga", "/resume-promotion")
    await t.quiet()
    expect(rulesets(t)).toEqual([])
  },
  options,
)
