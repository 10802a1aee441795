import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { Ajv } from "ajv"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { readConfigFile } from "../../src/promotion/config/config-file.ts"
import { configJsonSchema, undescribed } from "../../src/promotion/config/config-schema.ts"
import { enforceBuild } from "../harness/scenario.ts"

const root = resolve(import.meta.dirname, "../..")
const committed: unknown = JSON.parse(readFileSync(join(root, "docs/promotion.schema.json"), "utf8"))

// GitHub's names of roles and units stand beside plain text, so one value may have several forms.
const fits = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(configJsonSchema())

function accepts(text: string): boolean {
  return fits(parse(text))
}

test("the committed file is what the config's schema says: if not, `npm run schema`", () => {
  expect(committed).toEqual(configJsonSchema())
})

test("an editor has words for every key, and none for what is no key", () => {
  expect(undescribed(configJsonSchema())).toEqual([])
})

describe("it accepts what is valid", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8")
  const texts: Record<string, string> = {
    "the README's": /^```yaml\n(?<text>.*?)^```/ms.exec(readme)?.groups?.["text"] ?? "",
    "that of the scenarios": enforceBuild,
    "the least": "version: 1\n",
    "a stage in a word": "version: 1\nbranches: { main: { stages: [checks, review] } }\n",
  }
  for (const [title, text] of Object.entries(texts)) {
    test(title, () => {
      expect(readConfigFile(text).status).toBe("valid")
      expect(accepts(text)).toBe(true)
    })
  }
})

describe("it refuses what is not", () => {
  const texts: readonly string[] = [
    "{}",
    "version: 2",
    "version: 1\nmode: strict",
    "version: 1\nfoo: 1",
    "version: 1\nbranches: { 'a b': {} }",
    "version: 1\nbranches: { main: { stages: [deploy] } }",
    "version: 1\nbranches: { main: { stages: [{ checks: { require: [] } }] } }",
    "version: 1\nrisk: [{ level: high }]",
    "version: 1\nrisk: [{ level: high, paths: [/src] }]",
    "version: 1\nrisk: [{ level: high, paths: [src//a] }]",
    "version: 1\nrisk: [{ level: high, paths: [src/] }]",
    "version: 1\nrisk: [{ level: high, paths: [a/../b] }]",
    "version: 1\nreview: { low: { auto_approve_after: soon } }",
    "version: 1\nreview: { low: { from: [owner] } }",
    "version: 1\nreview: { high: { auto_approve_after: 1h } }",
    "version: 1\nagents: { trailer: 'not one' }",
    "version: 1\ncommands: { pause-promotion: none }",
  ]
  for (const text of texts) {
    test(text.replaceAll("\n", "; "), () => {
      expect(readConfigFile(text).status).toBe("invalid")
      expect(accepts(text)).toBe(false)
    })
  }
})

describe("patterns say what the parser says", () => {
  const agree = (word: fc.Arbitrary<string>, fileOf: (quoted: string) => string) =>
    fc.assert(
      fc.property(word, (text) => {
        const file = `version: 1\n${fileOf(JSON.stringify(text))}\n`
        expect(accepts(file)).toBe(readConfigFile(file).status === "valid")
      }),
      { numRuns: 1000, seed: 1 },
    )
  const bits = (...words: string[]) => fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((all) => all.join(""))

  test("of durations", () => {
    agree(bits("0", "1", "12", "h", "m", "d", "s", " "), (text) => `review: { low: { auto_approve_after: ${text} } }`)
  })
  test("of approvers", () => {
    const words = bits("team:", "user:", "acme", "/", "write", "admin", "a-b", "_x", "-", ".")
    agree(words, (text) => `review: { low: { from: [${text}] } }`)
  })
  test("of path globs", () => {
    agree(bits("a", "/", ".", "..", "!", "*", "**"), (text) => `policy: { scope: [${text}] }`)
  })
})
