import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import { config, harmless, open } from "./button-world.ts"

useDatabase()

scenario(
  "promote merges the open gate, and is not offered where the app merges by itself",
  async (t) => {
    const pr = await harmless(t)
    await t.presses(pr, "max", "Promote")
    await t.quiet()
    expect([t.gate(pr)?.line, t.buttons(pr)]).toEqual([open, ["Promote", "Pause"]])
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "&#64;max, you pressed the button **Promote** on the check run \`Promotion gate\`, which stands for \`/promote\`.

      \`/promote\` was refused: it needs the \`maintain\` role in this repository, and you have \`write\`.

      <!-- portcullis:button:promote:<id>:<short sha>:role -->",
      ]
    `)
    const before = (await t.ledger()).length
    await t.presses(pr, "olga", "Promote")
    await t.quiet()
    expect(t.github.state.repositories.get(t.repositoryId)?.pulls.get(pr.number)?.mergedBy?.login).toBe(
      "portcullis[bot]",
    )
    expect((await t.told(before)).map(([what, payload]) => [what, JSON.stringify(payload)])).toMatchInlineSnapshot(`
      [
        [
          "command_received by olga",
          "{"command":"promote","comment_id":null,"arguments":null,"source":"button"}",
        ],
        [
          "promoted by portcullis",
          "{"merge_commit":"<sha>","merged_by":"portcullis"}",
        ],
        [
          "stage_changed by portcullis",
          "{"stage":"health","status":"skipped","landing":{"before":"<sha>","position":1,"commits":1,"integrity":"clean"}}",
        ],
      ]
    `)
  },
  { config },
)

scenario(
  "what the app merges by itself is offered no button for it",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    t.tolerateErrors()
    t.github.faults.requests({ method: "PUT", path: /merge$/, times: 1 }, { kind: "server-error" })
    await t.quiet()
    expect(t.buttons(pr)).toEqual(["Pause"])
  },
  { config: config.replace("main: { ", "main: { merge: { auto: [low] }, ") },
)

scenario(
  "whoever promotes while the gate is being shut is told why nothing was merged",
  async (t) => {
    const pr = await harmless(t)
    await t.presses(pr, "olga", "Promote")
    await t.check(pr, { conclusion: "failure" })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^failure/)
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "&#64;olga, you pressed the button **Promote** on the check run \`Promotion gate\`, which stands for \`/promote\`.

      Not merged: the gate is shut (\`checks-failed\`). What is missing stands in the check run; ask again when it is open.

      <!-- portcullis:button:promote:<id>:<short sha>:not-promoted -->",
      ]
    `)
    expect(JSON.stringify(await t.told())).toContain('"answers_button":"<guid>"')
  },
  { config },
)

scenario(
  "pause and resume this pull request, and no other",
  async (t) => {
    const pr = await harmless(t)
    const other = await harmless(t)
    const before = (await t.ledger()).length
    await t.presses(pr, "max", "Pause")
    await t.quiet()
    expect([t.gate(pr)?.line, t.buttons(pr)]).toMatchInlineSnapshot(`
      [
        "failure | Blocked: paused by @max, 2 of 2 stages passed",
        [
          "Resume",
        ],
      ]
    `)
    expect([t.gate(other)?.line, t.buttons(other)]).toEqual([open, ["Promote", "Pause"]])
    t.clock.advance(2000)
    await t.presses(pr, "max", "Resume")
    await t.quiet()
    expect([t.gate(pr)?.line, t.buttons(pr)]).toEqual([open, ["Promote", "Pause"]])
    expect(t.replies(pr)).toEqual([])
    expect(await t.told(before)).toMatchInlineSnapshot(`
      [
        [
          "command_received by max",
          {
            "arguments": "--pr",
            "command": "pause-promotion",
            "comment_id": null,
            "source": "button",
          },
        ],
        [
          "promotion_pause_changed by max",
          {
            "change": "paused",
            "pause_id": "button:<guid>",
            "reason": null,
            "scope": "pull-request",
            "source": "command",
          },
        ],
        [
          "promotion_blocked by portcullis",
          {
            "block_reasons": [
              "promotion-paused",
            ],
          },
        ],
        [
          "command_received by max",
          {
            "arguments": null,
            "command": "resume-promotion",
            "comment_id": null,
            "source": "button",
          },
        ],
        [
          "promotion_pause_changed by max",
          {
            "change": "resumed",
            "pause_id": "button:<guid>",
            "reason": null,
            "scope": "pull-request",
            "source": "command",
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
  },
  { config },
)

scenario(
  "resume ends no pause of the repository, and no later one than it was shown for",
  async (t) => {
    const pr = await harmless(t)
    await t.says(pr, "olga", "/pause-promotion incident 42")
    await t.quiet()
    expect(t.buttons(pr)).toEqual([])
    await t.says(pr, "olga", "/pause-promotion --pr wait")
    await t.quiet()
    expect(t.buttons(pr)).toEqual(["Resume"])
    t.clock.advance(2000)
    await t.presses(pr, "max", "Resume")
    const held = t.github.faults.order
    await t.says(pr, "olga", "/pause-promotion --pr once more")
    t.github.faults.order = (pending) => pending.toReversed()
    t.clock.advance(2000)
    await t.app.deliver()
    t.github.faults.order = held
    await t.quiet()
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "Promotions are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile.

      <!-- portcullis:receipt:comment:<id>:0@1795176002000 -->",
        "&#64;max, you pressed the button **Resume** on the check run \`Promotion gate\`, which stands for \`/resume-promotion\`.

      This pull request was paused again after the button was shown (by &#64;olga), and stays paused. Next: to end that as well, press **Resume** once more.

      <!-- portcullis:button:resume:<id>:<short sha>:paused-since -->",
      ]
    `)
    expect([t.gate(pr)?.line, t.buttons(pr)]).toMatchInlineSnapshot(`
      [
        "failure | Blocked: paused by @olga, 2 of 2 stages passed",
        [
          "Resume",
        ],
      ]
    `)
    t.clock.advance(2000)
    await t.presses(pr, "max", "Resume")
    await t.quiet()
    expect([t.gate(pr)?.line, t.buttons(pr)]).toMatchInlineSnapshot(`
      [
        "failure | Blocked: paused by @olga, 2 of 2 stages passed",
        [],
      ]
    `)
  },
  { config },
)

scenario(
  "a comment ends the pause of a button, unless the pause came later",
  async (t) => {
    const pr = await harmless(t)
    await t.presses(pr, "max", "Pause")
    await t.quiet()
    t.clock.advance(2000)
    await t.says(pr, "max", "/resume-promotion")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
    await t.says(pr, "max", "/resume-promotion")
    t.github.faults.deliveries({ event: "issue_comment" }, { kind: "delay", delayMs: 5000 })
    await t.says(pr, "max", "/resume-promotion at last")
    t.clock.advance(2000)
    await t.presses(pr, "olga", "Pause")
    await t.quiet()
    t.clock.advance(5000)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("failure | Blocked: paused by @olga, 2 of 2 stages passed")
  },
  { config },
)

scenario(
  "a press on a merged pull request does nothing, and is told so",
  async (t) => {
    const pr = await harmless(t)
    expect(await t.tryMerge(pr)).toBeNull()
    await t.quiet()
    const before = (await t.ledger()).length
    for (const label of ["Promote", "Pause"]) {
      await t.presses(pr, "olga", label)
      await t.quiet()
    }
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "&#64;olga, you pressed the button **Promote** on the check run \`Promotion gate\`, which stands for \`/promote\`.

      \`/promote\` did nothing: this pull request is closed.

      <!-- portcullis:button:promote:<id>:<short sha>:closed -->",
        "&#64;olga, you pressed the button **Pause** on the check run \`Promotion gate\`, which stands for \`/pause-promotion\`.

      \`/pause-promotion\` did nothing: this pull request is closed.

      <!-- portcullis:button:pause:<id>:<short sha>:closed -->",
      ]
    `)
    expect(await t.ledgerTypes(before)).toEqual(["command_received", "command_received"])
  },
  { config },
)

scenario(
  "a role that was lost since the button was pressed does not count any more",
  async (t) => {
    const pr = await harmless(t)
    await t.presses(pr, "max", "Pause")
    await t.people.addCollaborator({ repo: t.repo, login: "max", role: "read" })
    await t.quiet()
    expect([t.gate(pr)?.line, t.buttons(pr)]).toEqual([open, ["Promote", "Pause"]])
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "&#64;max, you pressed the button **Pause** on the check run \`Promotion gate\`, which stands for \`/pause-promotion\`.

      \`/pause-promotion\` was refused: it needs the \`write\` role in this repository, and you have \`read\`.

      <!-- portcullis:button:pause:<id>:<short sha>:role -->",
      ]
    `)
    expect((await t.told()).at(-1)).toMatchInlineSnapshot(`
      [
        "command_denied by max",
        {
          "command": "pause-promotion",
          "comment_id": null,
          "has": "read",
          "needs": "write",
          "source": "button",
        },
      ]
    `)
  },
  { config },
)
