import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const config = `version: 1
mode: enforce
branches:
  main: { stages: [{ checks: { require: [build] } }, review] }
risk:
  - { level: high, paths: ["src/auth/**"], reason: authentication }
  - { level: medium, author: agent }
review:
  low: { approvals: 0 }
  medium: { approvals: 1 }
  high: { approvals: 2, from: [maintain, "user:max", "team:acme/release"] }
  agents: two-humans
  expires_after: 7d
`
async function joins(t: Scenario, login: string, role: "write" | "maintain"): Promise<void> {
  await t.people.createUser({ login })
  await t.people.addCollaborator({ repo: t.repo, login, role })
}

const risky = { "src/auth/login.ts": "export const login = 1\n" }

scenario(
  "a change of low risk needs nobody, one of high risk two people who may",
  async (t) => {
    await joins(t, "mona", "write")
    const easy = await t.openPullRequest()
    const pr = await t.openPullRequest({ files: risky, by: "mona" })
    for (const one of [easy, pr]) await t.check(one)
    await t.quiet()
    expect(t.gate(easy)?.line).toBe("success | Open: 2 of 2 stages passed")
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting: 2 more approvals needed (high risk), 1 of 2 stages passed"`,
    )
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request must not be merged into \`main\` yet:

      - **approval-required** — a change of high risk needs 2 approvals of different people by people with the \`maintain\` role or &#64;max or team \`acme/release\`. Next: approve in a GitHub review, or comment \`/approve\`.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |
      | review | ⏳ pending | high risk: 0 of 2 approvals (none so far) |

      **Risk: high**

      - high: authentication (\`src/auth/login.ts\`)

      **Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before.

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
    await t.reviews(pr, "olga")
    await t.reviews(pr, "rita")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting: 1 more approval needed (high risk), 1 of 2 stages passed"`,
    )
    await t.reviews(pr, "max")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    expect((await t.told()).filter(([what]) => what.startsWith("approved"))).toMatchInlineSnapshot(`
      [
        [
          "approved by olga",
          {
            "approval_id": "review:<id>",
            "config": "<sha>",
            "patch_id": "961842aa1b451837f5d266c8c9972f00e7435a8066bbe276e3e96219bd5eb3db",
            "source": "review",
          },
        ],
        [
          "approved by max",
          {
            "approval_id": "review:<id>",
            "config": "<sha>",
            "patch_id": "961842aa1b451837f5d266c8c9972f00e7435a8066bbe276e3e96219bd5eb3db",
            "source": "review",
          },
        ],
      ]
    `)
  },
  { config },
)

scenario(
  "a team's member counts, and no more once they left it",
  async (t) => {
    await t.people.createTeam({ org: "acme", slug: "release", members: ["rita"] })
    const pr = await t.openPullRequest({ files: risky })
    await t.check(pr)
    await t.reviews(pr, "rita")
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    await t.people.removeTeamMember({ org: "acme", team: "release", login: "rita" })
    t.clock.advance(6 * 60_000)
    await t.check(pr, { newRun: true })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^in_progress \| Waiting: 1 more approval needed \(high risk\)/)
  },
  { config },
)

scenario(
  "nobody approves a change they had a hand in",
  async (t) => {
    const pr = await t.openPullRequest({ files: risky, by: "max" })
    await t.check(pr)
    await t.push(pr, "olga", { "src/auth/more.ts": "export const more = 1\n" })
    await t.check(pr)
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^in_progress \| Waiting: 2 more approvals needed/)
    expect((await t.ledgerTypes()).includes("approved")).toBe(false)
  },
  { config },
)

scenario(
  "a push that changes the change voids approvals; a harmless update of the base keeps them",
  async (t) => {
    const pr = { ...(await t.openPullRequest({ files: risky, head: "topic" })), head: "topic" }
    await t.check(pr)
    await joins(t, "mona", "maintain")
    await t.reviews(pr, "olga")
    await t.reviews(pr, "mona")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    const files = { "other.txt": "elsewhere\n" }
    await t.people.commit({ repo: t.repo, by: "olga", branch: "main", files })
    const tips = [pr.head, "main"].map(async (revision) => t.people.resolve({ repo: t.repo, revision }))
    const parents = (await Promise.all(tips)).map(({ sha }) => sha)
    await t.people.pushToPullRequest({ repo: t.repo, by: "max", number: pr.number, files, parents })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    await t.push(pr, "max", { "src/auth/login.ts": "export const login = 2\n" })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: an approval went stale, 2 more approvals needed (high risk), 1 of 2 stages passed"`,
    )
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request must not be merged into \`main\` yet:

      - **approval-stale** — what &#64;olga, &#64;mona approved was another change, so it counts no more. A change of high risk needs 2 approvals of different people by people with the \`maintain\` role or &#64;max or team \`acme/release\`. Next: approve in a GitHub review, or comment \`/approve\`.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |
      | review | ⏳ pending | high risk: 0 of 2 approvals (none so far) |

      **Risk: high**

      - high: authentication (\`src/auth/login.ts\`)

      **Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before.

      **Portcullis is not set up soundly here**

      - The gate is not required on \`main\`, so GitHub lets anybody merge although it is shut. Next: require the check \`Promotion gate\` of this app, in a ruleset or in branch protection.

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
  },
  { config, requireGate: false },
)

scenario(
  "asking for changes shuts the gate until the reviewer approves or is overruled",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    const review = await t.reviews(pr, "olga", "REQUEST_CHANGES")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: changes requested by @olga, 1 of 2 stages passed"`,
    )
    await t.people.dismiss({ repo: t.repo, by: "olga", number: pr.number, id: review })
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
  },
  { config },
)

scenario(
  "a dismissed approval does not count any more",
  async (t) => {
    await joins(t, "mona", "write")
    const pr = await t.openPullRequest({ files: risky, by: "mona" })
    await t.check(pr)
    await t.reviews(pr, "max")
    const review = await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    await t.people.dismiss({ repo: t.repo, by: "olga", number: pr.number, id: review })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^in_progress \| Waiting: 1 more approval needed/)
    expect((await t.told()).findLast(([what]) => what.startsWith("approval_dismissed"))).toMatchInlineSnapshot(`
      [
        "approval_dismissed by portcullis",
        {
          "approval_id": "review:<id>",
          "approver": "olga",
          "why": "withdrawn",
        },
      ]
    `)
  },
  { config },
)

scenario(
  "an agent's change needs two people, and agents do not count",
  async (t) => {
    const pr = await t.openPullRequest({ by: "shipwright[bot]" })
    await t.check(pr)
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^in_progress \| Waiting: 1 more approval needed \(medium risk\)/)
    expect(t.gate(pr)?.summary).toContain("Taken for an agent's work: its author is an app.")
    expect(t.gate(pr)?.summary).toMatch(
      /needs 2 approvals of different people by [^.]+, because it is an agent's work\./,
    )
    await t.reviews(pr, "max")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
  },
  { config },
)

scenario(
  "what nobody decides about expires, and a push begins anew",
  async (t) => {
    const pr = await t.openPullRequest({ files: risky })
    await t.check(pr)
    await t.quiet()
    t.clock.advance(7 * 24 * 3600_000)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: nobody decided in time, 1 of 2 stages passed"`)
    await t.push(pr, "max", { "src/auth/more.ts": "export const more = 1\n" })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^in_progress \| Waiting/)
    expect((await t.ledgerTypes()).filter((type) => type === "expired" || type === "proposed")).toEqual([
      "proposed",
      "expired",
      "proposed",
    ])
  },
  { config },
)

scenario(
  "low risk is approved by waiting, if the config says so",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^in_progress \| Waiting: 1 more approval needed \(low risk\)/)
    expect(t.gate(pr)?.summary).toContain("If nobody objects, it counts as approved from 2026-11-21 12:00 UTC on.")
    t.clock.advance(24 * 3600_000)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
  },
  { config: config.replace("low: { approvals: 0 }", "low: { approvals: 0, auto_approve_after: 24h }") },
)
