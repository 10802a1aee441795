import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

const label = "promotion-paused"
const open = "success | Open: 1 of 1 stage passed"

async function ready(t: Scenario): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toBe(open)
  return pr
}

async function incident(t: Scenario, by = "olga", title = "Payments are down"): Promise<OpenedPullRequest> {
  const issue = await t.people.openIssue({ repo: t.repo, by, title })
  t.clock.advance(6000)
  return issue
}

scenario("a label on an open issue pauses the repository, and closing the issue resumes", async (t) => {
  const pr = await ready(t)
  const issue = await incident(t)
  const before = (await t.ledger()).length
  await t.people.label({ repo: t.repo, by: "max", number: issue.number, label })
  await t.quiet()
  expect(t.gate(pr)?.line).toBe("failure | Blocked: paused by @max, 1 of 1 stage passed")
  expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
    "This pull request must not be merged into \`main\` yet:

    - **promotion-paused** — &#64;max paused all promotions of this repository by the pause label on issue #2: “Payments are down”. Next: somebody with the \`write\` role closes issue #2 or takes the label \`promotion-paused\` off it (where that is done, comments \`/resume-promotion\`).

    | stage | status | what was reported |
    | --- | --- | --- |
    | checks | ✅ passed | \`build\`: passed |

    <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
  `)
  t.clock.advance(6000)
  await t.says(pr, "olga", "/resume-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "Promotions stay paused by the label on issue #2. It ends when somebody who may resume closes the issue or takes the label off.

    <!-- portcullis:comment:<id> -->",
    ]
  `)
  await t.people.closeIssue({ repo: t.repo, by: "olga", number: issue.number })
  await t.quiet()
  expect(t.gate(pr)?.line).toBe(open)
  t.clock.advance(6000)
  await t.people.reopenIssue({ repo: t.repo, by: "max", number: issue.number })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  t.clock.advance(6000)
  await t.people.unlabel({ repo: t.repo, by: "max", number: issue.number, label })
  await t.quiet()
  expect(t.gate(pr)?.line).toBe(open)
  expect((await t.told(before)).filter(([what]) => what.startsWith("promotion_pause_changed"))).toMatchInlineSnapshot(`
    [
      [
        "promotion_pause_changed by max",
        {
          "change": "paused",
          "pause_id": "issue:2",
          "reason": "Payments are down",
          "scope": "repository",
          "source": "label",
        },
      ],
      [
        "promotion_pause_changed by olga",
        {
          "change": "resumed",
          "pause_id": "issue:2",
          "reason": null,
          "scope": "repository",
          "source": "label",
        },
      ],
      [
        "promotion_pause_changed by max",
        {
          "change": "paused",
          "pause_id": "issue:2",
          "reason": "Payments are down",
          "scope": "repository",
          "source": "label",
        },
      ],
      [
        "promotion_pause_changed by max",
        {
          "change": "resumed",
          "pause_id": "issue:2",
          "reason": null,
          "scope": "repository",
          "source": "label",
        },
      ],
    ]
  `)
})

scenario("a template sets labels for anyone: that pauses nothing, and is told", async (t) => {
  const pr = await ready(t)
  const issue = await t.people.openIssue({ repo: t.repo, by: "rita", title: "Please stop", labels: [label] })
  await t.quiet()
  await t.app.sweep()
  await t.quiet()
  expect(t.gate(pr)?.line).toBe(open)
  expect(t.replies(issue)).toMatchInlineSnapshot(`
    [
      "&#64;rita set the label \`promotion-paused\`, which pauses nothing: that needs the \`write\` role in this repository, and &#64;rita has \`read\`. Next: a person with the \`write\` role takes the label off and sets it again, or comments \`/pause-promotion\` to pause the whole repository.

    <!-- portcullis:label-set:<id> -->",
    ]
  `)
})

scenario("neither who may not nor an app lifts it, whichever way they try", async (t) => {
  const pr = await ready(t)
  const issue = await incident(t)
  await t.people.label({ repo: t.repo, by: "olga", number: issue.number, label })
  await t.quiet()
  t.clock.advance(6000)
  await t.people.closeIssue({ repo: t.repo, by: "tess", number: issue.number })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  t.clock.advance(6000)
  await t.people.reopenIssue({ repo: t.repo, by: "tess", number: issue.number })
  await t.quiet()
  t.clock.advance(6000)
  await t.people.unlabel({ repo: t.repo, by: "shipwright[bot]", number: issue.number, label })
  await t.quiet()
  await t.app.sweep()
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  expect(t.replies(issue)).toMatchInlineSnapshot(`
    [
      "Promotions are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile.

    <!-- portcullis:receipt:issue:2@1795176006000 -->",
      "&#64;tess closed this issue with the label \`promotion-paused\`, but its pause stays: that needs the \`write\` role in this repository, and &#64;tess has \`triage\`. Next: a person with the \`write\` role comments \`/resume-promotion\` here.

    <!-- portcullis:label-removed:<id> -->",
      "&#64;shipwright&#91;bot&#93; took the label \`promotion-paused\` off, but its pause stays: an app or agent may pause promotions but never resume them. Next: a person with the \`write\` role comments \`/resume-promotion\` here.

    <!-- portcullis:label-removed:<id> -->",
    ]
  `)
  await t.says(issue, "max", "/resume-promotion")
  await t.quiet()
  expect(t.gate(pr)?.line).toBe(open)
})

scenario("what no webhook told, the sweep finds: the label, who set it, and that it is gone", async (t) => {
  const pr = await ready(t)
  t.github.faults.deliveries({ event: "issues", times: 20 }, { kind: "drop" })
  const issue = await incident(t, "rita")
  const other = await incident(t, "rita", "Mine, too")
  await t.people.label({ repo: t.repo, by: "max", number: issue.number, label })
  await t.people.label({ repo: t.repo, by: "tess", number: other.number, label })
  await t.quiet()
  expect(t.gate(pr)?.line).toBe(open)
  for (const delivery of t.github.state.outbox) if (delivery.status === "failed") delivery.status = "dropped"
  await t.app.sweep()
  await t.quiet()
  expect(t.gate(pr)?.line).toBe("failure | Blocked: paused by @max, 1 of 1 stage passed")
  expect(t.replies(other)).toHaveLength(1)
  t.clock.advance(6000)
  t.github.faults.deliveries({ event: "issues", times: 20 }, { kind: "drop" })
  await t.people.closeIssue({ repo: t.repo, by: "max", number: issue.number })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  await t.app.sweep()
  await t.quiet()
  expect(t.gate(pr)?.line).toBe(open)
  t.github.faults.clear()
})

scenario("the words of a title do no harm, and other labels none at all", async (t) => {
  const pr = await ready(t)
  const title = `a\u202Eb @olga #1 <!-- --> **x**\n[y](z) ${"long ".repeat(100)}`
  const issue = await incident(t, "olga", title)
  await t.people.label({ repo: t.repo, by: "olga", number: issue.number, label: "bug" })
  await t.quiet()
  expect(t.gate(pr)?.line).toBe(open)
  t.clock.advance(6000)
  await t.people.label({ repo: t.repo, by: "olga", number: issue.number, label: "Promotion-Paused" })
  await t.quiet()
  const [line] = t.gate(pr)?.summary.match(/- \*\*promotion-paused.*/) ?? []
  expect(line).toMatchInlineSnapshot(
    `"- **promotion-paused** — &#64;olga paused all promotions of this repository by the pause label on issue #2: “a b &#64;olga &#35;1 &#60;!-- --&#62; &#42;&#42;x&#42;&#42; &#91;y&#93;(z) long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long…”. Next: somebody with the \`write\` role closes issue #2 or takes the label \`promotion-paused\` off it (where that is done, comments \`/resume-promotion\`)."`,
  )
})
