import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

const config = `version: 1
mode: enforce
branches:
  main: { stages: [{ checks: { require: [build] } }, review] }
risk:
  - { level: high, paths: ["src/auth/**"], reason: authentication }
review:
  low: { approvals: 0 }
  high: { approvals: 1, from: ["user:tess", "team:acme/release"] }
`
const risky = { "src/auth/login.ts": "export const login = 1\n" }
const open = "success | Open: 2 of 2 stages passed"
const waiting = "in_progress | Waiting: 1 more approval needed (high risk), 1 of 2 stages passed"

/** A risky change whose check passed, a moment ago. */
async function risks(t: Scenario, by = "max"): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest({ files: risky, by })
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toBe(waiting)
  t.clock.advance(2000)
  return pr
}

async function updateFromMain(t: Scenario, pr: OpenedPullRequest): Promise<void> {
  const { sha } = await t.people.commit({ repo: t.repo, by: "olga", branch: "main", files: { "notes.md": "new\n" } })
  const before = t.github.state.repositories.get(t.repositoryId)?.pulls.get(pr.number)?.headSha ?? ""
  const files = { ...risky, "notes.md": "new\n" }
  await t.people.pushToPullRequest({ repo: t.repo, by: "max", number: pr.number, files, parents: [before, sha] })
}

scenario(
  "whoever the rules name approves by a comment, and the gate opens",
  async (t) => {
    const pr = await risks(t)
    const before = (await t.ledger()).length
    const comment = await t.says(pr, "tess", "I looked at every line.\n\n/approve")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
    expect(t.reactions(comment)).toEqual(["portcullis[bot]: +1"])
    expect(t.replies(pr)).toEqual([])
    expect(await t.told(before)).toMatchInlineSnapshot(`
      [
        [
          "command_received by tess",
          {
            "arguments": null,
            "command": "approve",
            "comment_id": "<id>",
          },
        ],
        [
          "approved by tess",
          {
            "approval_id": "comment:<id>:0",
            "config": "<sha>",
            "patch_id": "961842aa1b451837f5d266c8c9972f00e7435a8066bbe276e3e96219bd5eb3db",
            "source": "command",
          },
        ],
        [
          "stage_changed by portcullis",
          {
            "stage": "review",
            "status": "passed",
          },
        ],
        [
          "promotion_ready by portcullis",
          {
            "mode": "enforce",
          },
        ],
      ]
    `)
    const entries = await t.ledger()
    const approved = entries.find(({ type }) => type === "approved")
    expect([approved?.sha, approved?.runId]).toEqual([entries.at(-1)?.sha, entries.at(-1)?.runId])
    expect(approved?.cause).toMatch(/^delivery:/)
  },
  { config },
)

scenario(
  "an operator, and a member of a team that is named, may approve, too",
  async (t) => {
    const first = await risks(t)
    await t.says(first, "olga", "/approve")
    await t.quiet()
    expect(t.gate(first)?.line).toMatch(/^in_progress \| Waiting: 1 more approval/)
    await t.people.createUser({ login: "ruth" })
    await t.people.joinOrganization({ org: "acme", login: "ruth" })
    await t.people.createTeam({ org: "acme", slug: "release" })
    await t.people.addTeamMember({ org: "acme", team: "release", login: "ruth" })
    await t.people.addCollaborator({ repo: t.repo, login: "ruth", role: "read" })
    await t.says(first, "ruth", "/approve")
    await t.quiet()
    expect(t.gate(first)?.line).toBe(open)
    expect((await t.ledgerTypes()).filter((type) => type === "approved")).toHaveLength(2)
  },
  { config },
)

scenario(
  "a push makes it stale, but one that changes the same carries it over",
  async (t) => {
    const pr = await risks(t)
    await t.says(pr, "tess", "/approve")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
    t.clock.advance(2000)
    await updateFromMain(t, pr)
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
    t.clock.advance(2000)
    await t.push(pr, "max", { "src/auth/login.ts": "export const login = 2\n" })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: an approval went stale, 1 more approval needed (high risk), 1 of 2 stages passed"`,
    )
    t.clock.advance(2000)
    await t.says(pr, "tess", "/approve")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
  },
  { config, requireGate: false },
)

scenario(
  "an edited comment takes the approval back",
  async (t) => {
    const pr = await risks(t)
    const comment = await t.says(pr, "tess", "/approve")
    await t.quiet()
    t.clock.advance(2000)
    await t.people.editComment({ repo: t.repo, by: "tess", id: comment, body: "/approve, but I have doubts" })
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(waiting)
    expect((await t.told()).findLast(([what]) => what.startsWith("approval_dismissed"))).toMatchInlineSnapshot(`
      [
        "approval_dismissed by portcullis",
        {
          "approval_id": "comment:<id>:0",
          "approver": "tess",
          "why": "comment-edited",
        },
      ]
    `)
  },
  { config },
)

scenario(
  "a deleted comment takes the approval back, even if nobody told before the gate opens",
  async (t) => {
    const pr = await t.openPullRequest({ files: risky })
    await t.quiet()
    t.clock.advance(2000)
    const first = await t.says(pr, "tess", "/approve")
    await t.quiet()
    t.github.faults.deliveries({ event: "issue_comment", action: "deleted" }, { kind: "drop" })
    await t.people.deleteComment({ repo: t.repo, by: "tess", id: first })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(waiting)
    const second = await t.says(pr, "tess", "/approve")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
    await t.people.deleteComment({ repo: t.repo, by: "tess", id: second })
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(waiting)
    const dismissed = (await t.ledger()).filter(({ type }) => type === "approval_dismissed")
    expect(dismissed.map(({ payload }) => "why" in payload && payload.why)).toEqual([
      "comment-deleted",
      "comment-deleted",
    ])
  },
  { config },
)

scenario(
  "an approval that was taken back unheard while the gate stood open is found before the merge",
  async (t) => {
    const pr = await risks(t)
    const comment = await t.says(pr, "tess", "/approve")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
    t.clock.advance(2000)
    t.github.faults.deliveries({ event: "issue_comment", action: "edited" }, { kind: "drop" })
    await t.people.editComment({ repo: t.repo, by: "tess", id: comment, body: "/approve, but I have doubts" })
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
    await t.says(pr, "max", "/promote")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(waiting)
    expect(await t.ledgerTypes()).not.toContain("promoted")
    expect(t.replies(pr).at(-1)).toMatch(/approv/)
  },
  { config },
)

scenario(
  "no author, committer, pusher, agent or reader approves, and each is told why",
  async (t) => {
    await t.people.createUser({ login: "mona" })
    await t.people.addCollaborator({ repo: t.repo, login: "mona", role: "write" })
    const pr = await t.openPullRequest({ files: risky, by: "olga" })
    await t.push(pr, "mona", { "src/auth/token.ts": "export const token = 1\n" })
    await t.push(pr, "max", { "src/auth/token.ts": "export const token = 2\n" })
    await t.check(pr)
    await t.quiet()
    t.clock.advance(2000)
    for (const who of ["olga", "mona", "max", "shipwright[bot]", "rita"]) await t.says(pr, who, "/approve")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(waiting)
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "\`/approve\` was refused: you are the author of this pull request.

      <!-- portcullis:comment:<id> -->",
        "\`/approve\` was refused: one of its commits is yours.

      <!-- portcullis:comment:<id> -->",
        "\`/approve\` was refused: you pushed its newest commit.

      <!-- portcullis:comment:<id> -->",
        "\`/approve\` was refused: that takes a person; an agent's word does not count.

      <!-- portcullis:comment:<id> -->",
        "\`/approve\` was refused: the config does not name you among those who may, and you are no operator (\`maintain\` role).

      <!-- portcullis:comment:<id> -->",
      ]
    `)
    expect((await t.told()).filter(([what]) => what.startsWith("command_denied"))).toMatchInlineSnapshot(`
      [
        [
          "command_denied by olga",
          {
            "command": "approve",
            "comment_id": "<id>",
            "has": "author",
            "needs": "approver",
          },
        ],
        [
          "command_denied by mona",
          {
            "command": "approve",
            "comment_id": "<id>",
            "has": "committer",
            "needs": "approver",
          },
        ],
        [
          "command_denied by max",
          {
            "command": "approve",
            "comment_id": "<id>",
            "has": "pusher",
            "needs": "approver",
          },
        ],
        [
          "command_denied by shipwright[bot]",
          {
            "command": "approve",
            "comment_id": "<id>",
            "has": "agent",
            "needs": "approver",
          },
        ],
        [
          "command_denied by rita",
          {
            "command": "approve",
            "comment_id": "<id>",
            "has": "not-entitled",
            "needs": "approver",
          },
        ],
      ]
    `)
    expect(await t.ledgerTypes()).not.toContain("approved")
  },
  { config },
)

scenario(
  "an approval that names a commit counts for that commit only",
  async (t) => {
    const pr = await risks(t)
    const pulls = t.github.state.repositories.get(t.repositoryId)?.pulls
    const before = pulls?.get(pr.number)?.headSha ?? ""
    await t.push(pr, "max", { "src/auth/login.ts": "export const login = 2\n" })
    await t.check(pr)
    const wrong = await t.says(pr, "tess", `/approve ${before.slice(0, 7)}`)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(waiting)
    expect(t.reactions(wrong)).toEqual(["portcullis[bot]: confused"])
    const head = pulls?.get(pr.number)?.headSha ?? ""
    expect(t.replies(pr).map((reply) => reply.replace(before.slice(0, 7), "<before>"))).toMatchInlineSnapshot(`
      [
        "\`/approve <before>\` was refused: the newest commit is \`<short sha>\`.

      <!-- portcullis:comment:<id> -->",
      ]
    `)
    await t.says(pr, "tess", `/approve ${head.slice(0, 10).toUpperCase()}`)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
  },
  { config },
)

scenario(
  "a bare approval is refused if a push came with it or after it, whatever was heard first",
  async (t) => {
    const pr = await risks(t)
    const comment = await t.says(pr, "tess", "/approve")
    await t.push(pr, "max", { "src/auth/login.ts": "export const login = 2\n" })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(waiting)
    expect(t.reactions(comment)).toEqual(["portcullis[bot]: confused"])
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "\`/approve\` was refused: a push came after your comment or with it. Look at \`<short sha>\`, and comment \`/approve <short sha>\`.

      <!-- portcullis:comment:<id> -->",
      ]
    `)
    expect(await t.ledgerTypes()).not.toContain("approved")
  },
  { config },
)

scenario(
  "where no stage asks for it, and on a closed pull request or an issue, there is nothing to approve",
  async (t) => {
    const pr = await t.openPullRequest()
    const issue = await t.people.openIssue({ repo: t.repo, by: "olga", title: "Incident" })
    t.clock.advance(2000)
    await t.says(pr, "olga", "/approve")
    await t.says(issue, "olga", "/approve")
    await t.quiet()
    await t.people.closePullRequest({ repo: t.repo, by: "max", number: pr.number })
    await t.says(pr, "olga", "/approve")
    await t.quiet()
    expect([...t.replies(pr), ...t.replies(issue)]).toMatchInlineSnapshot(`
      [
        "There is nothing to approve: the rules for \`main\` have neither a stage \`review\` nor a stage \`policy\`.

      <!-- portcullis:comment:<id> -->",
        "\`/approve\` did nothing: this pull request is closed.

      <!-- portcullis:comment:<id> -->",
        "\`/approve\` is for pull requests, so nothing was done. It is written \`/approve [commit]\`.

      <!-- portcullis:comment:<id> -->",
      ]
    `)
  },
)
