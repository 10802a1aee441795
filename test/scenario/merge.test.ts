import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }, review]
    merge: { method: squash, auto: [low] }
risk:
  - { level: high, paths: ["src/auth/**"] }
review:
  low: { approvals: 0 }
  high: { approvals: 1 }
`

function isMerged(t: Scenario, pr: OpenedPullRequest): boolean {
  const repository = [...t.github.state.repositories.values()].find((one) => one.id === t.repositoryId)
  return repository?.pulls.get(pr.number)?.mergedAt !== null
}

scenario(
  "a change of low risk is merged by the app as soon as its gate is open",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.quiet()
    expect(isMerged(t, pr)).toBe(false)
    await t.check(pr)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(true)
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    expect((await t.told()).slice(-4)).toMatchInlineSnapshot(`
      [
        [
          "stage_changed by portcullis",
          {
            "stage": "checks",
            "status": "passed",
          },
        ],
        [
          "promotion_ready by portcullis",
          {
            "merge": "auto",
            "mode": "enforce",
          },
        ],
        [
          "promoted by portcullis",
          {
            "merge_commit": "<sha>",
            "merged_by": "portcullis",
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
  { config },
)

scenario(
  "a change of another risk is left to people",
  async (t) => {
    const pr = await t.openPullRequest({ files: { "src/auth/login.ts": "export const login = 1\n" } })
    await t.check(pr)
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    expect(isMerged(t, pr)).toBe(false)
    expect(await t.tryMerge(pr)).toBeNull()
  },
  { config },
)

scenario(
  "while paused nothing is merged; after it, everything that was waiting",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.says(pr, "olga", "/pause-promotion incident 42")
    await t.check(pr)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(false)
    await t.says(pr, "olga", "/resume-promotion")
    await t.quiet()
    expect(isMerged(t, pr)).toBe(true)
  },
  { config },
)

scenario(
  "what GitHub refuses is told, and tried again after a while",
  async (t) => {
    await t.people.configureRepository({ repo: t.repo, mergeMethods: ["merge"] })
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(false)
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"success | Open, but GitHub refused the merge: 2 of 2 stages passed"`,
    )
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request may be merged into \`main\`: every stage passed for exactly this commit.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |
      | review | ✅ passed | low risk: no approval needed |

      **Risk: low**

      - low: no rule makes it more than that

      **Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before.

      **Not merged**: Portcullis wanted to merge this, and GitHub refused: “Squash merges are not allowed on this repository.” Next: see to the branch's rules and the repository's merge methods (\`merge.method\` in the config), or merge by hand. It is tried again in a while.

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
    await t.says(pr, "rita", "/promotion-status")
    await t.quiet()
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "**Open, but GitHub refused the merge: 2 of 2 stages passed**

      **Not merged**: Portcullis wanted to merge this, and GitHub refused: “Squash merges are not allowed on this repository.” Next: see to the branch's rules and the repository's merge methods (\`merge.method\` in the config), or merge by hand. It is tried again in a while.

      <!-- portcullis:comment:<id> -->",
      ]
    `)
    await t.people.configureRepository({ repo: t.repo, mergeMethods: ["squash"] })
    t.clock.advance(60_000)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(true)
  },
  { config },
)

scenario(
  "in advisory mode nothing is merged",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(false)
  },
  { config: config.replace("enforce", "advisory"), requireGate: false },
)

scenario(
  "a merge whose answer was lost is not made twice",
  async (t) => {
    t.tolerateErrors()
    t.github.faults.requests(
      { method: "PUT", path: /\/merge$/ },
      { kind: "server-error", status: 502, effect: "after" },
    )
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(true)
    expect((await t.ledgerTypes()).filter((type) => type === "promoted")).toHaveLength(1)
  },
  { config },
)

scenario(
  "a merge that GitHub failed at is tried again after a look",
  async (t) => {
    t.tolerateErrors()
    t.github.faults.requests(
      { method: "PUT", path: /\/merge$/ },
      { kind: "server-error", status: 502, effect: "before" },
    )
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(true)
    expect((await t.ledgerTypes()).filter((type) => type === "promoted")).toHaveLength(1)
  },
  { config },
)

scenario(
  "somebody who may asks for the merge of what is not merged by itself",
  async (t) => {
    const pr = await t.openPullRequest({ files: { "src/auth/login.ts": "export const login = 1\n" } })
    await t.check(pr)
    await t.quiet()
    t.clock.advance(1000)
    const early = await t.says(pr, "max", "/promote")
    await t.quiet()
    expect(isMerged(t, pr)).toBe(false)
    expect(t.reactions(early)).toEqual(["portcullis[bot]: +1", "portcullis[bot]: confused"])
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "Not merged: the gate is shut (\`approval-required\`). What is missing stands in the check run; ask again when it is open.

      <!-- portcullis:comment:<id>:not-promoted -->",
      ]
    `)
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(isMerged(t, pr)).toBe(false)
    await t.says(pr, "rita", "/promote")
    await t.quiet()
    expect(isMerged(t, pr)).toBe(false)
    await t.says(pr, "max", "/promote")
    await t.quiet()
    expect(isMerged(t, pr)).toBe(true)
  },
  { config },
)
