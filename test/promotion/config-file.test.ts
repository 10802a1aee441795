import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { builtInConfig, defaultRules, rulesForBranch } from "../../src/promotion/config/config.ts"
import { readConfigFile } from "../../src/promotion/config/config-file.ts"
import { anyText } from "../harness/any-text.ts"

/** The problems of a text, one a line: `line:column path: message`. */
function problems(text: string): string[] {
  const reading = readConfigFile(text)
  if (reading.status === "valid") return ["valid"]
  return reading.problems.map(
    ({ line, column, path, message }) => `${line}:${column} ${path === "" ? "" : `${path}: `}${message}`,
  )
}

function valid(text: string) {
  const reading = readConfigFile(text)
  if (reading.status !== "valid") throw new Error(problems(text).join("\n"))
  return reading.config
}

/** A file whose branch `main` has these stages, from line 4 on. */
function withStages(stages: string): string {
  return `version: 1\nbranches:\n  main:\n    stages: ${stages}\n`
}

describe("a valid file", () => {
  test("says its version, and everything else has a default", () => {
    expect(valid("version: 1\n")).toEqual(builtInConfig)
    expect(builtInConfig).toMatchInlineSnapshot(`
      {
        "agents": {
          "label": "agent",
          "logins": [],
          "trailer": "Agent-task",
        },
        "commands": {
          "abort": "write",
          "help": "read",
          "pause-promotion": "write",
          "promote": "write",
          "promote-urgent": "maintain",
          "promotion-status": "read",
          "recheck": "write",
          "resume-promotion": "write",
          "rollback": "write",
        },
        "mode": "advisory",
        "pause": {
          "hard_stop": false,
          "label": "promotion-paused",
        },
        "policy": {
          "content": [],
          "description": {
            "require_sections": [],
          },
          "forbidden_paths": [],
          "max_changed_lines": 10000,
          "protected_paths": [],
          "scope": [],
          "syntax": [],
        },
        "review": {
          "agents": "never-count",
          "delete_rejected_branch": false,
          "high": {
            "approvals": 2,
            "from": [
              {
                "kind": "role",
                "role": "write",
              },
            ],
          },
          "low": {
            "approvals": 1,
            "from": [
              {
                "kind": "role",
                "role": "write",
              },
            ],
          },
          "medium": {
            "approvals": 1,
            "from": [
              {
                "kind": "role",
                "role": "write",
              },
            ],
          },
        },
        "risk": [],
        "urgent": {
          "may_skip": [],
        },
        "version": 1,
      }
    `)
  })

  test("names checks in a word, or with their app", () => {
    const config = valid(
      withStages(`[{ checks: { require: [build, { name: "test (*)", app: github-actions }, { name: lint }] } }]`),
    )
    expect(rulesForBranch(config, { name: "main", defaultBranch: "main" })).toEqual({
      ...defaultRules,
      stages: [
        {
          kind: "checks",
          require: [
            { name: "build", app: null },
            { name: "test (*)", app: "github-actions" },
            { name: "lint", app: null },
          ],
        },
      ],
    })
  })

  test("`checks` alone is every check there is, and so is a branch without stages", () => {
    const every = { ...defaultRules, stages: [{ kind: "checks", require: [{ name: "*", app: null }] }] }
    const place = { name: "main", defaultBranch: "main" }
    expect(rulesForBranch(valid(withStages("[checks]")), place)).toEqual(every)
    expect(rulesForBranch(valid("version: 1\nbranches: { main: {} }"), place)).toEqual(every)
    expect(rulesForBranch(builtInConfig, place)).toEqual(every)
  })

  test("without branches the default branch is the promotion branch; of several patterns the first holds", () => {
    expect(rulesForBranch(builtInConfig, { name: "topic", defaultBranch: "main" })).toBeUndefined()
    const config = valid(`version: 1
branches:
  release/1: { stages: [{ checks: { require: [first] } }] }
  release/*: { stages: [{ checks: { require: [second] } }] }
`)
    const required = (name: string) =>
      rulesForBranch(config, { name, defaultBranch: "main" })?.stages.flatMap((stage) =>
        stage.kind === "checks" ? stage.require.map((one) => one.name) : [],
      )[0]
    expect(["release/1", "release/2", "main"].map(required)).toEqual(["first", "second", undefined])
  })

  test("may use anchors, comments, CRLF and a byte order mark", () => {
    expect(valid("version: 1\r\nmode: enforce # now\r\n").mode).toBe("enforce")
    expect(valid("\uFEFFversion: 1\nmode: enforce\n").mode).toBe("enforce")
    const shared = "version: 1\nbranches:\n  main: &rules { stages: [checks] }\n  develop: *rules\n"
    expect(Object.keys(valid(shared).branches ?? {})).toEqual(["main", "develop"])
  })
})

describe("every mistake is named with its place", () => {
  const cases: readonly [title: string, text: string, expected: readonly string[]][] = [
    ["an empty file", "", ["1:1 the file is empty: it must say `version: 1` at least"]],
    ["comments only", "# soon\n", ["1:1 the file is empty: it must say `version: 1` at least"]],
    ["a list", "- a\n- b\n", ["1:1 must be a map of keys, not a list"]],
    ["a word", "hello", ["1:1 must be a map of keys, not the text `hello`"]],
    ["no version", "mode: enforce\n", ["1:1 version: is missing: must be the number 1"]],
    ["another version", "# later\nversion: 2\n", ["2:1 version: must be the number 1, not `2`"]],
    ["a version in quotes", "version: '1'\n", ["1:1 version: must be the number 1, not the text `1`"]],
    ["an unknown key", "version: 1\n\nbranchs: {}\n", ["3:1 branchs: unknown key `branchs`"]],
    [
      "unknown keys at every depth, in the order of the file",
      "version: 1\nfoo: 1\nbranches:\n  main:\n    bar: 1\n    stages:\n      - checks:\n          require:\n            - { name: a, baz: 1 }\n",
      [
        "2:1 foo: unknown key `foo`",
        "5:5 branches.main.bar: unknown key `bar`",
        "9:26 branches.main.stages.0.checks.require.0.baz: unknown key `baz`",
      ],
    ],
    [
      "a mode nobody knows",
      "version: 1\nmode: strict\n",
      ["2:1 mode: must be `advisory` or `enforce`, not the text `strict`"],
    ],
    [
      "a word where a map belongs",
      "version: 1\nbranches: main\n",
      ["2:1 branches: must be a map of keys, not the text `main`"],
    ],
    ["nothing where a map belongs", "version: 1\npause:\n", ["2:1 pause: must be a map of keys, not empty"]],
    ["a number where text belongs", "version: 1\npause: { label: 5 }\n", ["2:10 pause.label: must be text, not `5`"]],
    ["empty text", "version: 1\npause: { label: '' }\n", ["2:10 pause.label: must not be empty"]],
    [
      "text that is too long",
      `version: 1\npause: { label: ${"x".repeat(201)} }\n`,
      ["2:10 pause.label: must not be longer than 200 characters"],
    ],
    [
      "a role nobody has",
      "version: 1\ncommands: { pause-promotion: owner }\n",
      ["2:13 commands.pause-promotion: must be `read`, `triage`, `write`, `maintain` or `admin`, not the text `owner`"],
    ],
    [
      "nobody may be let in without a role",
      "version: 1\ncommands: { pause-promotion: none }\n",
      ["2:13 commands.pause-promotion: must be `read`, `triage`, `write`, `maintain` or `admin`, not the text `none`"],
    ],
    [
      "stages of a later version",
      withStages("\n      - canary\n      - review: { approvals: 1 }\n      - checks"),
      [
        "5:9 branches.main.stages.0: unknown stage `canary`: this version of Portcullis knows `checks`, `policy`, `review` and `deployment`",
        "6:9 branches.main.stages.1: the stage `review` takes nothing: write `- review`",
      ],
    ],
    [
      "a stage that is a number",
      withStages("[5]"),
      ["4:14 branches.main.stages.0: must be `checks`, `policy` or `review` or a map of keys, not `5`"],
    ],
    [
      "two stages of a kind",
      withStages("[checks, checks]"),
      [
        "4:5 branches.main.stages: a stage stands here twice; one is enough: a `checks` stage lists all names under its `require`",
      ],
    ],
    [
      "a list with nothing in it",
      withStages("[{ checks: { require: [] } }]"),
      ["4:26 branches.main.stages.0.checks.require: must list at least one"],
    ],
    [
      "a word where a list belongs",
      withStages("[{ checks: { require: build } }]"),
      ["4:26 branches.main.stages.0.checks.require: must be a list, not the text `build`"],
    ],
    [
      "a number for a check",
      withStages("[{ checks: { require: [build, 3] } }]"),
      ["4:43 branches.main.stages.0.checks.require.1: must be text or a map of keys, not `3`"],
    ],
    [
      "a check without its name",
      withStages("[{ checks: { require: [{ app: x }] } }]"),
      ["4:36 branches.main.stages.0.checks.require.0.name: is missing: must be text"],
    ],
    [
      "a branch that cannot be",
      "version: 1\nbranches:\n  main: {}\n  release-[0-9]: {}\n",
      ["4:3 branches.release-[0-9]: no branch is named so; in a pattern only `*` and `**` are special"],
    ],
    [
      "a key that stands twice",
      "version: 1\nmode: enforce\nmode: advisory\n",
      ["3:1 not valid YAML: this key stands here for the second time"],
    ],
    [
      "YAML that does not end",
      "version: [1",
      ["1:12 not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]"],
    ],
    [
      "indentation that does not fit",
      "version: 1\nbranches:\n    main: {}\n  develop: {}\n",
      ["4:1 not valid YAML: All mapping items must start at the same column"],
    ],
    ["tabs", "branches:\n\tmain: {}\n", ["2:1 not valid YAML: Tabs are not allowed as indentation"]],
    [
      "several documents",
      "version: 1\n---\nversion: 1\n",
      ["2:1 not valid YAML: a second document begins here (`---`)"],
    ],
    [
      "an alias of nothing",
      "version: 1\nmode: *later\n",
      ["2:7 a YAML alias (`*`) of something that has no such anchor (`&`)"],
    ],
    [
      "aliases of aliases",
      "a: &a [1, 1]\nb: &b [*a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b]\n",
      ["1:1 too many YAML aliases"],
    ],
    ["a key that is a list", "version: 1\n? [a]\n: b\n", ["1:1 [ a ]: unknown key `[ a ]`"]],
    [
      "a name of every object's own",
      "version: 1\n__proto__: { mode: enforce }\n",
      ["2:1 __proto__: unknown key `__proto__`"],
    ],
    [
      "a branch of that name, beside another mistake",
      "version: 1\nmode: strict\nbranches:\n  main: {}\n  __proto__: {}\n",
      [
        "2:1 mode: must be `advisory` or `enforce`, not the text `strict`",
        "5:3 branches.__proto__: no pattern can be named `__proto__`: write `__proto_*`",
      ],
    ],
    [
      "a branch of that name alone",
      "version: 1\nbranches: { __proto__: }\n",
      ["2:13 branches.__proto__: no pattern can be named `__proto__`: write `__proto_*`"],
    ],
    [
      "what an urgent change is never let past",
      "version: 1\nurgent: { may_skip: [checks, policy, pause], why: x }\n",
      [
        "2:30 urgent.may_skip.1: `policy` is never passed over: what protects the repository holds for urgent changes as well. Only `checks`, `review` and `deployment` may stand here",
        "2:38 urgent.may_skip.2: must be `checks`, `review` or `deployment`, not the text `pause`",
        "2:46 urgent.why: unknown key `why`",
      ],
    ],
    ["a file that is too large", `version: 1\n#${"x".repeat(65_536)}`, ["1:1 the file is larger than 64 KiB"]],
  ]
  for (const [title, text, expected] of cases) test(title, () => expect(problems(text)).toEqual(expected))

  test("at most twenty are told, and the others counted", () => {
    const many = Array.from({ length: 30 }, (_, index) => `key${index}: 1\n`).join("")
    expect(problems(`version: 1\n${many}`)).toHaveLength(20)
    expect(readConfigFile(`version: 1\n${many}`)).toMatchObject({ more: 10 })
  })
})

describe("a file written for a later version", () => {
  const text = readFileSync(join(import.meta.dirname, "everything.yml"), "utf8")
    .replace("- deployment:", "- canary:")
    .replaceAll(/ (?:health|promote_to):/g, (key) => key.replace(":", "_of:"))

  test("is refused line by line", () => {
    expect(problems(text)).toMatchInlineSnapshot(`
      [
        "15:9 branches.main.stages.3: unknown stage \`canary\`: this version of Portcullis knows \`checks\`, \`policy\`, \`review\` and \`deployment\`",
        "19:5 branches.main.health_of: unknown key \`health_of\`",
        "40:5 branches.develop.health_of: unknown key \`health_of\`",
        "41:5 branches.develop.promote_to_of: unknown key \`promote_to_of\`",
        "71:1 notifications: unknown key \`notifications\`",
      ]
    `)
  })

  test("a number too small or too large is not told as a text", () => {
    const numbers = "version: 1\nreview:\n  low: { approvals: -1 }\n  high: { approvals: 21 }\nbranches:\n  '': {}\n"
    expect(problems(numbers)).toEqual([
      "3:10 review.low.approvals: must be 0 or more, not `-1`",
      "4:11 review.high.approvals: must be 20 or less, not `21`",
      "6:3 branches.: must not be empty",
    ])
  })

  test("each problem stands where it says", () => {
    const reading = readConfigFile(text)
    if (reading.status === "valid") expect.unreachable("it asks for more than there is")
    const lines = text.split("\n")
    for (const { line, column, path, message } of reading.status === "invalid" ? reading.problems : []) {
      const there = lines[line - 1]?.slice(column - 1) ?? ""
      const named = /`(?<name>[^`]+)`/.exec(message)?.groups?.["name"] ?? path
      expect(there.replace(/^\{ /, ""), path).toMatch(new RegExp(`^${named}\\b`))
    }
  })
})

test("no text whatever makes it throw, and every place is within the file", () => {
  const text = readFileSync(join(import.meta.dirname, "everything.yml"), "utf8").split("\n")
  const parts = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...text) },
    fc.constantFrom("version: 1", "mode: enforce", "  - checks", "&a", "*a", "? ", "---", "!!set {a}", "\t", "<<: *a"),
    anyText({ maxLength: 20 }),
  )
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), (lines) => {
      const file = lines.join("\n")
      const reading = readConfigFile(file)
      if (reading.status === "valid") return
      expect(reading.problems.length).toBeGreaterThan(0)
      for (const { line, column, message } of reading.problems) {
        expect(line).toBeGreaterThanOrEqual(1)
        expect(column).toBeGreaterThanOrEqual(1)
        expect(line).toBeLessThanOrEqual(file.split(/\r\n|\n|\r/).length)
        expect(message).not.toBe("")
      }
    }),
    { numRuns: 500, seed: 1 },
  )
})
