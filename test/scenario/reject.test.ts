import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

const deleting = `version: 1
mode: enforce
branches:
  main: { stages: [{ checks: { require: [build] } }, review] }
  "release/*": { stages: [] }
review:
  low: { approvals: 0 }
  delete_rejected_branch: true
`

function pull(t: Scenario, { number }: OpenedPullRequest) {
  return t.github.state.repositories.get(t.repositoryId)?.pulls.get(number)
}

async function branchExists(t: Scenario, branch: string): Promise<boolean> {
  try {
    await t.people.resolve({ repo: t.repo, revision: branch })
    return true
  } catch {
    return false
  }
}

async function effects(t: Scenario): Promise<unknown[]> {
  const rows = await t.database.prisma.effect.findMany({ orderBy: { key: "asc" } })
  return rows.map(({ deed, outcome }) => [(deed as { kind: string }).kind, outcome])
}

scenario("a rejection closes the pull request and shuts the gate until it is opened again", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  const before = (await t.ledger()).length
  const comment = await t.says(pr, "max", "/reject not what was agreed")
  await t.quiet()
  expect(pull(t, pr)?.issue.state).toBe("closed")
  expect(t.gate(pr)?.line).toBe("failure | Blocked: rejected by @max, 1 of 1 stage passed")
  expect(t.gate(pr)?.summary).toContain(
    "this change was rejected by &#64;max: “not what was agreed”. Next: push, or close and reopen",
  )
  expect(t.reactions(comment)).toEqual(["portcullis[bot]: +1"])
  expect(t.replies(pr)).toEqual([])
  expect(await t.told(before)).toMatchInlineSnapshot(`
    [
      [
        "command_received by max",
        {
          "arguments": "not what was agreed",
          "command": "reject",
          "comment_id": "<id>",
        },
      ],
      [
        "rejected by max",
        {
          "comment_id": "<id>",
          "reason": "not what was agreed",
        },
      ],
      [
        "promotion_blocked by portcullis",
        {
          "block_reasons": [
            "rejected",
          ],
        },
      ],
      [
        "aborted by portcullis",
        {
          "reason": null,
          "why": "closed",
        },
      ],
    ]
  `)
  expect(await branchExists(t, pull(t, pr)?.headRef ?? "")).toBe(true)
  t.clock.advance(2000)
  await t.people.reopenPullRequest({ repo: t.repo, by: "max", number: pr.number })
  await t.quiet()
  await t.app.sweep()
  await t.quiet()
  expect(pull(t, pr)?.issue.state).toBe("open")
  expect(t.gate(pr)?.line).toBe("success | Open: 1 of 1 stage passed")
})

scenario("a rejection needs a reason and someone who may approve", async (t) => {
  const pr = await t.openPullRequest()
  await t.says(pr, "olga", "/reject")
  await t.says(pr, "rita", "/reject I do not like it")
  await t.says(pr, "shipwright[bot]", "/reject I do not like it")
  await t.quiet()
  expect(pull(t, pr)?.issue.state).toBe("open")
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "\`/reject\` needs a reason, so nothing was done. It is written \`/reject <reason>\`.

    <!-- portcullis:comment:<id> -->",
      "\`/reject\` was refused: the config does not name you among those who may, and you are no operator (\`maintain\` role).

    <!-- portcullis:comment:<id> -->",
      "\`/reject\` was refused: that takes a person; an agent's word does not count.

    <!-- portcullis:comment:<id> -->",
    ]
  `)
})

scenario(
  "the branch of a rejected change is deleted if the config says so",
  async (t) => {
    const pr = await t.openPullRequest({ head: "topic" })
    await t.says(pr, "olga", "/reject wrong way")
    await t.quiet()
    expect([pull(t, pr)?.issue.state, await branchExists(t, "topic")]).toEqual(["closed", false])
    expect(await effects(t)).toEqual([
      ["close-pull-request", { how: "done" }],
      ["delete-branch", { how: "done" }],
    ])
  },
  { config: deleting },
)

scenario(
  "a promotion branch is never deleted, nor one that another pull request needs",
  async (t) => {
    const release = await t.openPullRequest({ head: "release/1" })
    const topic = await t.openPullRequest({ head: "topic" })
    await t.openPullRequest({ head: "more", base: "topic" })
    await t.quiet()
    await t.says(release, "olga", "/reject wrong way")
    await t.says(topic, "olga", "/reject wrong way")
    await t.quiet()
    expect([await branchExists(t, "release/1"), await branchExists(t, "topic")]).toEqual([true, true])
    expect(t.replies(release)).toEqual([])
    expect(t.replies(topic)).toMatchInlineSnapshot(`
      [
        "The branch \`topic\` was not deleted: pull request &#35;3 needs it.

      <!-- portcullis:comment:<id> -->",
      ]
    `)
  },
  { config: deleting },
)

scenario(
  "what GitHub refuses is told, and not tried again",
  async (t) => {
    const pr = await t.openPullRequest({ head: "topic" })
    await t.quiet()
    await t.people.protectBranch({ repo: t.repo, branch: "topic", checks: [] })
    await t.says(pr, "olga", "/reject wrong way")
    await t.quiet()
    await t.app.sweep()
    await t.quiet()
    expect([pull(t, pr)?.issue.state, await branchExists(t, "topic")]).toEqual(["closed", true])
    expect(t.github.calls.all().filter(({ method }) => method === "DELETE")).toHaveLength(1)
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "The branch \`topic\` was not deleted: GitHub refused it (Cannot delete this protected branch). Next: a person does it by hand.

      <!-- portcullis:comment:<id> -->",
      ]
    `)
  },
  { config: deleting },
)

scenario("a rejection outlives the process, wherever it ends", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  const comment = await t.says(pr, "olga", "/reject wrong way")
  await t.app.deliver()
  t.github.faults.requests({ method: "PATCH", path: /\/pulls\//, times: 100 }, { kind: "network" })
  t.tolerateErrors()
  for (let count = 0; count < 5; count += 1) await t.app.step()
  expect(pull(t, pr)?.issue.state).toBe("open")
  t.github.faults.clear()
  await t.restart()
  await t.app.sweep()
  await t.quiet()
  expect(pull(t, pr)?.issue.state).toBe("closed")
  expect(t.reactions(comment)).toEqual(["portcullis[bot]: +1"])
  expect((await t.ledgerTypes()).filter((type) => type === "rejected")).toHaveLength(1)
})

scenario("a promotion is ended and its pull request left; a push begins anew", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  const before = (await t.ledger()).length
  await t.says(pr, "max", "/abort we need it no more")
  await t.quiet()
  expect(pull(t, pr)?.issue.state).toBe("open")
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(
    `"failure | Blocked: the promotion was ended by @max, 1 of 1 stage passed"`,
  )
  expect(await t.told(before)).toMatchInlineSnapshot(`
    [
      [
        "command_received by max",
        {
          "arguments": "we need it no more",
          "command": "abort",
          "comment_id": "<id>",
        },
      ],
      [
        "aborted by max",
        {
          "reason": "we need it no more",
          "why": "command",
        },
      ],
      [
        "promotion_blocked by portcullis",
        {
          "block_reasons": [
            "aborted",
          ],
        },
      ],
    ]
  `)
  await t.says(pr, "max", "/abort\n\n/approve")
  await t.quiet()
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "\`/abort\` did nothing: this promotion was ended. A push, or closing and reopening the pull request, begins anew.

    \`/approve\` did nothing: this promotion was ended. A push, or closing and reopening the pull request, begins anew.

    <!-- portcullis:comment:<id> -->",
    ]
  `)
  await t.push(pr)
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toBe("success | Open: 1 of 1 stage passed")
})

scenario(
  "who ended it, and why, is said, and nobody is asked to approve it any more",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.quiet()
    expect(t.gate(pr)?.summary).toContain("**approval-required**")
    t.clock.advance(2000)
    await t.says(pr, "olga", "/abort @max does `it` anew")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("failure | Blocked: the promotion was ended by @olga, 0 of 1 stage passed")
    expect(t.gate(pr)?.summary).toContain(
      "ended with `/abort` by &#64;olga: “&#64;max does &#96;it&#96; anew”. Next: push, or close and reopen",
    )
    expect(t.gate(pr)?.summary).not.toContain("**approval-required**")
  },
  { config: "version: 1\nmode: enforce\nbranches:\n  main: { stages: [review] }\n" },
)
