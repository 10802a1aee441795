import { describe, expect, test } from "vitest"
import { readConfigFile, wantsBase, type BaseFile } from "../../src/promotion/config/config-file.ts"

const of = "acme/.github"

/** What is read of a file over the organisation's; each problem as `place:line:column path: message`. */
function over(base: string, text: string) {
  const reading = readConfigFile(`version: 1\n_extends: .github\n${text}`, { of, text: `version: 1\n${base}` })
  return reading.status === "valid" ? reading.config : reading.problems.map(words)
}

function words({ of: place = "own", line, column, path, message }: { [key: string]: unknown }): string {
  return `${String(place)}:${String(line)}:${String(column)} ${String(path)}: ${String(message)}`
}

describe("a file over the organisation's", () => {
  test("takes from it what it does not say itself, key by key at every depth", () => {
    const base = "mode: enforce\nreview: { low: { approvals: 0 }, high: { approvals: 3 } }\npause: { label: stop }\n"
    expect(over(base, "review: { high: { from: [admin] } }\n")).toMatchObject({
      _extends: ".github",
      mode: "enforce",
      review: { low: { approvals: 0 }, high: { approvals: 3, from: [{ kind: "role", role: "admin" }] } },
      pause: { label: "stop" },
    })
  })

  test("replaces lists and values", () => {
    expect(
      over("policy: { scope: [a, b] }\nmode: enforce\n", "policy: { scope: [c] }\nmode: advisory\n"),
    ).toMatchObject({
      policy: { scope: ["c"] },
      mode: "advisory",
    })
  })

  test("has its own branches before those under it, since the first that fits holds", () => {
    const config = over(
      "branches: { '*': {}, main: { stages: [policy] } }\n",
      "branches: { main: { from: [develop] } }\n",
    )
    expect(config).toMatchObject({ branches: { main: { from: ["develop"], stages: [{ kind: "policy" }] } } })
    expect(Object.keys("branches" in config ? (config.branches ?? {}) : {})).toEqual(["main", "*"])
  })

  test("is told with the place in its own file, or in the organisation's", () => {
    expect(over("", "foo: 1\n")).toEqual(["own:3:1 foo: unknown key `foo`"])
    expect(over("mode: often\n", "foo: 1\n")).toEqual([
      "acme/.github:2:1 mode: must be `advisory` or `enforce`, not the text `often`",
    ])
    expect(over("a: [\n", "")).toEqual([expect.stringMatching(/^acme\/\.github:3:1 : not valid YAML/)])
  })

  test("that does not go together is told at its own nearest place", () => {
    const base = "branches: { main: { from: [develop], stages: [policy] } }\n"
    expect(over(base, "branches:\n  main: { stages: [checks] }\n")).toEqual([
      "own:4:3 branches.main.from: is judged by the stage `policy`: list that under `stages` (it stands in the file of acme/.github, which this one extends)",
    ])
  })
})

test("each file says its own version, and what is extended extends nothing", () => {
  const read = (text: string, base: BaseFile) => {
    const reading = readConfigFile(text, base)
    return reading.status === "valid" ? ["valid"] : reading.problems.map(words)
  }
  expect(read("_extends: .github\n", { of, text: "version: 1\n" })).toEqual([
    "own:1:1 version: is missing: must be the number 1",
  ])
  expect(read("version: 1\n_extends: .github\n", { of, text: "mode: enforce\n" })).toEqual([
    "acme/.github:1:1 version: is missing: must be the number 1",
  ])
  expect(read("version: 1\n_extends: .github\n", { of, text: "version: 1\n_extends: .github\n" })).toEqual([
    "acme/.github:2:1 _extends: what others extend may not itself extend another file",
  ])
  expect(read("version: 1\n_extends: acme/shop\n", { of, text: "version: 1\n" })).toEqual([
    "own:2:1 _extends: must be `.github`, not the text `acme/shop`",
  ])
})

test("what cannot be read is told with a reason code, at the key that asks for it", () => {
  const lacking = (why: "extends-missing" | "extends-unreadable") =>
    readConfigFile("version: 1\n_extends: .github\n", { of, text: null, why })
  expect(lacking("extends-missing")).toMatchInlineSnapshot(`
    {
      "more": 0,
      "problems": [
        {
          "column": 1,
          "line": 2,
          "message": "extends-missing: there is no \`.github/promotion.yml\` of acme/.github on the default branch",
          "path": "_extends",
        },
      ],
      "status": "invalid",
    }
  `)
  expect(lacking("extends-unreadable")).toMatchInlineSnapshot(`
    {
      "more": 0,
      "problems": [
        {
          "column": 1,
          "line": 2,
          "message": "extends-unreadable: \`.github/promotion.yml\` of acme/.github cannot be read: there is no such repository, the app is not installed on it, or the file is no text",
          "path": "_extends",
        },
      ],
      "status": "invalid",
    }
  `)
})

test("a file that extends nothing is read as ever", () => {
  expect(readConfigFile("version: 1\n", { of, text: "nonsense" })).toEqual(readConfigFile("version: 1\n"))
  expect(
    ["version: 1\n_extends: .github\nfoo: 1\n", "version: 1\n", "_extends: other\n", "_extends: [\n"].map(wantsBase),
  ).toEqual([true, false, false, false])
})

test("keys of every object's own are merged like any other", () => {
  expect(over("", "__proto__: { mode: advisory }\n")).toEqual(["own:3:1 __proto__: unknown key `__proto__`"])
  expect(over("branches: { main: {} }\n", "branches: { __proto__: {} }\n")).toEqual([
    "own:3:13 branches.__proto__: no pattern can be named `__proto__`: write `__proto_*`",
  ])
})
