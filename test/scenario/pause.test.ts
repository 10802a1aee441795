import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

scenario("a pause holds every promotion and says who asked", async (t) => {
  const first = await t.openPullRequest()
  const second = await t.openPullRequest()
  await t.check(first)
  await t.check(second)
  await t.quiet()
  expect([t.gate(first)?.conclusion, t.gate(second)?.conclusion]).toEqual(["success", "success"])
  const before = (await t.ledger()).length
  const comment = await t.says(first, "olga", "/pause-promotion incident 42")
  await t.quiet()
  expect(t.gate(first)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @olga, 1 of 1 stage passed"`)
  expect(t.gate(second)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @olga, 1 of 1 stage passed"`)
  expect(t.gate(second)?.summary).toMatchInlineSnapshot(`
    "This pull request must not be merged into \`main\` yet:

    - **promotion-paused** — &#64;olga paused all promotions of this repository: “incident 42”. Next: somebody with the \`write\` role comments \`/resume-promotion\`.

    | stage | status | what was reported |
    | --- | --- | --- |
    | checks | ✅ passed | \`build\`: passed |

    <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
  `)
  expect(await t.tryMerge(first)).toMatch(/Promotion gate/)
  expect(t.reactions(comment)).toEqual(["portcullis[bot]: +1"])
  expect(t.replies(first)).toEqual([
    expect.stringMatching(/^Promotions are paused\. 2 of 2 gates shut in 0\.0 s; none merged meanwhile\.\n/),
  ])
  expect(await t.told(before)).toMatchInlineSnapshot(`
    [
      [
        "command_received by olga",
        {
          "arguments": "incident 42",
          "command": "pause-promotion",
          "comment_id": "<id>",
        },
      ],
      [
        "promotion_pause_changed by olga",
        {
          "change": "paused",
          "pause_id": "comment:<id>:0",
          "reason": "incident 42",
          "scope": "repository",
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
        "promotion_blocked by portcullis",
        {
          "block_reasons": [
            "promotion-paused",
          ],
        },
      ],
    ]
  `)
})

scenario("resuming opens the gates again", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.says(pr, "max", "/pause-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  const comment = await t.says(pr, "olga", "/resume-promotion all clear")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  expect(t.reactions(comment)).toEqual(["portcullis[bot]: +1"])
  expect(await t.tryMerge(pr)).toBeNull()
})

scenario("a reader can neither pause nor resume, and is told why", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  await t.says(pr, "olga", "/pause-promotion")
  await t.quiet()
  const comment = await t.says(pr, "rita", "/resume-promotion please")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  expect(t.reactions(comment)).toEqual(["portcullis[bot]: -1"])
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "Promotions are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile.

    <!-- portcullis:receipt:comment:<id>:0@1795176000000 -->",
      "\`/resume-promotion\` was refused: it needs the \`write\` role in this repository, and you have \`read\`.

    <!-- portcullis:comment:<id> -->",
    ]
  `)
  expect((await t.ledger()).at(-1)?.cause).toMatch(/^delivery:/)
  expect((await t.told()).at(-1)).toMatchInlineSnapshot(`
    [
      "command_denied by rita",
      {
        "command": "resume-promotion",
        "comment_id": "<id>",
        "has": "read",
        "needs": "write",
      },
    ]
  `)
})

scenario("an agent with write permission may pause but not resume", async (t) => {
  const pr = await t.openPullRequest({ by: "shipwright[bot]" })
  await t.check(pr)
  await t.quiet()
  await t.says(pr, "shipwright[bot]", "/pause-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  await t.says(pr, "shipwright[bot]", "/resume-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "Promotions are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile.

    <!-- portcullis:receipt:comment:<id>:0@1795176000000 -->",
      "\`/resume-promotion\` was refused: an app or agent may pause promotions but never resume them. A person with the \`write\` role must do it.

    <!-- portcullis:comment:<id> -->",
    ]
  `)
})

scenario("permission is asked at the time of the command", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.says(pr, "max", "/pause-promotion")
  await t.people.addCollaborator({ repo: t.repo, login: "max", role: "read" })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})

scenario("edited comments, code blocks and quotes are not commands", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  const comment = await t.says(pr, "olga", "nothing here")
  await t.people.editComment({ repo: t.repo, by: "olga", id: comment, body: "/pause-promotion" })
  await t.says(pr, "olga", "```\n/pause-promotion\n```\n\n> /pause-promotion\n\n    /pause-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  t.github.calls.clear()
  await t.quiet()
  expect(t.github.calls.work()).toEqual([])
})

scenario("a command works from a plain issue, too", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  const issue = await t.people.openIssue({ repo: t.repo, by: "olga", title: "Incident" })
  await t.says(issue, "olga", "We stop.\n\n/pause-promotion incident 43")
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @olga, 1 of 1 stage passed"`)
})

scenario("two pauses: the gate opens when the last one is gone", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  await t.says(pr, "olga", "/pause-promotion incident 42")
  await t.quiet()
  await t.people.label({ repo: t.repo, by: "max", number: pr.number, label: "promotion-paused" })
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @olga, @max, 1 of 1 stage passed"`)
  await t.says(pr, "olga", "/resume-promotion")
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @max, 1 of 1 stage passed"`)
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "Promotions are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile.

    <!-- portcullis:receipt:comment:<id>:0@1795176000000 -->",
      "This pull request stays paused by its label (set by &#64;max). It ends when somebody who may resume takes the label off.

    <!-- portcullis:comment:<id> -->",
    ]
  `)
  await t.people.unlabel({ repo: t.repo, by: "max", number: pr.number, label: "promotion-paused" })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})

scenario("the label pauses one pull request only", async (t) => {
  const first = await t.openPullRequest()
  const second = await t.openPullRequest()
  await t.check(first)
  await t.check(second)
  await t.people.label({ repo: t.repo, by: "olga", number: first.number, label: "promotion-paused" })
  await t.quiet()
  expect(t.gate(first)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @olga, 1 of 1 stage passed"`)
  expect(t.gate(second)?.conclusion).toBe("success")
})

scenario("one who may set labels but not write neither pauses nor resumes by label", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.people.label({ repo: t.repo, by: "tess", number: pr.number, label: "promotion-paused" })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  await t.people.unlabel({ repo: t.repo, by: "tess", number: pr.number, label: "promotion-paused" })
  t.clock.advance(1000)
  await t.people.label({ repo: t.repo, by: "olga", number: pr.number, label: "promotion-paused" })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  t.clock.advance(1000)
  await t.people.unlabel({ repo: t.repo, by: "tess", number: pr.number, label: "promotion-paused" })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  expect((await t.told()).filter(([what]) => what.startsWith("command_denied"))).toMatchInlineSnapshot(`
    [
      [
        "command_denied by tess",
        {
          "command": "label-set",
          "comment_id": null,
          "has": "triage",
          "needs": "write",
        },
      ],
      [
        "command_denied by tess",
        {
          "command": "label-removed",
          "comment_id": null,
          "has": "triage",
          "needs": "write",
        },
      ],
    ]
  `)
  expect(t.gate(pr)?.summary).toContain(
    "Next: somebody with the `write` role comments `/resume-promotion` on this pull request.\n",
  )
  await t.says(pr, "olga", "/resume-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})

scenario("one whose change of the label was denied is told once, even if the process dies meanwhile", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.people.label({ repo: t.repo, by: "tess", number: pr.number, label: "promotion-paused" })
  await t.app.deliver()
  // The decision, but not the telling: that is the conversation's own step.
  while ((await t.told()).every(([what]) => what !== "command_denied by tess")) await t.app.step()
  expect(t.replies(pr)).toEqual([])
  await t.restart()
  await t.quiet()
  expect(t.replies(pr)).toHaveLength(1)
  t.clock.advance(60_000)
  await t.people.unlabel({ repo: t.repo, by: "olga", number: pr.number, label: "promotion-paused" })
  t.clock.advance(60_000)
  await t.people.label({ repo: t.repo, by: "tess", number: pr.number, label: "promotion-paused" })
  await t.quiet()
  await t.app.sweep()
  await t.quiet()
  expect((await t.told()).filter(([what]) => what === "command_denied by tess")).toHaveLength(2)
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "&#64;tess set the label \`promotion-paused\`, which pauses nothing: that needs the \`write\` role in this repository, and &#64;tess has \`triage\`. Next: a person with the \`write\` role takes the label off and sets it again, or comments \`/pause-promotion\` to pause the whole repository.

    <!-- portcullis:label-set:<id> -->",
    ]
  `)
})

scenario("many other labels set later do not hide who set the pause label", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.people.label({ repo: t.repo, by: "tess", number: pr.number, label: "promotion-paused" })
  await t.quiet()
  for (let count = 0; count < 25; count += 1) {
    t.clock.advance(1000)
    await t.people.label({ repo: t.repo, by: "max", number: pr.number, label: `area-${count}` })
  }
  await t.quiet()
  await t.app.sweep()
  await t.quiet()
  expect(t.gate(pr)?.line).toBe("success | Open: 1 of 1 stage passed")
})

scenario("a bot that takes the label off is told that a person must", async (t) => {
  const pr = await t.openPullRequest({ by: "shipwright[bot]" })
  await t.people.label({ repo: t.repo, by: "olga", number: pr.number, label: "promotion-paused" })
  await t.quiet()
  t.clock.advance(60_000)
  await t.people.unlabel({ repo: t.repo, by: "shipwright[bot]", number: pr.number, label: "promotion-paused" })
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked: paused by @olga/)
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "&#64;shipwright&#91;bot&#93; took the label \`promotion-paused\` off, but its pause stays: an app or agent may pause promotions but never resume them. Next: a person with the \`write\` role comments \`/resume-promotion\` here.

    <!-- portcullis:label-removed:<id> -->",
    ]
  `)
})

scenario("a pull request opened during a pause is shut from its first moment", async (t) => {
  const first = await t.openPullRequest()
  await t.says(first, "olga", "/pause-promotion freeze")
  await t.quiet()
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @olga, 1 of 1 stage passed"`)
})

scenario("a pause outlives the process", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.says(pr, "olga", "/pause-promotion")
  await t.quiet()
  await t.restart()
  await t.push(pr)
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @olga, 1 of 1 stage passed"`)
})

scenario("several commands in one comment are done in order", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  const comment = await t.says(pr, "olga", "/pause-promotion oops\n/resume-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  expect(t.reactions(comment)).toEqual(["portcullis[bot]: +1"])
  const idle = await t.says(pr, "olga", "/resume-promotion")
  await t.quiet()
  expect(t.reactions(idle)).toEqual(["portcullis[bot]: confused"])
  // Whether the gate was green already when the pause began is left to chance, so the receipt says either.
  const replies = t.replies(pr).filter((body) => !body.includes("portcullis:receipt:"))
  expect(replies).toMatchInlineSnapshot(`
    [
      "Nothing is paused here, so there was nothing to resume.

    <!-- portcullis:comment:<id> -->",
    ]
  `)
})
