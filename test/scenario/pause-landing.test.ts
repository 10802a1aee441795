import { expect } from "vitest"
import { gateCheckName } from "../../src/report/check-run.ts"
import { findRepository } from "../github/access.ts"
import { enforceBuild, scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

/** The gate is green, and a check that the app knows nothing of is still to come. */
async function green(t: Scenario): Promise<OpenedPullRequest> {
  await t.people.configureRepository({ repo: t.repo, allowAutoMerge: true })
  const gate = { name: gateCheckName, app: "portcullis" }
  await t.people.protectBranch({ repo: t.repo, checks: [gate, "slow"], enforceAdmins: true })
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  return pr
}

function lands(t: Scenario, pr: OpenedPullRequest): string {
  const repository = findRepository(t.github.state, t.repo)
  const pull = repository?.pulls.get(pr.number)
  const queued = repository?.queueEntries.some((entry) => entry.pull === pull) === true
  return [pull?.autoMerge ? "auto-merge" : "", queued ? "queued" : ""].filter(Boolean).join() || "not by itself"
}

const by = "max"

scenario("a pause switches auto-merge off, and again when somebody switches it on meanwhile", async (t) => {
  const pr = await green(t)
  const { repo } = t
  await t.people.enableAutoMerge({ repo, by, number: pr.number })
  await t.quiet()
  await t.says(pr, "olga", "/pause-promotion incident 42")
  await t.quiet()
  expect(lands(t, pr)).toBe("not by itself")
  expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
    "This pull request must not be merged into \`main\` yet:

    - **promotion-paused** — &#64;olga paused all promotions of this repository: “incident 42”. Next: somebody with the \`write\` role comments \`/resume-promotion\`.

    | stage | status | what was reported |
    | --- | --- | --- |
    | checks | ✅ passed | \`build\`: passed |

    **Auto-merge is off**: GitHub's auto-merge was on while promotions were paused, and was switched off. Next: once the pause is over, a person switches it on again; Portcullis does not.

    <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
  `)
  await t.people.enableAutoMerge({ repo, by, number: pr.number })
  await t.quiet()
  expect(lands(t, pr)).toBe("not by itself")
  await t.says(pr, "olga", "/resume-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  expect(t.gate(pr)?.summary).toContain("a person switches it on again")
  expect(lands(t, pr)).toBe("not by itself")
  await t.people.enableAutoMerge({ repo, by, number: pr.number })
  await t.quiet()
  expect(lands(t, pr)).toBe("auto-merge")
  t.clock.advance(61_000)
  await t.quiet()
  expect(t.gate(pr)?.summary).not.toContain("a person switches it on again")
})

scenario("a pause takes a pull request out of the merge queue, and nobody else puts it back", async (t) => {
  await t.people.requireMergeQueue({ repo: t.repo })
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  await t.people.enqueuePullRequest({ repo: t.repo, by, number: pr.number })
  await t.quiet()
  expect(lands(t, pr)).toBe("queued")
  await t.says(pr, "olga", "/pause-promotion --pr not this one")
  await t.quiet()
  expect(lands(t, pr)).toBe("not by itself")
  expect(t.gate(pr)?.summary).toContain(
    "**Out of the merge queue**: this pull request was in GitHub's merge queue while promotions were paused, and was taken out. Next: once the pause is over, a person puts it back; Portcullis does not.",
  )
  await t.says(pr, "olga", "/resume-promotion")
  await t.quiet()
  expect(lands(t, pr)).toBe("not by itself")
})

scenario("what is out of the pause's scope stays on its way", async (t) => {
  const [paused, other] = [await green(t), await green(t)]
  for (const { number } of [paused, other]) await t.people.enableAutoMerge({ repo: t.repo, by, number })
  await t.quiet()
  await t.says(paused, "olga", "/pause-promotion --pr")
  await t.quiet()
  expect([lands(t, paused), lands(t, other)]).toEqual(["not by itself", "auto-merge"])
})

scenario(
  "what GitHub refuses is said, and not asked again and again",
  async (t) => {
    const installation = [...t.github.state.installations.values()].find(({ app }) => app.id === t.credentials.appId)
    if (installation !== undefined) installation.permissions["merge_queues"] = "read"
    await t.restart()
    await t.people.requireMergeQueue({ repo: t.repo, settings: { min_entries_to_merge: 5, max_entries_to_merge: 5 } })
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    await t.people.enqueuePullRequest({ repo: t.repo, by, number: pr.number })
    await t.quiet()
    await t.says(pr, "olga", "/pause-promotion")
    await t.quiet()
    expect(lands(t, pr)).toBe("queued")
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request must not be merged into \`main\` yet:

      - **promotion-paused** — &#64;olga paused all promotions of this repository. Next: somebody with the \`write\` role comments \`/resume-promotion\`.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      **Still in the merge queue**: promotions are paused, and GitHub refused to take this pull request out (“Resource not accessible by integration”). Next: a person does it by hand. This gate is shut all the same.

      **Portcullis is not set up soundly here**

      - The gate is not required on \`main\`, so GitHub lets anybody merge although it is shut. Next: require the check \`Promotion gate\` of this app, in a ruleset or in branch protection.

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
    t.github.calls.clear()
    await t.people.label({ repo: t.repo, by: "olga", number: pr.number, label: "bug" })
    await t.app.sweep()
    await t.quiet()
    expect(t.github.calls.all().filter(({ graphqlName }) => graphqlName === "Dequeue")).toEqual([])
  },
  { requireGate: false },
)

scenario(
  "in advisory mode a pause takes nothing off its way",
  async (t) => {
    const pr = await green(t)
    await t.people.enableAutoMerge({ repo: t.repo, by, number: pr.number })
    await t.says(pr, "olga", "/pause-promotion")
    await t.quiet()
    expect(lands(t, pr)).toBe("auto-merge")
  },
  { config: enforceBuild.replace("enforce", "advisory") },
)
