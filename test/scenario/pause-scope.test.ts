import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

const config = `version: 1
mode: enforce
branches:
  main: { stages: [] }
  release: { stages: [] }
`
const open = "success | Open: no stage required"

scenario(
  "a pause of one branch leaves the others alone, and is ended from a pull request into it",
  async (t) => {
    await t.people.createBranch({ repo: t.repo, by: "olga", branch: "release", from: "main" })
    const first = await t.openPullRequest()
    const second = await t.openPullRequest({ base: "release" })
    await t.says(first, "olga", "/pause-promotion release train --branch release")
    await t.quiet()
    expect(t.gate(first)?.line).toBe(open)
    expect(t.gate(second)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @olga, no stage required"`)
    expect(t.gate(second)?.summary).toContain(
      "&#64;olga paused all promotions into `release`: “release train”. Next: somebody with the `write` role comments `/resume-promotion`.",
    )
    await t.says(first, "olga", "/resume-promotion")
    await t.quiet()
    expect(t.gate(second)?.line).toMatch(/^failure/)
    await t.says(second, "olga", "/resume-promotion")
    await t.quiet()
    expect(t.gate(second)?.line).toBe(open)
  },
  { config },
)

scenario(
  "a pause of one pull request is ended there; an issue has none, and ends those of all branches",
  async (t) => {
    const first = await t.openPullRequest()
    const second = await t.openPullRequest()
    const issue = await t.people.openIssue({ repo: t.repo, by: "olga", title: "Incident" })
    await t.quiet()
    await t.says(first, "olga", "/pause-promotion --pr not before the talk")
    await t.quiet()
    await t.says(issue, "olga", "/pause-promotion --pr\n\n/pause-promotion --branch main")
    await t.quiet()
    expect([t.gate(first)?.line, t.gate(second)?.line]).toMatchInlineSnapshot(`
      [
        "failure | Blocked: paused by @olga, no stage required",
        "failure | Blocked: paused by @olga, no stage required",
      ]
    `)
    await t.says(issue, "olga", "/resume-promotion")
    await t.quiet()
    expect([t.gate(first)?.conclusion, t.gate(second)?.line]).toEqual(["failure", open])
    expect(t.gate(first)?.summary).toContain(
      "Next: somebody with the `write` role comments `/resume-promotion` on this pull request.",
    )
    await t.says(first, "max", "/resume-promotion")
    await t.quiet()
    expect(t.gate(first)?.line).toBe(open)
    expect(t.replies(issue)).toMatchInlineSnapshot(`
      [
        "\`/pause-promotion\` takes \`--pr\` on a pull request only, so nothing was done. It is written \`/pause-promotion [reason] [--for 2h] [--branch main] [--pr]\`.

      <!-- portcullis:comment:<id> -->",
        "Promotions into \`main\` are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile.

      <!-- portcullis:receipt:comment:<id>:1@1795176000000 -->",
      ]
    `)
  },
  { config },
)

scenario(
  "a pause with an end says until when, ends by itself, and outlives the process",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.says(pr, "olga", "/pause-promotion --for 2h freeze")
    await t.says(pr, "max", "/pause-promotion --for 1h")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: paused by @olga until 2026-11-20 14:00 UTC, @max until 2026-11-20 13:00 UTC, no stage required"`,
    )
    expect(t.gate(pr)?.summary).toMatchInlineSnapshot(`
      "This pull request must not be merged into \`main\` yet:

      - **promotion-paused** — &#64;olga paused all promotions of this repository until 2026-11-20 14:00 UTC: “freeze”. &#64;max paused all promotions of this repository until 2026-11-20 13:00 UTC. Next: wait until then, or somebody with the \`write\` role comments \`/resume-promotion\`.

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
    t.clock.advance(3600_000)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: paused by @olga until 2026-11-20 14:00 UTC, no stage required"`,
    )
    t.clock.advance(3600_000 - 2000)
    await t.restart()
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^failure/)
    const before = (await t.ledger()).length
    t.clock.advance(2000)
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
    expect(await t.told(before)).toMatchInlineSnapshot(`
      [
        [
          "promotion_pause_changed by portcullis",
          {
            "change": "expired",
            "pause_id": "comment:<id>:0",
            "reason": null,
            "scope": "repository",
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
    await t.app.sweep()
    await t.quiet()
    expect((await t.ledgerTypes()).filter((type) => type === "promotion_pause_changed")).toHaveLength(4)
  },
  { config },
)

scenario(
  "what is resumed before its time does not end once more",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.says(pr, "olga", "/pause-promotion --for 1h")
    await t.says(pr, "olga", "/resume-promotion")
    await t.quiet()
    t.clock.advance(2 * 3600_000)
    await t.quiet()
    expect((await t.ledgerTypes()).filter((type) => type === "promotion_pause_changed")).toHaveLength(2)
    expect(await t.database.prisma.lookAgain.findMany()).toEqual([])
  },
  { config },
)
