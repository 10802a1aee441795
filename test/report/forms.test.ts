import { describe, expect, test } from "vitest"
import { sha } from "../../src/lib/brand.ts"
import type { PolicyStage } from "../../src/promotion/policy/policy.ts"
import type { ReviewStage } from "../../src/promotion/review/review.ts"
import type { Verdict, BlockReason } from "../../src/promotion/gate/verdict.ts"
import type { PolicyRule, Violation } from "../../src/promotion/policy/violation.ts"
import { renderGate } from "../../src/report/check-run.ts"
import { runId, verdictOf } from "./verdict.ts"

// Every form in which policy, risk and review are told. These are read by people who have never heard of Portcullis.

const blank = verdictOf({ checks: [{ name: "build", says: "success" }] })

function policy(...violations: readonly Violation[]): PolicyStage {
  const status = violations.length === 0 ? "passed" : "failed"
  return { kind: "policy", status, violations, left: 0, raisesRisk: [] }
}

function violation(rule: PolicyRule, more: Partial<Violation> = {}): Violation {
  return {
    rule,
    reason: "policy-violation",
    name: null,
    path: "src/a.ts",
    line: null,
    detail: "",
    needs: "change",
    ...more,
  }
}

function review(more: Partial<ReviewStage> = {}): ReviewStage {
  const demand = { level: "low", needed: 1, from: [{ kind: "role", role: "write" }] } as const
  const nobody = {
    approvals: [],
    changesRequestedBy: [],
    staleApprovers: [],
    relanding: null,
    autoApproveAtMs: null,
  }
  return { kind: "review", status: "pending", ...demand, ...nobody, ...more }
}

function approval(
  login: string,
  not: ReviewStage["approvals"][number]["not"] = null,
): ReviewStage["approvals"][number] {
  const by = { kind: "user", login, id: 1 } as const
  return {
    approval: { id: `review:${login}`, by, sha: sha("a".repeat(40)), baseRef: "main", patchId: null, atMs: 0 },
    not,
  }
}

function verdict(reasons: readonly BlockReason[], more: Partial<Verdict> = {}): Verdict {
  return { ...blank, open: reasons.length === 0, reasons, stages: [], ...more }
}

/** Title and summary, without what stands in every gate. */
function told(one: Verdict): string {
  const { title, summary } = renderGate(one, { runId })
  const parts = summary.split("\n\n").filter((part) => !/^(?:<sub>|This pull request must not|\| stage)/.test(part))
  return [title, ...parts].join("\n")
}

describe("each block reason, with its next step", () => {
  const whole: readonly BlockReason[] = ["rejected", "expired", "aborted", "draft", "merge-conflict", "config-invalid"]
  test("of the whole pull request", () => {
    expect(whole.map((reason) => told(verdict([reason])))).toMatchInlineSnapshot(`
      [
        "Blocked: rejected, no stage required
      - **rejected** — this change was rejected. Next: push, or close and reopen the pull request; that begins anew.",
        "Blocked: nobody decided in time, no stage required
      - **expired** — nobody decided about it within the time that the config gives. Next: push, or close and reopen the pull request; that begins anew.",
        "Blocked: the promotion was ended, no stage required
      - **aborted** — this promotion was ended with \`/abort\`. Next: push, or close and reopen the pull request; that begins anew.",
        "Blocked: the pull request is a draft, no stage required
      - **draft** — drafts are not promoted. Next: mark the pull request as ready for review.",
        "Blocked: it conflicts with main, no stage required
      - **merge-conflict** — it conflicts with \`main\`, and GitHub runs no workflows on a pull request that does. Next: merge \`main\` into the branch, settle the conflict, push.",
        "Blocked: the gate's config is not valid, no stage required
      - **config-invalid** — \`.github/promotion.yml\` on the default branch is not valid, and no valid version of it is known. Next: mend the lines below, on the default branch.",
      ]
    `)
  })

  test("of the change that is not read yet", () => {
    expect(told(verdict(["checks-pending"], { stages: [{ ...policy(), status: "pending" }] }))).toMatchInlineSnapshot(`
      "Waiting: the change is not read yet, 0 of 1 stage passed
      - **checks-pending** — what this pull request changes is not read yet. Next: nothing, GitHub is asked."
    `)
  })

  test("of the review", () => {
    const asked = review({ status: "failed", changesRequestedBy: ["olga", "max", "tess", "rita"] })
    expect(told(verdict(["changes-requested"], { stages: [asked] }))).toMatchInlineSnapshot(`
      "Blocked: changes requested by @olga, @max, @tess and 1 more, 0 of 1 stage passed
      - **changes-requested** — &#64;olga, &#64;max, &#64;tess and 1 more asked for changes. Next: make them and ask for a new review; an approval, or the dismissal of the review, lifts this."
    `)
    const stale = review({ needed: 2, level: "high", staleApprovers: ["olga"], approvals: [approval("max")] })
    expect(told(verdict(["approval-stale"], { stages: [stale] }))).toMatchInlineSnapshot(`
      "Blocked: an approval went stale, 1 more approval needed (high risk), 0 of 1 stage passed
      - **approval-stale** — what &#64;olga approved was another change, so it counts no more. A change of high risk needs 2 approvals of different people by people with the \`write\` role. Next: approve in a GitHub review, or comment \`/approve\`."
    `)
    const from = [
      { kind: "role", role: "maintain" },
      { kind: "team", org: "acme", slug: "release" },
      { kind: "user", login: "olga" },
    ] as const
    expect(told(verdict(["approval-required"], { stages: [review({ from })] }))).toMatchInlineSnapshot(`
      "Waiting: 1 more approval needed (low risk), 0 of 1 stage passed
      - **approval-required** — a change of low risk needs one approval by people with the \`maintain\` role or team \`acme/release\` or &#64;olga. Next: approve in a GitHub review, or comment \`/approve\`."
    `)
  })

  test("of approvals that cannot be told from those of the change's own people", () => {
    const stages = [review({ approvals: [approval("olga")] })]
    expect(told(verdict(["approval-required"], { stages }))).toMatchInlineSnapshot(`
      "Waiting: not all of its commits are read, 0 of 1 stage passed
      - **approval-required** — there are approvals enough, but not all commits of this pull request are read (GitHub tells no more than 250), and nobody approves what they wrote. Next: if it stays so, squash its commits, or split it."
    `)
  })

  test("each word for an approval that does not count", () => {
    const words = ["author", "committer", "pusher", "agent", "not-entitled"] as const
    const stages = [review({ approvals: words.map((word, at) => approval(`user${at}`, word)) })]
    expect(told(verdict(["approval-required"], { stages }))).toMatchInlineSnapshot(`
      "Waiting: 1 more approval needed (low risk), 0 of 1 stage passed
      - **approval-required** — a change of low risk needs one approval by people with the \`write\` role. These approvals do not count: &#64;user0 (opened the pull request), &#64;user1 (has a commit in it), &#64;user2 (pushed its newest commit), &#64;user3 (is an agent or app), &#64;user4 (may not approve a change of this risk). Next: approve in a GitHub review, or comment \`/approve\`."
    `)
  })
})

test("each rule of the policy, as a line and as a remark", () => {
  const operator = { needs: "operator" } as const
  const violations = [
    violation("source-branch", { reason: "wrong-source-branch", path: null, detail: "topic/x" }),
    violation("source-branch", { reason: "wrong-source-branch", path: null, detail: "fork" }),
    violation("description", { path: null, name: "Test plan", detail: "Test plan" }),
    violation("changed-lines", { reason: "diff-too-large", path: null, detail: "12000 > 10000" }),
    violation("protected-path", { reason: "protected-path", detail: "src/**", ...operator }),
    violation("forbidden-path", { detail: "src/**" }),
    violation("scope", { detail: "docs/**" }),
    violation("content", { name: "no addresses", line: 3, detail: "http://" }),
    violation("content", { name: "no addresses", line: 4, detail: "http://", ...operator }),
    violation("syntax", { line: 7, detail: "unexpected end of the file" }),
    ...["incomplete", "symlink", "submodule", "moved", "binary", "not-told", "syntax"].map((detail) =>
      violation("unreadable", { detail, ...operator }),
    ),
  ]
  const reasons = ["wrong-source-branch", "protected-path", "diff-too-large", "policy-violation"] as const
  const one = verdict(reasons, { stages: [policy(...violations)] })
  expect(told(one)).toMatchInlineSnapshot(`
    "Blocked: nothing comes into main from this branch, 0 of 1 stage passed
    - **wrong-source-branch** — the config names the branches that this one is promoted from. Next: change what is listed below.
    - **protected-path** — an agent may not change protected paths on its own. Next: have an operator (the \`maintain\` role) who had no hand in it approve, in a GitHub review or by \`/approve\`.
    - **diff-too-large** — the config limits how much one pull request may change. Next: change what is listed below.
    - **policy-violation** — the change breaks rules of the config. Next: change what is listed below; for the rest have an operator (the \`maintain\` role) who had no hand in it approve, in a GitHub review or by \`/approve\`.
    **What the policy found**
    - The branch \`topic/x\` is none of those that are promoted into this one. Open it from a branch that \`.github/promotion.yml\` lists under \`from\`.
    - It comes from a fork, and only branches of this repository are promoted here. Open it from a branch that \`.github/promotion.yml\` lists under \`from\`.
    - The description has no section \`Test plan\`, or nothing in it. Edit the description.
    - It changes 12000 lines, and 10000 are the most that one pull request may change. Split it into smaller ones.
    - \`src/a.ts\`: \`src/**\` is protected: an agent may not change it on its own. An operator may let it pass by approving.
    - \`src/a.ts\`: Nobody may change \`src/**\` by a pull request. Take it out of this pull request.
    - \`src/a.ts\`: This path is outside of what pull requests may change here. Take it out of this pull request.
    - \`src/a.ts:3\`: The rule \`no addresses\` found a match of \`http://\` in an added line. Change the line.
    - \`src/a.ts:4\`: The rule \`no addresses\` found a match of \`http://\` in an added line. An operator may let it pass by approving.
    - \`src/a.ts:7\`: The file is broken: unexpected end of the file. Mend it.
    - \`src/a.ts\`: This could not be judged: GitHub did not tell all files of this change. An operator may let it pass by approving.
    - \`src/a.ts\`: This could not be judged: it is a link to another path, and what it leads to is not in the diff. An operator may let it pass by approving.
    - \`src/a.ts\`: This could not be judged: it points at a commit of another repository, and that is not in the diff. An operator may let it pass by approving.
    - \`src/a.ts\`: This could not be judged: it was moved or copied to where a rule holds, and the diff does not show its lines. An operator may let it pass by approving.
    - \`src/a.ts\`: This could not be judged: it is no text, and a rule about its lines holds here. An operator may let it pass by approving.
    - \`src/a.ts\`: This could not be judged: GitHub did not tell its lines, because the diff is too large. An operator may let it pass by approving.
    - \`src/a.ts\`: This could not be judged: its syntax could not be read. An operator may let it pass by approving."
  `)
  const { annotations } = renderGate(one, { runId })
  expect(annotations.map((note) => `${note.annotation_level} ${note.start_line} ${note.title}: ${note.message}`))
    .toMatchInlineSnapshot(`
      [
        "warning 1 Protected path: src/** is protected: an agent may not change it on its own. An operator may let it pass by approving.",
        "failure 1 Forbidden path: Nobody may change src/** by a pull request. Take it out of this pull request.",
        "failure 1 Outside of what may change: This path is outside of what pull requests may change here. Take it out of this pull request.",
        "failure 3 Forbidden content: The rule no addresses found a match of http:// in an added line. Change the line.",
        "warning 4 Forbidden content: The rule no addresses found a match of http:// in an added line. An operator may let it pass by approving.",
        "failure 7 Broken file: The file is broken: unexpected end of the file. Mend it.",
        "warning 1 Could not be judged: This could not be judged: GitHub did not tell all files of this change. An operator may let it pass by approving.",
        "warning 1 Could not be judged: This could not be judged: it is a link to another path, and what it leads to is not in the diff. An operator may let it pass by approving.",
        "warning 1 Could not be judged: This could not be judged: it points at a commit of another repository, and that is not in the diff. An operator may let it pass by approving.",
        "warning 1 Could not be judged: This could not be judged: it was moved or copied to where a rule holds, and the diff does not show its lines. An operator may let it pass by approving.",
        "warning 1 Could not be judged: This could not be judged: it is no text, and a rule about its lines holds here. An operator may let it pass by approving.",
        "warning 1 Could not be judged: This could not be judged: GitHub did not tell its lines, because the diff is too large. An operator may let it pass by approving.",
        "warning 1 Could not be judged: This could not be judged: its syntax could not be read. An operator may let it pass by approving.",
      ]
    `)
  expect(reasons.map((reason) => renderGate({ ...one, reasons: [reason] }, { runId }).title)).toMatchInlineSnapshot(`
    [
      "Blocked: nothing comes into main from this branch, 0 of 1 stage passed",
      "Blocked: src/a.ts is protected, 0 of 1 stage passed",
      "Blocked: the change is too large, 0 of 1 stage passed",
      "Blocked: 13 violations of the policy, 0 of 1 stage passed",
    ]
  `)
})

test("each reason of the risk, and each sign of an agent", () => {
  const reason = { level: "high", reason: null, paths: [], more: 0 } as const
  const whys = ["paths", "changed-lines", "agent", "content", "unknown", "default"] as const
  const reasons = [
    { ...reason, reason: "authentication", why: "paths", paths: ["a", "b", "c", "d", "e", "f"], more: 3 } as const,
    ...whys.map((why) => ({ ...reason, why })),
  ]
  const waiting = review({ autoApproveAtMs: Date.parse("2026-11-21T12:00:00Z") })
  expect(told(verdict(["approval-required"], { stages: [waiting], risk: { level: "high", reasons } })))
    .toMatchInlineSnapshot(`
    "Waiting: 1 more approval needed (low risk), 0 of 1 stage passed
    - **approval-required** — a change of low risk needs one approval by people with the \`write\` role. Next: approve in a GitHub review, or comment \`/approve\`. Waiting will do as well: see the risk below.
    **Risk: high**
    - high: authentication (\`a\`, \`b\`, \`c\`, \`d\`, \`e\`, 4 more)
    - high: it changes paths that are listed as such
    - high: it changes many lines
    - high: it is an agent's work
    - high: it adds what a content rule looks for
    - high: it could not be read whole, so it may be anything
    - high: no rule makes it more than that
    If nobody objects, it counts as approved from 2026-11-21 12:00 UTC on."
  `)
  const agent = { agent: true, task: "T-1", run: "42", requester: "@olga" }
  const signs = (["login", "bot", "label", "trailer", "unknown"] as const).map((how) =>
    told(verdict(["draft"], { agent: { ...agent, how } }))
      .split("\n")
      .at(-1),
  )
  expect(signs).toMatchInlineSnapshot(`
    [
      "Taken for an agent's work: its author, or somebody behind one of its commits, is listed as an agent (task T-1, run 42, asked for by &#64;olga).",
      "Taken for an agent's work: its author is an app (task T-1, run 42, asked for by &#64;olga).",
      "Taken for an agent's work: it carries the label of agents, which counts until an operator who had no hand in the change takes it off (task T-1, run 42, asked for by &#64;olga).",
      "Taken for an agent's work: the message of one of its commits says so (task T-1, run 42, asked for by &#64;olga).",
      "Taken for an agent's work: not all of its commits could be read, and unknown counts as agent (task T-1, run 42, asked for by &#64;olga).",
    ]
  `)
})

test("each answer of GitHub to a merge, and that there is an end to trying", () => {
  const refused = { headSha: "a".repeat(40), outcome: "refused", message: "No.", atMs: 0 } as const
  const section = (status: number, count: number): string | undefined =>
    /\*\*Not merged.*/.exec(renderGate(blank, { runId, merge: { ...refused, status, count } }).summary)?.[0]
  expect([403, 405, 409, 422].map((status) => section(status, 1))).toMatchInlineSnapshot(`
    [
      "**Not merged**: Portcullis wanted to merge this, and GitHub refused: “No.” Next: grant the app what it lacks on the installation's page (it cannot merge changes of workflow files without \`workflows: write\`), or merge by hand. It is tried again in a while.",
      "**Not merged**: Portcullis wanted to merge this, and GitHub refused: “No.” Next: see to the branch's rules and the repository's merge methods (\`merge.method\` in the config), or merge by hand. It is tried again in a while.",
      "**Not merged**: Portcullis wanted to merge this, and GitHub refused: “No.” Next: nothing, the head moved while it was merged, and the new one is judged for itself.",
      "**Not merged**: Portcullis wanted to merge this, and GitHub refused: “No.” Next: see to what GitHub says, or merge by hand. It is tried again in a while.",
    ]
  `)
  expect(section(422, 5)).toMatchInlineSnapshot(
    `"**Not merged**: Portcullis wanted to merge this, and GitHub refused: “No.” Next: see to what GitHub says, or merge by hand. It was tried 5 times, and is not tried again by itself: comment \`/promote\` when that is settled."`,
  )
})

const hostile = [
  "[click](https://evil.example) ![x](y)",
  "a | b <img src=x onerror=alert(1)><!-- ",
  "line\nbreak\r\n## heading",
  "\u202Egnp.exe\u2066 zero\u200Bwidth",
  `\`\`\`\`${"検".repeat(1500)}`,
]

test("names that were chosen to do harm stay within their place", () => {
  const violations = hostile.map((path) =>
    violation("protected-path", { reason: "protected-path", path, name: path, detail: path }),
  )
  const stages = [
    policy(...violations),
    review({ approvals: [approval(hostile[1] ?? "")], staleApprovers: hostile, needed: 2 }),
  ]
  const agent = {
    agent: true,
    how: "trailer",
    task: hostile[0] ?? "",
    run: hostile[2] ?? "",
    requester: hostile[3] ?? "",
  } as const
  const risk = {
    level: "low",
    reasons: [{ level: "low", why: "paths", reason: hostile[1] ?? "", paths: hostile.slice(0, 4), more: 0 }],
  } as const
  expect(told(verdict(["protected-path", "approval-stale"], { stages, agent, risk }))).toMatchInlineSnapshot(`
    "Blocked: [click](https://evil.example) ![x](y) and 4 more are protected, 0 of 2 stages passed
    - **protected-path** — an agent may not change protected paths on its own. Next: change what is listed below.
    - **approval-stale** — what &#64;&#91;click&#93;(https&#58;//evil.example) !&#91;x&#93;(y), &#64;a &#124; b &#60;img src=x onerror=alert(1)&#62;&#60;!--, &#64;line break &#35;&#35; heading and 2 more approved was another change, so it counts no more. A change of low risk needs 2 approvals of different people by people with the \`write\` role. Next: approve in a GitHub review, or comment \`/approve\`.
    **What the policy found**
    - \`[click](https://evil.example) ![x](y)\`: \`[click](https://evil.example) ![x](y)\` is protected: an agent may not change it on its own. Take it out of this pull request.
    - \`a ¦ b <img src=x onerror=alert(1)><!--\`: \`a ¦ b <img src=x onerror=alert(1)><!--\` is protected: an agent may not change it on its own. Take it out of this pull request.
    - \`line break ## heading\`: \`line break ## heading\` is protected: an agent may not change it on its own. Take it out of this pull request.
    - \`gnp.exe zero width\`: \`gnp.exe zero width\` is protected: an agent may not change it on its own. Take it out of this pull request.
    - \`\`\`\`\` \`\`\`\`検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検… \`\`\`\`\`: \`\`\`\`\` \`\`\`\`検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検検… \`\`\`\`\` is protected: an agent may not change it on its own. Take it out of this pull request.
    **Risk: low**
    - low: a &#124; b &#60;img src=x onerror=alert(1)&#62;&#60;!-- (\`[click](https://evil.example) ![x](y)\`, \`a ¦ b <img src=x onerror=alert(1)><!--\`, \`line break ## heading\`, \`gnp.exe zero width\`)
    Taken for an agent's work: the message of one of its commits says so (task &#91;click&#93;(https&#58;//evil.example) !&#91;x&#93;(y), run line break &#35;&#35; heading, asked for by gnp.exe zero width)."
  `)
})

test.each([...hostile, "x", "💥"])("however many there are, GitHub takes them: %j", (name) => {
  const long = (at: number): string => `${at}${name.repeat(Math.ceil(4000 / name.length))}`
  const all = Array.from({ length: 200 }, (_, at) =>
    violation("content", {
      path: long(at),
      name: long(at).slice(0, 200),
      detail: long(at).slice(0, 200),
      line: at + 1,
    }),
  )
  const logins = all.map((_, at) => long(at).slice(0, 100))
  const approvals = logins.map((login) => approval(login))
  const people = { approvals, changesRequestedBy: logins, staleApprovers: logins, status: "failed" } as const
  const paths = logins.slice(0, 20)
  const reasons = Array.from(
    { length: 200 },
    () => ({ level: "high", why: "paths", reason: name, paths, more: 9 }) as const,
  )
  const stages = [policy(...all), review(people)]
  const risk = { level: "high", reasons } as const
  const blocked: BlockReason[] = ["policy-violation", "changes-requested", "approval-stale"]
  for (const first of blocked) {
    const rest = blocked.filter((one) => one !== first)
    const gate = renderGate(verdict([first, ...rest], { stages, risk }), { runId })
    expect(Buffer.byteLength(gate.summary)).toBeLessThan(50_000)
    expect(gate.annotations).toHaveLength(50)
    expect(gate.title.length).toBeLessThanOrEqual(250)
    expect(gate.title).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    for (const note of gate.annotations) expect(Buffer.byteLength(`${note.title}${note.message}`)).toBeLessThan(4096)
  }
})
