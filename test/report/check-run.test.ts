import { describe, expect, test } from "vitest"
import { renderGate } from "../../src/report/check-run.ts"
import { explainPauses } from "../../src/report/pause.ts"
import { badConfig, passed, pauseBy, pauseByLabel, runId, shown, verdictOf } from "./verdict.ts"

describe("the gate, read by a newcomer", () => {
  test("open", () => {
    expect(shown({ checks: passed })).toMatchInlineSnapshot(`
      "success | Open: 1 of 1 stage passed

      This pull request may be merged into \`main\`: every stage passed for exactly this commit.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("open, with several checks behind a pattern, and one bound to its app", () => {
    const checks = [...passed, { name: "test (a)", says: "success" }, { name: "test (b)", says: "success" }]
    expect(shown({ require: [{ name: "build", app: "github-actions" }, "test (*)"], checks })).toMatchInlineSnapshot(`
      "success | Open: 1 of 1 stage passed

      This pull request may be merged into \`main\`: every stage passed for exactly this commit.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\` from app \`github-actions\`: passed<br>\`test (*)\`: passed (2 checks) |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("nothing reported yet", () => {
    expect(shown({})).toMatchInlineSnapshot(`
      "in_progress | Waiting: build not passed yet, 0 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **checks-pending** — waiting for \`build\` to succeed on this commit. Next: wait for what is running, start what is not. A check that nobody reports keeps the gate shut.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ⏳ pending | \`build\`: not reported for this commit |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("some passed, some running, some missing", () => {
    const checks = [...passed, { name: "test", says: null }]
    expect(shown({ require: ["build", "test", { name: "e2e *", app: "circleci" }, "docs"], checks }))
      .toMatchInlineSnapshot(`
      "in_progress | Waiting: test, e2e * and 1 more not passed yet, 0 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **checks-pending** — waiting for \`test\`, \`e2e *\` and 1 more to succeed on this commit. Next: wait for what is running, start what is not. A check that nobody reports keeps the gate shut.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ⏳ running | \`build\`: passed<br>\`test\`: running<br>\`e2e *\` from app \`circleci\`: not reported for this commit<br>\`docs\`: not reported for this commit |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("any check, and none reported", () => {
    expect(shown({ stages: ["checks"] })).toMatchInlineSnapshot(`
      "in_progress | Waiting: no check has reported yet, 0 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **checks-pending** — no check has reported on this commit yet. Next: wait for what is running, start what is not. While nobody reports a check, the gate stays shut.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ⏳ pending | every check: none reported for this commit |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("failed, in every way there is", () => {
    const words = ["failure", "error", "cancelled", "timed_out", "action_required", "startup_failure"]
    const odd = ["stale", "neutral", "skipped", "pending", "entangled"]
    const checks = [...words, ...odd].map((says) => ({ name: `test ${says}`, says }))
    expect(shown({ require: checks.map(({ name }) => name), checks })).toMatchInlineSnapshot(`
      "failure | Blocked: test failure, test error and 7 more failed, 0 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **checks-failed** — \`test failure\`, \`test error\` and 7 more did not succeed on this commit. Next: mend it and push, or run it again.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ❌ failed | \`test failure\`: failure<br>\`test error\`: error<br>\`test cancelled\`: cancelled<br>\`test timed_out\`: timed out<br>\`test action_required\`: waits for an action of a person<br>\`test startup_failure\`: could not start<br>\`test stale\`: stale (left incomplete for 14 days)<br>\`test neutral\`: neutral (neither passed nor failed, so not passed)<br>\`test skipped\`: skipped (it tested nothing on this commit)<br>\`test pending\`: pending<br>\`test entangled\`: entangled |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("skipped, where every check must pass", () => {
    const checks = [...passed, { name: "deploy preview", says: "skipped" }]
    expect(shown({ stages: ["checks"], checks })).toMatchInlineSnapshot(`
      "failure | Blocked: deploy preview failed, 0 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **checks-failed** — \`deploy preview\` did not succeed on this commit. Next: \`deploy preview\` was skipped, and every check that reports must pass here. List the checks that must pass by name under \`require\` in \`.github/promotion.yml\`, or let such a job always run (\`if: always()\` in its workflow).

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ❌ failed | every check: \`deploy preview\` skipped (it tested nothing on this commit) |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
    expect(shown({ require: ["build", "deploy preview"], checks })).not.toContain("always()")
  })
  test("skipped beside what failed, where every check must pass", () => {
    const checks = [
      { name: "lint", says: "failure" },
      { name: "docs", says: "skipped" },
      { name: "e2e", says: "skipped" },
    ]
    const [reason] = /^- \*\*checks-failed.*$/m.exec(shown({ stages: ["checks"], checks })) ?? []
    expect(reason).toMatchInlineSnapshot(
      `"- **checks-failed** — \`docs\`, \`e2e\` and 1 more did not succeed on this commit. Next: mend it and push, or run it again. \`docs\` and \`e2e\` were skipped, and every check that reports must pass here. List the checks that must pass by name under \`require\` in \`.github/promotion.yml\`, or let such a job always run (\`if: always()\` in its workflow)."`,
    )
  })
  test("failed behind a pattern", () => {
    const checks = ["a", "b", "c", "d", "e", "f", "g"].map((name) => ({ name: `test (${name})`, says: "failure" }))
    expect(shown({ require: ["test (*)"], checks: [...checks, { name: "test (h)", says: null }] }))
      .toMatchInlineSnapshot(`
      "failure | Blocked: test (a), test (b) and 5 more failed, 0 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **checks-failed** — \`test (a)\`, \`test (b)\` and 5 more did not succeed on this commit. Next: mend it and push, or run it again.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ❌ failed | \`test (*)\`: \`test (a)\` failure, \`test (b)\` failure, \`test (c)\` failure, \`test (d)\` failure, \`test (e)\` failure and 3 more |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("paused by one person, for a reason", () => {
    expect(shown({ checks: passed, pauses: [pauseBy("olga", "incident 42")] })).toMatchInlineSnapshot(`
      "failure | Blocked: paused by @olga, 1 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **promotion-paused** — &#64;olga paused all promotions of this repository: “incident 42”. Next: somebody with the \`write\` role comments \`/resume-promotion\`.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("paused by the label", () => {
    expect(shown({ checks: passed, pauses: [pauseByLabel("max")] })).toMatchInlineSnapshot(`
      "failure | Blocked: paused by @max, 1 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **promotion-paused** — &#64;max paused this pull request by the pause label. Next: somebody with the \`write\` role takes the label \`promotion-paused\` off.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("paused by the label, and GitHub does not say by whom", () => {
    expect(shown({ checks: passed, pauses: [pauseByLabel(null)] })).toMatchInlineSnapshot(`
      "failure | Blocked: paused by a label, 1 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **promotion-paused** — The pause label is on this pull request; GitHub did not say who set it. Next: somebody with the \`write\` role takes the label \`promotion-paused\` off.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("paused, with the role that the config asks for to resume", () => {
    const verdict = verdictOf({ checks: passed, pauses: [pauseBy("olga")] })
    const { commands, ...others } = verdict.config.config
    const config = { ...others, commands: { ...commands, "resume-promotion": "maintain" as const } }
    const strict = { ...verdict, config: { ...verdict.config, config } }
    expect(explainPauses(strict)).toContain("Next: somebody with the `maintain` role comments `/resume-promotion`.")
  })
  test("paused by a label that is off, because whoever took it off may not lift the pause", () => {
    const reason = (...pauses: Parameters<typeof verdictOf>[0]["pauses"] & {}): string | undefined =>
      /^- \*\*promotion-paused.*$/m.exec(shown({ checks: passed, pauses, labelled: false }))?.[0]
    expect(reason(pauseByLabel("max"))).toMatchInlineSnapshot(
      `"- **promotion-paused** — &#64;max paused this pull request by the pause label. The label is off by now, but nobody who may resume is known to have taken it off. Next: somebody with the \`write\` role comments \`/resume-promotion\` on this pull request."`,
    )
    expect(reason(pauseByLabel(null))).toMatchInlineSnapshot(
      `"- **promotion-paused** — The pause label was on this pull request; GitHub did not say who set it. The label is off by now, but nobody who may resume is known to have taken it off. Next: somebody with the \`write\` role comments \`/resume-promotion\` on this pull request."`,
    )
    expect(reason(pauseBy("olga"), pauseByLabel("max"))).toMatchInlineSnapshot(
      `"- **promotion-paused** — &#64;olga paused all promotions of this repository. &#64;max paused this pull request by the pause label. The label is off by now, but nobody who may resume is known to have taken it off. Next: somebody with the \`write\` role comments \`/resume-promotion\` on this pull request."`,
    )
    expect(reason(pauseBy("olga"))).not.toContain("label")
  })
  test("paused by several, while a check runs", () => {
    const pauses = [pauseBy("olga", "incident 42"), pauseBy("max"), pauseByLabel("max")]
    expect(shown({ checks: [{ name: "build", says: null }], pauses })).toMatchInlineSnapshot(`
      "failure | Blocked: paused by @max, @olga, 0 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **promotion-paused** — &#64;max paused all promotions of this repository. &#64;olga paused all promotions of this repository: “incident 42”. &#64;max paused this pull request by the pause label. Next: somebody with the \`write\` role comments \`/resume-promotion\`, and somebody with the \`write\` role takes the label \`promotion-paused\` off.
      - **checks-pending** — waiting for \`build\` to succeed on this commit. Next: wait for what is running, start what is not. A check that nobody reports keeps the gate shut.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ⏳ running | \`build\`: running |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("paused by more than are told one by one", () => {
    const pauses = ["ann", "ben", "cem", "dot", "eva", "fay", "gus"].map((login) => pauseBy(login))
    expect(shown({ checks: passed, pauses })).toMatchInlineSnapshot(`
      "failure | Blocked: paused by @ann, @ben, @cem and 4 more, 1 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **promotion-paused** — &#64;ann paused all promotions of this repository. &#64;ben paused all promotions of this repository. &#64;cem paused all promotions of this repository. &#64;dot paused all promotions of this repository. &#64;eva paused all promotions of this repository. 2 more pauses hold. Next: somebody with the \`write\` role comments \`/resume-promotion\`.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("a draft", () => {
    expect(shown({ checks: passed, draft: true })).toMatchInlineSnapshot(`
      "failure | Blocked: the pull request is a draft, 1 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **draft** — drafts are not promoted. Next: mark the pull request as ready for review.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("everything at once", () => {
    const checks = [{ name: "build", says: "failure" }]
    const more = { draft: true, pauses: [pauseBy("olga")], invalid: badConfig, lastValid: false }
    expect(shown({ require: ["build", "test"], checks, ...more })).toMatchInlineSnapshot(`
      "failure | Blocked: paused by @olga, 0 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **promotion-paused** — &#64;olga paused all promotions of this repository. Next: somebody with the \`write\` role comments \`/resume-promotion\`.
      - **config-invalid** — \`.github/promotion.yml\` on the default branch is not valid, and no valid version of it is known. Next: mend the lines below, on the default branch.
      - **draft** — drafts are not promoted. Next: mark the pull request as ready for review.
      - **checks-failed** — \`build\` did not succeed on this commit. Next: mend it and push, or run it again.

      Problems in \`.github/promotion.yml\`:

      - line 2, column 1 at \`mode\`: must be \`advisory\` or \`enforce\`, not the text \`strict\`
      - line 5, column 14 at \`branches.main.stages.0\`: the stage \`deployment\` must say where: write for example \`- deployment: { environment: staging }\`

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ❌ failed | \`build\`: failure<br>\`test\`: not reported for this commit |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("the config was never valid", () => {
    expect(shown({ checks: passed, invalid: badConfig, lastValid: false })).toMatchInlineSnapshot(`
      "failure | Blocked: the gate's config is not valid, 1 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **config-invalid** — \`.github/promotion.yml\` on the default branch is not valid, and no valid version of it is known. Next: mend the lines below, on the default branch.

      Problems in \`.github/promotion.yml\`:

      - line 2, column 1 at \`mode\`: must be \`advisory\` or \`enforce\`, not the text \`strict\`
      - line 5, column 14 at \`branches.main.stages.0\`: the stage \`deployment\` must say where: write for example \`- deployment: { environment: staging }\`

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("the newest config is not valid, the one before stays in force", () => {
    expect(shown({ checks: passed, invalid: badConfig })).toMatchInlineSnapshot(`
      "success | Open: 1 of 1 stage passed

      This pull request may be merged into \`main\`: every stage passed for exactly this commit.

      The newest \`.github/promotion.yml\` on the default branch is not valid (\`config-invalid\`). The last valid one stays in force. Next: mend these lines:

      - line 2, column 1 at \`mode\`: must be \`advisory\` or \`enforce\`, not the text \`strict\`
      - line 5, column 14 at \`branches.main.stages.0\`: the stage \`deployment\` must say where: write for example \`- deployment: { environment: staging }\`

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("advisory, open", () => {
    expect(shown({ mode: "advisory", checks: passed })).toMatchInlineSnapshot(`
      "success | Advisory: open, 1 of 1 stage passed

      Portcullis runs in \`advisory\` mode here: it judges and records, and holds nothing. The gate would be open: every stage passed for exactly this commit.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("advisory, shut", () => {
    expect(shown({ mode: "advisory", checks: [{ name: "build", says: "failure" }] })).toMatchInlineSnapshot(`
      "neutral | Advisory, holds nothing: build failed, 0 of 1 stage passed

      Portcullis runs in \`advisory\` mode here: it judges and records, and holds nothing. With \`mode: enforce\` it would hold the merge:

      - **checks-failed** — \`build\` did not succeed on this commit. Next: mend it and push, or run it again.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ❌ failed | \`build\`: failure |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("GitHub did not tell everything", () => {
    expect(shown({ checks: passed, partial: true })).toMatchInlineSnapshot(`
      "in_progress | Waiting: GitHub did not tell all checks, 1 of 1 stage passed

      This pull request must not be merged into \`main\` yet:

      - **checks-pending** — GitHub did not tell all of this pull request, so the gate stays shut. Next: nothing, GitHub is asked again.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("a branch whose config demands nothing", () => {
    expect(shown({ stages: [] })).toMatchInlineSnapshot(`
      "success | Open: no stage required

      This pull request may be merged into \`main\`: no stage is required here.

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
  test("a hundred requirements", () => {
    const require = Array.from({ length: 100 }, (_, index) => `check ${index}`)
    const { summary } = renderGate(verdictOf({ require, checks: passed }), { runId })
    expect(summary).toContain("`check 29`: not reported for this commit<br>and 70 more")
    expect(summary).not.toContain("check 30")
  })
})
