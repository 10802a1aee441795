import { expect, test } from "vitest"
import type { ReplyPart } from "../../src/promotion/command/reply.ts"
import type { UrgentWay } from "../../src/promotion/merge/urgent-ask.ts"
import { gateTitle, renderGate } from "../../src/report/check-run.ts"
import { renderReply } from "../../src/report/comment.ts"
import { nowMs } from "../promotion/world.ts"
import { runId, verdictOf } from "./verdict.ts"

const way: UrgentWay = {
  by: { kind: "user", login: "olga", id: 1 },
  commentId: 77,
  reason: "@acme/all **now** <img src=x> `x` | #1\n## heading ![x](https://evil.example)\u202E",
  atMs: nowMs,
  passedOver: [{ stage: "checks", status: "running" }],
}

test("a reason that was chosen to do harm is words and no more", () => {
  const shut = verdictOf({ checks: [{ name: "build", says: null }] })
  const stages = shut.stages.map((stage) =>
    stage.kind === "policy" ? stage : { ...stage, status: "skipped" as const },
  )
  const verdict = { ...shut, open: true, reasons: [], stages, urgent: way }
  expect(gateTitle(verdict)).toMatchInlineSnapshot(`"Open, urgent: checks passed over by @olga, 0 of 1 stage passed"`)
  expect(renderGate(verdict, { runId }).summary).toMatchInlineSnapshot(`
    "This pull request may be merged into \`main\`, because somebody who may says that it cannot wait:

    **Urgent: not every stage passed.** &#64;olga asked for this at 2026-11-20 12:00 UTC by \`/promote --urgent\`: “&#64;acme/all &#42;&#42;now&#42;&#42; &#60;img src=x&#62; &#96;x&#96; &#124; &#35;1 &#35;&#35; heading !&#91;x&#93;(https&#58;//evil.example)”

    - passed over: \`checks\` (it was still running)
    - never passed over: a pause, a rejection, an expiry, a draft, a conflict, an invalid config, and the rules of \`policy\` with its protected paths

    It holds for this commit only, and stands on the ledger (\`promotion_urgent\`). Next: after the merge, see to what was passed over.

    | stage | status | what was reported |
    | --- | --- | --- |
    | checks | ➖ skipped | passed over as urgent by &#64;olga (“&#64;acme/all &#42;&#42;now&#42;&#42; &#60;img src=x&#62; &#96;x&#96; &#124; &#35;1 &#35;&#35; heading !&#91;x&#93;(https&#58;//evil.example)”): it was still running<br>\`build\`: running |

    <sub>run id \`01930000-0000-7000-8000-000000000001\` · head \`aaaaaaaaaaaa\` · into \`main\`</sub>"
  `)
})

test("every answer to an urgent ask", () => {
  const headSha = "a".repeat(40)
  const parts: ReplyPart[] = [
    { kind: "urgent", passedOver: [...way.passedOver, { stage: "review", status: "pending" }], headSha },
    { kind: "not-promoted", reasons: ["draft"], urgent: { held: ["draft"], maySkip: [] } },
    { kind: "not-promoted", reasons: ["draft", "checks-failed"], urgent: { held: ["draft"], maySkip: ["checks"] } },
    ...(["pushed-since", "retargeted-since", "comment-changed"] as const).map((why): ReplyPart => ({
      kind: "not-urgently",
      why,
      headSha,
      baseRef: "main",
    })),
  ]
  expect(renderReply(parts, 42, { wrong: [], mark: "urgent" })).toMatchInlineSnapshot(`
    "**Urgent**: the gate is open for \`aaaaaaaaaaaa\` although not every stage passed. Passed over: \`checks\` (it was still running), \`review\` (it was still pending). Portcullis merges it now; if GitHub refuses, the check run says why. It stands on the ledger with your name and reason. Next: see to what was passed over.

    Not merged: the gate is shut (\`draft\`). This repository lets \`/promote --urgent\` pass over nothing: \`urgent.may_skip\` in \`.github/promotion.yml\` on the default branch names no stage. What is missing stands in the check run; ask again when it is open.

    Not merged: the gate is shut (\`draft\`, \`checks-failed\`). \`/promote --urgent\` may pass over \`checks\` here; what holds it all the same: \`draft\`. What to do about it stands in the check run; ask again when it is done.

    \`/promote --urgent\` was refused: a push came after your comment or with it, and only what you saw is let past. Look at \`aaaaaaaaaaaa\`, and comment \`/promote --urgent\` with the reason again if it still cannot wait.

    \`/promote --urgent\` was refused: the pull request was made to go into \`main\` after your comment or with it. Look at \`aaaaaaaaaaaa\`, and comment \`/promote --urgent\` with the reason again if it still cannot wait.

    \`/promote --urgent\` was refused: the comment was edited or deleted since it was made. Make a new one.

    <!-- portcullis:reply:42:urgent -->"
  `)
})
