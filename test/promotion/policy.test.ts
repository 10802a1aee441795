import { describe, expect, test } from "vitest"
import type { ChangedFile } from "../../src/promotion/change/change.ts"
import { policySchema } from "../../src/promotion/config/config-rules.ts"
import { alwaysProtected, judgePolicy, type PolicyInput, type PolicyStage } from "../../src/promotion/policy/policy.ts"
import { changeOf, lines } from "./change-arbitrary.ts"

type File = Partial<ChangedFile> & { path: string }

function inputOf(policy: object, files: readonly File[], more: Partial<PolicyInput> = {}): PolicyInput {
  return {
    rules: policySchema.parse(policy),
    from: null,
    pullRequest: { headRef: "topic", fork: false, body: "" },
    change: changeOf(files),
    agent: false,
    operatorApproved: false,
    ...more,
  }
}

/** Violations in short: `rule path:line (detail) needs`. */
function broken(policy: object, files: readonly File[], more: Partial<PolicyInput> = {}): string[] {
  return short(judgePolicy(inputOf(policy, files, more)))
}

function short({ violations }: Pick<PolicyStage, "violations">): string[] {
  return violations.map(({ rule, name, path, line, detail, needs }) => {
    const place = path === null ? "" : ` ${path}${line === null ? "" : `:${line}`}`
    return `${rule}${name === null ? "" : ` [${name}]`}${place} (${detail}) ${needs}`
  })
}

describe("protected paths", () => {
  const policy = { protected_paths: ["scripts/rollback*"] }
  const files = [{ path: "scripts/rollback.sh" }, { path: ".github/workflows/ci.yml" }, { path: "a.ts" }]
  const both = [
    "protected-path .github/workflows/ci.yml (.github/workflows/**) operator",
    "protected-path scripts/rollback.sh (scripts/rollback*) operator",
  ]

  test("hold an agent until an operator approved", () => {
    expect(broken(policy, files, { agent: true })).toEqual(both)
    expect(broken(policy, files, { agent: true, operatorApproved: true })).toEqual([])
    expect(broken(policy, files)).toEqual([])
  })

  test("are some without any config, the gate's own above all", () => {
    expect(alwaysProtected).toContain(".github/promotion.yml")
    const [violation] = judgePolicy(inputOf({}, [{ path: ".github/promotion.yml" }], { agent: true })).violations
    expect(violation).toMatchObject({ rule: "protected-path", reason: "protected-path" })
  })

  test("hold for both ends of a rename and for the new end of a copy", () => {
    const from = { path: "a.sh", previousPath: "scripts/rollback.sh" }
    const to = { path: "scripts/rollback.sh", previousPath: "a.sh" }
    const guarded = (file: File): number => broken(policy, [file], { agent: true }).length
    expect(guarded({ ...from, status: "renamed" })).toBe(1)
    expect(guarded({ ...to, status: "renamed" })).toBe(1)
    expect(guarded({ ...from, status: "copied" })).toBe(0)
    expect(guarded({ ...to, status: "copied" })).toBe(1)
    expect(guarded({ path: "scripts/rollback.sh", status: "removed" })).toBe(1)
  })
})

describe("forbidden paths, scope, size", () => {
  test("forbidden is forbidden to everybody, approved or not", () => {
    const expected = ["forbidden-path secrets/x (secrets/**) change"]
    for (const agent of [false, true]) {
      for (const operatorApproved of [false, true]) {
        expect(
          broken({ forbidden_paths: ["secrets/**"] }, [{ path: "secrets/x" }], { agent, operatorApproved }),
        ).toEqual(expected)
      }
    }
  })

  test("everything outside of the scope is told, by the path that is outside", () => {
    const moved: File = { path: "docs/b", previousPath: "src/b", status: "renamed" }
    expect(broken({ scope: ["docs/**"] }, [{ path: "docs/a" }, { path: "src/a" }, moved])).toEqual([
      "scope docs/b (src/b) change",
      "scope src/a (src/a) change",
    ])
    expect(broken({ scope: [] }, [{ path: "src/a" }])).toEqual([])
  })

  test.each([
    [10, []],
    [11, ["changed-lines (11 > 10) change"]],
    [Number.NaN, ["changed-lines (NaN > 10) change"]],
  ])("%d changed lines of 10", (additions, expected) => {
    const files = [
      { path: "a", additions: additions - 3, deletions: 2 },
      { path: "b", deletions: 1 },
    ]
    expect(broken({ max_changed_lines: 10 }, files, { operatorApproved: true })).toEqual(expected)
    const [violation] = judgePolicy(inputOf({ max_changed_lines: 10 }, files)).violations
    expect(violation?.reason).toBe(expected.length > 0 ? "diff-too-large" : undefined)
  })
})

describe("content rules", () => {
  const policy = {
    content: [
      { name: "url", added: String.raw`https?://(?!github\.com/)`, paths: ["config/**"] },
      { name: "all", added: "write-all", action: "require-approval" },
      { name: "new-host", added: "host", action: "raise-risk" },
    ],
  }
  const file = (...texts: string[]): File => ({ path: "config/a.yml", added: lines(...texts) })

  test("are tried on added lines of the paths they name", () => {
    const texts = ["https://github.com/x", "https://evil.example write-all", "", "write-all"]
    expect(broken(policy, [file(...texts), { ...file(...texts), path: "b.yml" }])).toEqual([
      "content [all] b.yml:2 (write-all) operator",
      "content [all] b.yml:4 (write-all) operator",
      String.raw`content [url] config/a.yml:2 (https?://(?!github\.com/)) change`,
      "content [all] config/a.yml:2 (write-all) operator",
      "content [all] config/a.yml:4 (write-all) operator",
    ])
  })

  test("of which an operator settles those that ask for approval", () => {
    const approved = broken(policy, [file("https://evil.example write-all")], { operatorApproved: true })
    expect(approved).toEqual([String.raw`content [url] config/a.yml:1 (https?://(?!github\.com/)) change`])
  })

  test("raise the risk and break nothing, approved or not", () => {
    for (const operatorApproved of [false, true]) {
      const stage = judgePolicy(inputOf(policy, [file("a host")], { operatorApproved }))
      expect(stage).toMatchObject({ status: "passed", violations: [], raisesRisk: ["new-host"] })
    }
    expect(judgePolicy(inputOf(policy, [file("none")])).raisesRisk).toEqual([])
  })

  test("are tried on what other readers take for a line of its own", () => {
    const anchored = { content: [{ name: "start", added: "^key" }] }
    for (const end of ["\r", "\u0085", "\u2028"]) {
      expect(broken(anchored, [file(`# harmless${end}key: 1`)])).toHaveLength(1)
    }
    expect(broken({ content: [{ name: "both", added: "a.b" }] }, [file("a\rb")])).toHaveLength(1)
  })

  test("match everything when their pattern is none, which no valid config holds", () => {
    const input = inputOf({ content: [{ name: "x", added: "x" }] }, [file("anything")])
    const [rule] = input.rules.content
    if (!rule) throw new Error("one rule")
    const stage = judgePolicy({ ...input, rules: { ...input.rules, content: [{ ...rule, added: "(" }] } })
    expect(short(stage)).toEqual(["content [x] config/a.yml:1 (() change"])
  })

  test("are not tried on what is removed", () => {
    expect(broken(policy, [{ path: "config/a.yml", status: "removed", added: null, kind: "binary" }])).toEqual([])
  })
})

describe("what cannot be read", () => {
  const rule = (action: string, paths?: string[]): object => ({
    content: [{ name: "rule", added: "x", action, ...(paths && { paths }) }],
  })

  test.each<[string, File, object, string[]]>([
    ["a symlink", { path: "a", kind: "symlink", added: null }, {}, ["unreadable a (symlink) operator"]],
    ["a submodule", { path: "a", kind: "submodule", added: null }, {}, ["unreadable a (submodule) operator"]],
    ["a removed symlink", { path: "a", kind: "symlink", added: null, status: "removed" }, {}, []],
    ["lines not told", { path: "a", added: null }, rule("block"), ["unreadable [rule] a (not-told) operator"]],
    ["lines not told, elsewhere", { path: "a", added: null }, rule("block", ["b"]), []],
    ["lines not told, no rule", { path: "a", added: null }, {}, []],
    [
      "a binary",
      { path: "a.bin", kind: "binary", added: null },
      rule("block", ["*"]),
      ["unreadable [rule] a.bin (binary) operator"],
    ],
    [
      "a binary text",
      { path: "a.sh", kind: "binary", added: null },
      rule("block"),
      ["unreadable [rule] a.sh (binary) operator"],
    ],
    ["a picture", { path: "a.PNG", kind: "binary", added: null }, rule("block"), []],
    [
      "a picture that a rule names",
      { path: "a.png", kind: "binary", added: null },
      rule("block", ["*.png"]),
      ["unreadable [rule] a.png (binary) operator"],
    ],
    [
      "a file moved to a rule's paths",
      { path: "c/a", previousPath: "a", status: "renamed" },
      rule("block", ["c/*"]),
      ["unreadable [rule] c/a (moved) operator"],
    ],
    [
      "a copy to a rule's paths",
      { path: "c/a", previousPath: "a", status: "copied" },
      rule("require-approval", ["c/*"]),
      ["unreadable [rule] c/a (moved) operator"],
    ],
    ["a file moved within them", { path: "c/a", previousPath: "c/b", status: "renamed" }, rule("block", ["c/*"]), []],
    ["a file moved, any path", { path: "c/a", previousPath: "b", status: "renamed" }, rule("block"), []],
  ])("%s", (...[, file, policy, expected]) => {
    expect(broken(policy, [file])).toEqual(expected)
    expect(broken(policy, [file], { operatorApproved: true })).toEqual([])
    const raising = policySchema.parse(policy).content.map((one) => ({ ...one, action: "raise-risk" }))
    const { raisesRisk, violations } = judgePolicy(inputOf({ content: raising }, [file]))
    expect(raisesRisk).toEqual(expected.some((text) => text.includes("[rule]")) ? ["rule"] : [])
    expect(violations.some(({ name }) => name === "rule")).toBe(false)
  })

  test("a symlink raises the risk where a rule would look", () => {
    const file: File = { path: "a", kind: "symlink", added: null }
    expect(judgePolicy(inputOf(rule("raise-risk"), [file])).raisesRisk).toEqual(["rule"])
    expect(judgePolicy(inputOf(rule("raise-risk", ["b"]), [file])).raisesRisk).toEqual([])
  })

  test("files that GitHub did not tell of", () => {
    const change = changeOf([], { complete: false })
    const stage = judgePolicy(inputOf(rule("raise-risk"), [], { change }))
    expect(short(stage)).toEqual(["unreadable (incomplete) operator"])
    expect(stage).toMatchObject({ status: "failed", raisesRisk: ["rule"] })
    expect(judgePolicy(inputOf({}, [], { change, operatorApproved: true })).status).toBe("passed")
  })

  test("a change that is not read yet: pending, with what can be said", () => {
    const policy = { ...rule("raise-risk"), description: { require_sections: ["Test plan"] }, forbidden_paths: ["**"] }
    const stage = judgePolicy(inputOf(policy, [], { change: null, from: ["develop"] }))
    expect(stage).toMatchObject({ status: "pending", raisesRisk: ["rule"] })
    expect(short(stage)).toEqual(["source-branch (topic) change", "description [Test plan] (Test plan) change"])
    expect(judgePolicy(inputOf({}, [], { change: null }))).toMatchObject({ status: "pending", violations: [] })
  })
})

describe("syntax", () => {
  const policy = { syntax: ["yaml"] }
  const file = (more: Partial<ChangedFile>): File => ({ path: "a.yml", ...more })

  test("of changed files of the kinds asked for", () => {
    const problems = [
      { line: 7, message: "seven" },
      { line: 2, message: "two" },
    ]
    const expected = ["syntax [yaml] a.yml:2 (two) change", "syntax [yaml] a.yml:7 (seven) change"]
    expect(broken(policy, [file({ syntax: { problems } })])).toEqual(expected)
    expect(broken(policy, [file({ syntax: { problems } })], { operatorApproved: true })).toEqual(expected)
    expect(broken(policy, [file({ syntax: { problems: [] } })])).toEqual([])
    expect(broken(policy, [file({ syntax: { problems }, status: "removed" })])).toEqual([])
    expect(broken(policy, [file({ syntax: { problems }, path: "a.json" })])).toEqual([])
  })

  test("that was not read needs an operator", () => {
    expect(broken(policy, [file({ syntax: null })])).toEqual(["unreadable a.yml (syntax) operator"])
    expect(broken(policy, [file({ syntax: null })], { operatorApproved: true })).toEqual([])
  })
})

describe("source branch", () => {
  test.each([
    [null, "any/thing", true, true],
    [["develop", "hotfix/*"], "develop", false, true],
    [["develop", "hotfix/*"], "hotfix/42", false, true],
    [["develop", "hotfix/*"], "hotfix/a/b", false, false],
    [["develop"], "topic", false, false],
    [["develop"], "develop", true, false],
    [[], "develop", false, false],
  ])("from %j, %s, fork %s: %s", (...[from, headRef, fork, allowed]) => {
    const pullRequest = { headRef, fork, body: "" }
    const { violations } = judgePolicy(inputOf({}, [], { from, pullRequest }))
    expect(violations.map(({ reason }) => reason)).toEqual(allowed ? [] : ["wrong-source-branch"])
  })
})

describe("violations", () => {
  test("stand in the order of files and lines, those about the whole first", () => {
    const policy = {
      max_changed_lines: 0,
      syntax: ["yaml"],
      forbidden_paths: ["b.yml"],
      content: [{ name: "x", added: "x" }],
    }
    const problems = [{ line: 2, message: "wrong" }]
    const b: File = { path: "b.yml", added: lines("x", "", "x"), syntax: { problems } }
    expect(broken(policy, [b, { path: "a.ts", added: lines("x") }], { from: [] })).toEqual([
      "source-branch (topic) change",
      "changed-lines (4 > 0) change",
      "content [x] a.ts:1 (x) change",
      "forbidden-path b.yml (b.yml) change",
      "content [x] b.yml:1 (x) change",
      "syntax [yaml] b.yml:2 (wrong) change",
      "content [x] b.yml:3 (x) change",
    ])
  })

  test("are 200 at most, and the rest is counted", () => {
    const many = lines(...Array.from({ length: 150 }, () => "x"))
    const files = ["a", "b", "c"].map((path) => ({ path, added: many }))
    const stage = judgePolicy(inputOf({ content: [{ name: "x", added: "x" }] }, files))
    expect(stage.violations).toHaveLength(200)
    expect(stage.left).toBe(250)
    expect(stage.violations[199]).toMatchObject({ path: "b", line: 50 })
  })

  test("are counted beyond that in one file, too", () => {
    const files = [{ path: "a", added: lines(...Array.from({ length: 450 }, () => "x")) }]
    const stage = judgePolicy(inputOf({ content: [{ name: "x", added: "x" }] }, files))
    expect([stage.violations.length, stage.left]).toEqual([200, 250])
  })
})
