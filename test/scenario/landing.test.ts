import { expect } from "vitest"
import { healthOf, headOf, landedBy, merges, promotes } from "../harness/after-merge.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: { window: 15m }
`

scenario(
  "what landed as it was approved is followed without a word",
  async (t) => {
    for (const method of ["merge", "squash", "rebase"] as const) {
      const { sha } = await promotes(t, { method })
      expect(healthOf(t, sha)?.summary).not.toContain("not what was approved")
    }
    const landings = (await t.ledger()).flatMap((entry) =>
      entry.type === "stage_changed" && entry.payload.landing != null ? [entry.payload.landing.integrity] : [],
    )
    expect(landings).toEqual(["clean", "clean", "clean"])
  },
  { config },
)

scenario(
  "on a branch that nothing watches a landing is compared all the same, with no request of its own where nothing came between",
  async (t) => {
    await promotes(t)
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    t.github.calls.clear()
    await merges(t, pr, { method: "squash" })
    const asked = t.github.calls.work().map(({ graphqlName, template }) => graphqlName ?? template)
    expect(asked.filter((name) => name !== "Sight" && name !== "OpenPullRequests")).toMatchInlineSnapshot(`
      [
        "BranchHistory",
      ]
    `)
    const stale = await t.openPullRequest({ files: { "src/own.ts": "export const own = true\n" } })
    await t.check(stale)
    await t.quiet()
    await promotes(t, { files: { "src/lost.ts": "export const lost = true\n" } })
    await t.people.landWrongly({ repo: t.repo })
    expect(healthOf(t, landedBy(t, pr))).toBeNull()
    const sha = await merges(t, stale, { method: "squash" })
    expect(healthOf(t, sha)).toMatchInlineSnapshot(`
      {
        "conclusion": "failure",
        "line": "failure | Something else landed than was approved: 1 file with lost content",
        "status": "completed",
        "summary": "**What landed on \`main\` for #3 is not what was approved** (\`landing_mismatch\`). Commit <sha> should be a merge of the branch as it stood before (\`<short sha>\`) and the approved head (\`<short sha>\`). Portcullis made that merge by itself, and one file differs:

      - \`src/lost.ts\`: something that stood on the branch is gone, and nobody has approved that: it had come with #4, “Change src/lost.ts”.

      Next: on a new branch from \`main\`, put it right, and have that merged as any other pull request; if more has landed since, look first whether it builds on what is wrong.

      These commands put the files back as they should be:

      \`\`\`sh
      git checkout <sha> -- src/lost.ts
      \`\`\`

      Then somebody with the \`write\` role resumes promotions with \`/resume-promotion\`.

      Or comment \`/rollback\` on #3 to take all of it back.

      Nothing watches what this does to the running system: the config has no \`health\` for \`main\`.

      <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>",
        "title": "Something else landed than was approved: 1 file with lost content",
      }
    `)
    const landings = (await t.ledger()).flatMap((entry) =>
      entry.type === "stage_changed" && entry.payload.landing != null ? [entry.payload.landing.integrity] : [],
    )
    expect(landings).toEqual(["clean", "clean", "clean", "mismatch"])
  },
  { config: config.replace("    health: { window: 15m }\n", "") },
)

scenario(
  "a push past all pull requests on a branch that nothing watches is shown on its commit",
  async (t) => {
    await promotes(t)
    await t.people.unprotectBranch({ repo: t.repo, branch: "main" })
    const { sha } = await t.people.commit({
      repo: t.repo,
      by: "max",
      files: { "src/hot.ts": "export const hot = 1\n" },
    })
    await t.quiet()
    expect(healthOf(t, sha)?.line).toMatchInlineSnapshot(
      `"failure | Pushed past all pull requests: nobody has approved this"`,
    )
  },
  { config: config.replace("    health: { window: 15m }\n", "") },
)

scenario(
  "a squash that was built on a stale tree is found, and promotions are paused",
  async (t) => {
    await promotes(t, { files: { "src/kept.ts": "export const kept = true\n" } })
    const pr = await t.openPullRequest({ files: { "src/own.ts": "export const own = true\n" } })
    await t.check(pr)
    await t.quiet()
    const other = await promotes(t, { files: { "src/lost.ts": "export const lost = true\n" } })
    await t.people.landWrongly({ repo: t.repo })
    const sha = await merges(t, pr, { method: "squash" })
    expect(healthOf(t, sha)?.summary).toMatchInlineSnapshot(`
      "Pull request #2 was merged into \`main\`, and Portcullis watches what that does to the running system, for 15 minutes. If all goes well until the end, this commit is *known-good*: the one to go back to when something breaks.

      **Observing from 2026-11-20 12:00 UTC until 2026-11-20 12:15 UTC.** Nothing was asked for; only what is reported as critical counts. Next: nothing has to be done. To take it back at once, comment \`/rollback\` on #2.

      **What landed on \`main\` for #2 is not what was approved** (\`landing_mismatch\`). Commit <sha> should be a merge of the branch as it stood before (\`<short sha>\`) and the approved head (\`<short sha>\`). Portcullis made that merge by itself, and one file differs:

      - \`src/lost.ts\`: something that stood on the branch is gone, and nobody has approved that: it had come with #3, “Change src/lost.ts”.

      Next: on a new branch from \`main\`, put it right, and have that merged as any other pull request; if more has landed since, look first whether it builds on what is wrong.

      These commands put the files back as they should be:

      \`\`\`sh
      git checkout <sha> -- src/lost.ts
      \`\`\`

      Then somebody with the \`write\` role resumes promotions with \`/resume-promotion\`.

      Or comment \`/rollback\` on #2 to take all of it back.

      <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>"
    `)
    const next = await t.openPullRequest()
    await t.check(next)
    await t.quiet()
    expect(t.gate(next)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: paused by Portcullis itself, 1 of 1 stage passed"`,
    )
    expect(landedBy(t, other.pr)).toBe(other.sha)
    expect((await t.ledger()).find(({ type }) => type === "landing_mismatch")).toMatchObject({
      pullRequest: pr.number,
      payload: { lost: ["src/lost.ts"], added: [], altered: [], more: 0 },
    })
  },
  { config },
)

scenario(
  "a push past all pull requests is written down, and watched like any promotion",
  async (t) => {
    await promotes(t)
    await t.people.unprotectBranch({ repo: t.repo, branch: "main" })
    const before = (await t.ledger()).length
    await t.people.commit({ repo: t.repo, by: "olga", branch: "main", message: "Fix", files: { "src/x.ts": "1\n" } })
    await t.quiet()
    expect((await t.told(before)).map(([what, payload]) => [what, payload])).toMatchInlineSnapshot(`
      [
        [
          "promotion_bypassed by portcullis",
          {
            "before": "<sha>",
            "block_reasons": [],
            "commits": 1,
            "how": "push",
            "merged_by": null,
          },
        ],
        [
          "promoted by portcullis",
          {
            "merge_commit": null,
            "merged_by": null,
          },
        ],
        [
          "stage_changed by portcullis",
          {
            "landing": {
              "before": "<sha>",
              "commits": 1,
              "integrity": "unasked",
              "position": 2,
            },
            "stage": "health",
            "status": "running",
          },
        ],
      ]
    `)
    expect(healthOf(t, await headOf(t))?.summary).toMatchInlineSnapshot(`
      "This commit was pushed to \`main\`, and Portcullis watches what that does to the running system, for 15 minutes. If all goes well until the end, this commit is *known-good*: the one to go back to when something breaks.

      **Observing from 2026-11-20 12:00 UTC until 2026-11-20 12:15 UTC.** Nothing was asked for; only what is reported as critical counts. Next: nothing has to be done. To take it back at once, comment \`/rollback known-good\` on any issue or pull request.

      This came past all pull requests, so nobody approved it (\`promotion_bypassed\`). It is watched like any promotion.

      <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>"
    `)
  },
  { config },
)

scenario(
  "a move by force is written down, and what is gone is watched no more",
  async (t) => {
    const first = await promotes(t)
    await promotes(t)
    await t.people.unprotectBranch({ repo: t.repo, branch: "main" })
    const before = (await t.ledger()).length
    await t.people.pushBranch({ repo: t.repo, by: "olga", branch: "main", to: first.sha, force: true })
    await t.quiet()
    expect((await t.told(before)).map(([what, payload]) => [what, payload])).toMatchInlineSnapshot(`
      [
        [
          "promotion_bypassed by portcullis",
          {
            "before": "<sha>",
            "block_reasons": [],
            "how": "force-push",
            "merged_by": null,
          },
        ],
        [
          "aborted by portcullis",
          {
            "reason": null,
            "why": "overwritten",
          },
        ],
      ]
    `)
  },
  { config },
)

scenario(
  "a merge into a branch that nobody has looked at yet is followed, even when the branch is seen before the merge is heard of",
  async (t) => {
    await t.people.createBranch({ repo: t.repo, by: "olga", branch: "release/1" })
    const pr = await t.openPullRequest({ base: "release/1" })
    await t.app.deliver()
    // The promotion is known, and the branch is to be looked at for the first time.
    while ((await t.database.prisma.promotion.count()) === 0) await t.app.step()
    t.github.faults.deliveries({ event: "pull_request", times: 9 }, { kind: "drop" })
    t.github.faults.deliveries({ event: "push", times: 9 }, { kind: "drop" })
    await t.people.mergePullRequest({ repo: t.repo, by: "olga", number: pr.number })
    await t.quiet()
    t.github.faults.clear()
    await t.app.sweep()
    await t.quiet()
    expect(healthOf(t, landedBy(t, pr))?.status).toBe("in_progress")
  },
  { config: config.replace("main:", '"release/*":'), requireGate: false },
)

scenario(
  "a merge that is heard of while GitHub is being asked about the branch for the first time is followed",
  async (t) => {
    await t.people.createBranch({ repo: t.repo, by: "olga", branch: "release/1" })
    const pr = await t.openPullRequest({ base: "release/1" })
    await t.app.deliver()
    while ((await t.database.prisma.promotion.count()) === 0) await t.app.step()
    await t.people.mergePullRequest({ repo: t.repo, by: "olga", number: pr.number })
    const slow = t.github.faults.requests({ method: "POST", path: /graphql/ }, { kind: "latency", latencyMs: 300 })
    const looking = t.app.step()
    while (slow.fired() === 0) await new Promise((again) => setTimeout(again, 5))
    t.github.faults.clear()
    await t.app.deliver()
    while ((await t.database.prisma.promotion.count({ where: { state: "promoted_pending_health" } })) === 0) {
      await t.app.step()
    }
    await looking
    await t.quiet()
    expect(healthOf(t, landedBy(t, pr))?.status).toBe("in_progress")
  },
  { config: config.replace("main:", '"release/*":'), requireGate: false },
)
