import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

scenario("anybody who may read is told what holds the gate", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  await t.says(pr, "olga", "/pause-promotion incident 42")
  const comment = await t.says(pr, "rita", "/promotion-status")
  await t.quiet()
  expect(t.reactions(comment)).toEqual(["portcullis[bot]: +1"])
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "**Blocked: paused by &#64;olga, 0 of 1 stage passed**

    - **promotion-paused** — &#64;olga paused all promotions of this repository: “incident 42”. Next: somebody with the \`write\` role comments \`/resume-promotion\`.
    - **checks-pending** — waiting for \`build\` to succeed on this commit. Next: wait for what is running, start what is not. A check that nobody reports keeps the gate shut.

    <!-- portcullis:comment:<id> -->",
      "Promotions are paused. No gate was open, so there was nothing to shut; none merged meanwhile.

    <!-- portcullis:receipt:comment:<id>:0@1795176000000 -->",
    ]
  `)
  await t.says(pr, "olga", "/resume-promotion")
  await t.check(pr)
  await t.says(pr, "shipwright[bot]", "/promotion-status")
  await t.quiet()
  expect(t.replies(pr).at(-1)).toMatchInlineSnapshot(`
    "**Open: 1 of 1 stage passed**

    <!-- portcullis:comment:<id> -->"
  `)
  await t.people.mergePullRequest({ repo: t.repo, by: "max", number: pr.number })
  await t.says(pr, "rita", "/promotion-status")
  await t.quiet()
  expect(t.replies(pr).at(-1)).toMatchInlineSnapshot(`
    "This pull request was merged, so its gate is done.

    <!-- portcullis:comment:<id> -->"
  `)
})

scenario("on an issue the state of the whole repository is told", async (t) => {
  const issue = await t.people.openIssue({ repo: t.repo, by: "olga", title: "Incident" })
  await t.says(issue, "rita", "/promotion-status")
  await t.quiet()
  await t.openPullRequest()
  await t.says(issue, "olga", "/pause-promotion incident 42\n/promotion-status")
  await t.quiet()
  expect(t.replies(issue)).toMatchInlineSnapshot(`
    [
      "Nothing is paused here. No promotions are open.

    <!-- portcullis:comment:<id> -->",
      "- &#64;olga paused all promotions of this repository: “incident 42”.

    1 promotion is open.

    <!-- portcullis:comment:<id> -->",
      "Promotions are paused. No gate was open, so there was nothing to shut; none merged meanwhile.

    <!-- portcullis:receipt:comment:<id>:0@1795176000000 -->",
    ]
  `)
})

scenario("reading again brings what no webhook told", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  t.github.faults.deliveries({ event: "check_run", times: 5 }, { kind: "drop" })
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch(/^in_progress/)
  t.github.faults.clear()
  const comment = await t.says(pr, "max", "/recheck")
  await t.quiet()
  expect(t.gate(pr)?.line).toBe("success | Open: 1 of 1 stage passed")
  expect(t.reactions(comment)).toEqual(["portcullis[bot]: +1"])
  await t.says(pr, "shipwright[bot]", "/recheck")
  await t.quiet()
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "\`/recheck\` was refused: an app or agent may pause promotions and ask how they stand, no more. A person with the \`write\` role must do it.

    <!-- portcullis:comment:<id> -->",
    ]
  `)
})

scenario("whoever may promote is taken at their word, at this very head", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  t.clock.advance(1000)
  const before = (await t.ledger()).length
  const comment = await t.says(pr, "max", "/promote")
  await t.says(pr, "olga", "/promote --urgent production burns")
  await t.says(pr, "max", "/promote --urgent me, too\n\n/promote now\n\n/promote --urgent")
  await t.quiet()
  expect(t.reactions(comment)).toEqual(["portcullis[bot]: +1"])
  expect(await t.told(before)).toMatchInlineSnapshot(`
    [
      [
        "command_received by max",
        {
          "arguments": null,
          "command": "promote",
          "comment_id": "<id>",
        },
      ],
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
        "command_denied by max",
        {
          "command": "promote",
          "comment_id": "<id>",
          "has": "write",
          "needs": "maintain",
        },
      ],
      [
        "promotion_blocked by portcullis",
        {
          "answers": "<id>",
          "block_reasons": [
            "checks-pending",
          ],
          "held": [
            "checks-pending",
          ],
        },
      ],
    ]
  `)
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "\`/promote --urgent\` was refused: it needs the \`maintain\` role in this repository, and you have \`write\`.

    \`/promote\` does not know what to make of \`now\`, so nothing was done. It is written \`/promote [--urgent <reason>]\`.

    \`/promote\` needs a reason with \`--urgent\`, so nothing was done. It is written \`/promote [--urgent <reason>]\`.

    <!-- portcullis:comment:<id> -->",
      "Not merged: the gate is shut (\`checks-pending\`). This repository lets \`/promote --urgent\` pass over nothing: \`urgent.may_skip\` in \`.github/promotion.yml\` on the default branch names no stage. What is missing stands in the check run; ask again when it is open.

    <!-- portcullis:comment:<id>:not-promoted -->",
    ]
  `)
  const entries = (await t.ledger()).slice(before)
  expect(entries[0]).toMatchObject({
    sha: t.github.state.repositories.get(t.repositoryId)?.pulls.get(pr.number)?.headSha,
  })
  expect(entries[0]?.runId).toBe((await t.ledger()).find(({ type }) => type === "proposed")?.runId)
})

scenario("every comment of a pass gets its reaction before anybody gets words", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  for (const who of ["rita", "max", "olga"]) await t.says(pr, who, "/help")
  t.github.calls.clear()
  await t.quiet()
  const said = t.github.calls.work().filter(({ path }) => path.includes("/comments"))
  const kinds = said.map(({ path }) => (path.endsWith("/reactions") ? "reaction" : "reply"))
  expect(kinds).toEqual(["reaction", "reaction", "reaction", "reply", "reply", "reply"])
})
