import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import { failing, isMerged, lastWords, nothingUrgent, urgentConfig as config, urgently } from "../harness/urgent.ts"

useDatabase()

const reviewToo = config.replace("[checks, deployment]", "[checks, review]")

scenario(
  "a maintainer lets a change past a failed check, and everybody is told",
  async (t) => {
    const pr = await failing(t)
    const before = (await t.ledger()).length
    const comment = await t.says(pr, "olga", urgently)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(true)
    expect(t.reactions(comment)).toEqual(["portcullis[bot]: +1"])
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"success | Open, urgent: checks passed over by @olga, 2 of 3 stages passed"`,
    )
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request may be merged into \`main\`, because somebody who may says that it cannot wait:

      **Urgent: not every stage passed.** &#64;olga asked for this at 2026-11-20 12:01 UTC by \`/promote --urgent\`: “production burns”

      - passed over: \`checks\` (it had failed)
      - not passed over, and passed: \`policy\`, \`review\`
      - never passed over: a pause, a rejection, an expiry, a draft, a conflict, an invalid config, and the rules of \`policy\` with its protected paths

      It holds for this commit only, and stands on the ledger (\`promotion_urgent\`). Next: after the merge, see to what was passed over.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ➖ skipped | passed over as urgent by &#64;olga (“production burns”): it had failed<br>\`build\`: failure |
      | policy | ✅ passed | no rule is broken |
      | review | ✅ passed | low risk: 1 of 1 approvals (&#64;olga) |

      **Risk: low**

      - low: no rule makes it more than that

      **Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before.

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "**Urgent**: the gate is open for \`<short sha>\` although not every stage passed. Passed over: \`checks\` (it had failed). Portcullis merges it now; if GitHub refuses, the check run says why. It stands on the ledger with your name and reason. Next: see to what was passed over.

      <!-- portcullis:comment:<id>:urgent -->",
      ]
    `)
    expect(await t.told(before)).toMatchInlineSnapshot(`
      [
        [
          "command_received by olga",
          {
            "arguments": "--urgent production burns",
            "command": "promote",
            "comment_id": "<id>",
            "urgent": "production burns",
          },
        ],
        [
          "promotion_urgent by olga",
          {
            "comment_id": "<id>",
            "passed_over": [
              {
                "stage": "checks",
                "status": "failed",
              },
            ],
            "reason": "production burns",
          },
        ],
        [
          "stage_changed by portcullis",
          {
            "stage": "checks",
            "status": "skipped",
          },
        ],
        [
          "promotion_ready by portcullis",
          {
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
  "who may not is told so, and nothing is passed over",
  async (t) => {
    const pr = await failing(t)
    const comment = await t.says(pr, "max", urgently)
    await t.says(pr, "shipwright[bot]", urgently)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(false)
    expect(t.reactions(comment)).toEqual(["portcullis[bot]: -1"])
    expect(t.gate(pr)?.line).toBe("failure | Blocked: build failed, 2 of 3 stages passed")
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "\`/promote --urgent\` was refused: it needs the \`maintain\` role in this repository, and you have \`write\`.

      <!-- portcullis:comment:<id> -->",
        "\`/promote --urgent\` was refused: it needs the \`maintain\` role in this repository, and you have \`write\`.

      <!-- portcullis:comment:<id> -->",
      ]
    `)
    expect(await t.ledgerTypes()).not.toContain("promotion_urgent")
  },
  { config },
)

scenario(
  "an agent that maintains the repository may not either",
  async (t) => {
    await t.people.createUser({ login: "robo" })
    await t.people.addCollaborator({ repo: t.repo, login: "robo", role: "admin" })
    const pr = await failing(t)
    await t.says(pr, "robo", urgently)
    expect(await lastWords(t, pr)).toMatchInlineSnapshot(
      `"\`/promote --urgent\` was refused: an app or agent may pause promotions and ask how they stand, no more. A person with the \`maintain\` role must do it."`,
    )
    expect(isMerged(t, pr)).toBe(false)
  },
  { config },
)

scenario(
  "a protected path that no operator approved holds it, whatever may be skipped",
  async (t) => {
    const pr = await t.openPullRequest({ by: "shipwright[bot]", files: { "deploy/run.sh": "rm -rf /\n" } })
    await t.check(pr)
    await t.quiet()
    t.clock.advance(60_000)
    await t.says(pr, "olga", urgently)
    expect(await lastWords(t, pr)).toMatchInlineSnapshot(
      `"Not merged: the gate is shut (\`protected-path\`, \`approval-required\`). \`/promote --urgent\` may pass over \`checks\`, \`review\` here; what holds it all the same: \`protected-path\`. What to do about it stands in the check run; ask again when it is done."`,
    )
    expect(isMerged(t, pr)).toBe(false)
    expect(await t.ledgerTypes()).not.toContain("promotion_urgent")
  },
  { config: reviewToo },
)

scenario(
  "where nothing may be skipped, nothing is, and the words say how it is allowed",
  async (t) => {
    const pr = await failing(t)
    await t.says(pr, "olga", urgently)
    expect(await lastWords(t, pr)).toMatchInlineSnapshot(
      `"Not merged: the gate is shut (\`checks-failed\`). This repository lets \`/promote --urgent\` pass over nothing: \`urgent.may_skip\` in \`.github/promotion.yml\` on the default branch names no stage. What is missing stands in the check run; ask again when it is open."`,
    )
    expect(isMerged(t, pr)).toBe(false)
    expect((await t.told()).at(-1)).toMatchInlineSnapshot(`
      [
        "promotion_blocked by portcullis",
        {
          "answers": "<id>",
          "block_reasons": [
            "checks-failed",
          ],
          "held": [
            "checks-failed",
          ],
        },
      ]
    `)
  },
  { config: nothingUrgent },
)

scenario(
  "where the gate is open anyway, it is a merge like any other",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.reviews(pr, "olga")
    await t.quiet()
    t.clock.advance(60_000)
    await t.says(pr, "olga", urgently)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(true)
    expect(t.gate(pr)?.line).toBe("success | Open: 3 of 3 stages passed")
    expect(t.replies(pr)).toEqual([])
    expect(await t.ledgerTypes()).not.toContain("promotion_urgent")
  },
  { config },
)

scenario(
  "before a check has reported, and with a review that asks for changes",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.reviews(pr, "olga", "REQUEST_CHANGES")
    await t.quiet()
    t.clock.advance(60_000)
    await t.says(pr, "olga", urgently)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(true)
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"success | Open, urgent: checks and review passed over by @olga, 1 of 3 stages passed"`,
    )
    expect((await t.told()).find(([what]) => what.startsWith("promotion_urgent"))).toMatchInlineSnapshot(`
      [
        "promotion_urgent by olga",
        {
          "comment_id": "<id>",
          "passed_over": [
            {
              "stage": "checks",
              "status": "pending",
            },
            {
              "stage": "review",
              "status": "failed",
            },
          ],
          "reason": "production burns",
        },
      ]
    `)
  },
  { config: reviewToo },
)

scenario(
  "a review that is missing holds it where only checks may be skipped",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.quiet()
    t.clock.advance(60_000)
    await t.says(pr, "olga", urgently)
    expect(await lastWords(t, pr)).toMatchInlineSnapshot(
      `"Not merged: the gate is shut (\`approval-required\`, \`checks-pending\`). \`/promote --urgent\` may pass over \`checks\`, \`deployment\` here; what holds it all the same: \`approval-required\`. What to do about it stands in the check run; ask again when it is done."`,
    )
    expect(isMerged(t, pr)).toBe(false)
  },
  { config },
)

scenario(
  "the comment delivered twice is one ask",
  async (t) => {
    t.github.faults.deliveries({ times: Infinity }, { kind: "duplicate" })
    const pr = await failing(t)
    await t.says(pr, "olga", urgently)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(true)
    const types = await t.ledgerTypes()
    expect(types.filter((type) => ["command_received", "promotion_urgent", "promoted"].includes(type))).toEqual([
      "command_received",
      "promotion_urgent",
      "promoted",
    ])
    expect(t.replies(pr)).toHaveLength(1)
  },
  { config },
)
