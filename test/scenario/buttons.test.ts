import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import { steady } from "../harness/verbs.ts"
import { config, open, risks, risky, waiting } from "./button-world.ts"

useDatabase()

scenario(
  "whoever the rules name approves by the button, and the gate opens",
  async (t) => {
    const pr = await risks(t)
    expect(t.buttons(pr)).toEqual(["Approve", "Pause"])
    const before = (await t.ledger()).length
    await t.presses(pr, "max", "Approve")
    await t.quiet()
    expect([t.gate(pr)?.line, t.buttons(pr)]).toEqual([open, ["Promote", "Pause"]])
    expect(t.replies(pr)).toEqual([])
    expect(await t.told(before)).toMatchInlineSnapshot(`
      [
        [
          "command_received by max",
          {
            "arguments": null,
            "command": "approve",
            "comment_id": null,
            "source": "button",
          },
        ],
        [
          "approved by max",
          {
            "approval_id": "button:<guid>",
            "config": "<sha>",
            "patch_id": "961842aa1b451837f5d266c8c9972f00e7435a8066bbe276e3e96219bd5eb3db",
            "source": "button",
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
    const approved = (await t.ledger()).find(({ type }) => type === "approved")
    expect(steady(`button:${approved?.cause.replace("delivery:", "")}`)).toBe("button:<guid>")
  },
  { config },
)

scenario(
  "the author, and a reader who could write a moment ago, are refused, and told so once",
  async (t) => {
    const pr = await risks(t, "max")
    await t.people.addCollaborator({ repo: t.repo, login: "rita", role: "write" })
    const before = (await t.ledger()).length
    for (const who of ["max", "max"]) {
      await t.presses(pr, who, "Approve")
      await t.quiet()
    }
    await t.presses(pr, "rita", "Approve")
    await t.people.addCollaborator({ repo: t.repo, login: "rita", role: "read" })
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(waiting)
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "&#64;max, you pressed the button **Approve** on the check run \`Promotion gate\`, which stands for \`/approve\`.

      \`/approve\` was refused: you are the author of this pull request.

      <!-- portcullis:button:approve:<id>:<short sha>:author -->",
        "&#64;rita, you pressed the button **Approve** on the check run \`Promotion gate\`, which stands for \`/approve\`.

      \`/approve\` was refused: the config does not name you among those who may, and you are no operator (\`maintain\` role).

      <!-- portcullis:button:approve:<id>:<short sha>:not-entitled -->",
      ]
    `)
    expect((await t.told(before)).map(([what, payload]) => [what, JSON.stringify(payload)])).toMatchInlineSnapshot(`
      [
        [
          "command_denied by max",
          "{"command":"approve","comment_id":null,"needs":"approver","has":"author","source":"button"}",
        ],
        [
          "command_denied by max",
          "{"command":"approve","comment_id":null,"needs":"approver","has":"author","source":"button"}",
        ],
        [
          "command_denied by rita",
          "{"command":"approve","comment_id":null,"needs":"approver","has":"not-entitled","source":"button"}",
        ],
      ]
    `)
  },
  { config },
)

scenario(
  "an operator's button settles what only an operator may let pass",
  async (t) => {
    const files = { ".github/workflows/ci.yml": "on: push\n" }
    const pr = await t.openPullRequest({ by: "shipwright[bot]", files })
    await t.quiet()
    expect([t.gate(pr)?.line, t.buttons(pr)]).toMatchInlineSnapshot(`
      [
        "failure | Blocked: .github/workflows/ci.yml is protected, 0 of 1 stage passed",
        [
          "Approve",
          "Pause",
        ],
      ]
    `)
    await t.presses(pr, "olga", "Approve")
    await t.quiet()
    expect([t.gate(pr)?.line, t.buttons(pr)]).toMatchInlineSnapshot(`
      [
        "success | Open: 1 of 1 stage passed",
        [
          "Promote",
          "Pause",
        ],
      ]
    `)
  },
  { config: `version: 1\nmode: enforce\nbranches: { main: { stages: [policy] } }\n` },
)

scenario(
  "a button of an older commit approves nothing, before its push is heard of and after",
  async (t) => {
    const pr = await risks(t)
    const old = t.github.state.repositories.get(t.repositoryId)?.pulls.get(pr.number)?.headSha ?? ""
    await t.presses(pr, "max", "Approve")
    await t.push(pr, "olga", { "src/auth/login.ts": "export const login = 2\n" })
    await t.quiet()
    await t.check(pr)
    await t.presses(pr, "max", { label: "Approve", sha: old })
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(waiting)
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "&#64;max, you pressed the button **Approve** on the check run \`Promotion gate\`, which stands for \`/approve\`.

      Nothing was done: since the button was shown, there was a newer push, or the pull request was made to go into another branch. Next: look at the newest commit, \`<short sha>\`, and use the button on its own check run.

      <!-- portcullis:button:approve:<id>:<short sha>:button-outdated -->",
      ]
    `)
    expect((await t.ledgerTypes()).filter((type) => type === "approved")).toEqual([])
    await t.presses(pr, "max", "Approve")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
  },
  { config },
)

scenario(
  "a button that was shown for another base branch approves nothing",
  async (t) => {
    await t.people.createBranch({ repo: t.repo, by: "olga", branch: "release" })
    const pr = await risks(t)
    await t.presses(pr, "max", "Approve")
    await t.people.editPullRequest({ repo: t.repo, by: "olga", number: pr.number, base: "release" })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^in_progress/)
    expect(t.replies(pr)).toHaveLength(1)
    expect((await t.ledgerTypes()).filter((type) => type === "approved")).toEqual([])
  },
  { config: config.replace("branches:\n", "branches:\n  release: { stages: [review] }\n") },
)

scenario(
  "a push makes the approval stale, and asking for changes takes it back for good",
  async (t) => {
    const pr = await risks(t)
    await t.presses(pr, "max", "Approve")
    await t.quiet()
    await t.push(pr, "olga", { "src/auth/login.ts": "export const login = 3\n" })
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked: an approval went stale/)
    t.clock.advance(2000)
    await t.presses(pr, "max", "Approve")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
    t.clock.advance(2000)
    const review = await t.reviews(pr, "max", "REQUEST_CHANGES")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/changes requested by @max/)
    await t.people.dismiss({ repo: t.repo, by: "olga", number: pr.number, id: review })
    await t.quiet()
    expect([t.gate(pr)?.line, t.buttons(pr)]).toEqual([waiting, ["Approve", "Pause"]])
    const dismissed = (await t.ledger()).filter(({ type }) => type === "approval_dismissed")
    expect(dismissed.map(({ payload }) => "why" in payload && payload.why)).toEqual(["stale", "withdrawn"])
  },
  { config },
)

scenario(
  "a doubled delivery is one approval, and a crash after the press loses nothing",
  async (t) => {
    t.github.faults.deliveries({ event: "check_run", times: Infinity }, { kind: "duplicate" })
    const pr = await risks(t)
    await t.presses(pr, "max", "Approve")
    await t.app.deliver()
    await t.restart()
    await t.app.sweep()
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
    const given = (await t.ledgerTypes()).filter((type) => type === "approved" || type === "command_received")
    expect(given).toEqual(["command_received", "approved"])
  },
  { config },
)

scenario(
  "an advisory gate offers an approval that is wanted, and nothing that would do nothing",
  async (t) => {
    const pr = await t.openPullRequest({ files: risky })
    await t.quiet()
    expect([t.gate(pr)?.line, t.buttons(pr)]).toMatchInlineSnapshot(`
      [
        "neutral | Advisory, holds nothing: 1 more approval needed (low risk), 0 of 1 stage passed",
        [
          "Approve",
        ],
      ]
    `)
    await t.check(pr)
    await t.presses(pr, "olga", "Approve")
    await t.quiet()
    expect([t.gate(pr)?.line, t.buttons(pr)]).toMatchInlineSnapshot(`
      [
        "success | Advisory: open, 1 of 1 stage passed",
        [],
      ]
    `)
  },
  { config: `version: 1\nbranches: { main: { stages: [review] } }\n` },
)
