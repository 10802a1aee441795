import { expect } from "vitest"
import { findRepository } from "../github/access.ts"
import { healthOf, landedBy } from "../harness/after-merge.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: { window: 15m }
`

/** Three pull requests that a merge queue lands together, by squashes. */
async function landsThree(t: Scenario): Promise<OpenedPullRequest[]> {
  await t.people.requireMergeQueue({ repo: t.repo, method: "SQUASH", settings: { min_entries_to_merge: 3 } })
  const pulls: OpenedPullRequest[] = []
  for (const name of ["a", "b", "c"]) {
    const pr = await t.openPullRequest({ files: { [`src/${name}.ts`]: `export const ${name} = true\n` } })
    await t.check(pr)
    await t.quiet()
    await t.people.enqueuePullRequest({ repo: t.repo, by: "max", number: pr.number })
    pulls.push(pr)
  }
  await t.quiet()
  const entries = findRepository(t.github.state, t.repo)?.queueEntries ?? []
  for (const sha of entries.map(({ group }) => group?.headSha ?? "")) {
    await t.people.reportCheck({ repo: t.repo, sha, name: "build", app: "github-actions", conclusion: "success" })
  }
  await t.quiet()
  return pulls
}

/** How each landing compared, in the order of the branch. */
async function integrities(t: Scenario): Promise<string[]> {
  return (await t.ledger()).flatMap(({ type, payload, pullRequest }) =>
    type === "stage_changed" && payload.landing != null ? [`#${pullRequest}: ${payload.landing.integrity}`] : [],
  )
}

scenario(
  "a group of the merge queue lands as it was approved, each of its pull requests by itself",
  async (t) => {
    const pulls = await landsThree(t)
    expect(await integrities(t)).toEqual(["#1: clean", "#2: clean", "#3: clean"])
    const types = await t.ledgerTypes()
    expect(types.filter((type) => type === "promotion_bypassed" || type === "landing_mismatch")).toEqual([])
    for (const pr of pulls) expect(healthOf(t, landedBy(t, pr))?.status).toBe("in_progress")
  },
  { config },
)

for (const when of ["made", "moved"] as const) {
  scenario(
    `a group in which each squash undoes the one before, as on 2026-04-23, is found (${when === "made" ? "tested like that" : "tested otherwise than it landed"})`,
    async (t) => {
      await t.people.landWrongly({ repo: t.repo, when })
      const [first, , third] = await landsThree(t)
      expect(await integrities(t)).toEqual(["#1: clean", "#2: mismatch", "#3: mismatch"])
      const mismatches = (await t.ledger()).filter(({ type }) => type === "landing_mismatch")
      expect(mismatches.map(({ payload }) => payload)).toMatchObject([
        { lost: ["src/a.ts"], added: [], altered: [] },
        { lost: ["src/b.ts"], added: [], altered: [] },
      ])
      if (first === undefined || third === undefined) return expect.fail("three pull requests")
      expect(healthOf(t, landedBy(t, third))?.summary).toMatchInlineSnapshot(`
        "Pull request #3 was merged into \`main\`, and Portcullis watches what that does to the running system, for 15 minutes. If all goes well until the end, this commit is *known-good*: the one to go back to when something breaks.

        **Observing from 2026-11-20 12:00 UTC until 2026-11-20 12:15 UTC.** Nothing was asked for; only what is reported as critical counts. Next: nothing has to be done. To take it back at once, comment \`/rollback\` on #3.

        **What landed on \`main\` for #3 is not what was approved** (\`landing_mismatch\`). Commit <sha> should be a merge of the branch as it stood before (\`<short sha>\`) and the approved head (\`<short sha>\`). Portcullis made that merge by itself, and one file differs:

        - \`src/b.ts\`: something that stood on the branch is gone, and nobody has approved that: it had come with #2, “Change from feature-2 (&#35;2)”.

        Next: on a new branch from \`main\`, put it right, and have that merged as any other pull request; if more has landed since, look first whether it builds on what is wrong.

        These commands put the files back as they should be:

        \`\`\`sh
        git checkout <sha> -- src/b.ts
        \`\`\`

        Then somebody with the \`write\` role resumes promotions with \`/resume-promotion\`.

        Or comment \`/rollback\` on #3 to take all of it back.

        <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>"
      `)
      const next = await t.openPullRequest()
      await t.check(next)
      await t.quiet()
      expect(
        t
          .gate(next)
          ?.summary.split("\n")
          .filter((line) => line.startsWith("- **")),
      ).toMatchInlineSnapshot(`
        [
          "- **promotion-paused** — Portcullis itself paused all promotions into \`main\`: “what landed with &#35;2 is not what was approved; Promotion health on <short sha> says what is wrong and how to put it right”. Portcullis itself paused all promotions into \`main\`: “what landed with &#35;3 is not what was approved; Promotion health on <short sha> says what is wrong and how to put it right”. Next: somebody with the \`write\` role comments \`/resume-promotion\`.",
        ]
      `)
      await t.says(next, "olga", "/resume-promotion put right")
      await t.quiet()
      expect(t.gate(next)?.conclusion).toBe("success")
    },
    { config },
  )
}
