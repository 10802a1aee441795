import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { missingSections } from "../../src/promotion/policy/description.ts"

const wanted = ["Test plan"]

describe("a section is there", () => {
  test.each([
    "## Test plan\nran it",
    "# test PLAN\r\n\r\nran it\r\n",
    "###### Test plan ######\nran it",
    "## **Test plan:**\nran it",
    "**Test plan**\nran it",
    "__Test plan:__\nran it",
    "**Test plan**:\nran it",
    "Test plan\n---------\nran it",
    "Test plan\n===\nran it",
    "**Test plan**\n---\nran it",
    "## Test plan\n### Unit\nran it\n## Next",
    "## Test plan\n<!-- say how -->\nran it",
    "## Test plan <!-- keep\nthis --> \nran it",
    "## Test plan\n- [x] ran it",
    "## Test plan\n```\nnpm test\n```",
    "## Test plan\n**Unit**\nran it",
    "## Test plan\n~~~\n## Next\n~~~",
    "## Test   plan\nテスト",
    "## Test plan\n\n## Test plan\nran it",
    "## Test plan\n<!-- a <!-- b --> ran it",
    "**Test plan**\n**ran** it **twice**",
  ])("%j", (body) => expect(missingSections(wanted, body)).toEqual([]))
})

describe("a section is missing", () => {
  test.each([
    "",
    "Test plan: ran it",
    "## Test plans\nran it",
    "##Test plan\nran it",
    "####### Test plan\nran it",
    "    ## Test plan\nran it",
    "**Test plan** ran it",
    "**Test plan** and **more**\nran it",
    "## Test plan",
    "## Test plan\n\n## Next\nsomething",
    "## Test plan\n# Next\nsomething",
    "**Test plan**\n**Next**\nsomething",
    "**Test plan**\n## Next\nsomething",
    "## Test plan\n<!-- ran it -->",
    "## Test plan\n<!-- ran it\n\nand more -->\n \n- [ ]\n",
    "## Test plan\n<!-- a --> <!-- b -->\n## Next\nx",
    "## Test plan\n<!--> ran it",
    "<!-- ## Test plan\nran it -->",
    "<!-- never closed\n## Test plan\nran it",
    "```\n## Test plan\nran it\n```",
    "```\n``` js\n## Test plan\nran it\n```",
    "````\n```\n## Test plan\nran it\n````",
    "## Test plan\nNext\n----\nsomething",
    "## Test plan\n---\n***\n",
  ])("%j", (body) => expect(missingSections(wanted, body)).toEqual(wanted))
})

test("all that are missing are told, in the order wanted", () => {
  expect(missingSections(["Why", "How", "Test plan"], "## How\nso")).toEqual(["Why", "Test plan"])
  expect(missingSections([], "")).toEqual([])
})

test("any description is read, and one more wanted section is never one fewer missing", () => {
  const scrap = fc.constantFrom("## ", "Test plan", "**", "\n", "<!--", "-->", "```", "---", "word", " ", "\r", "💥")
  fc.assert(
    fc.property(fc.string({ unit: scrap, maxLength: 20 }), (body) => {
      expect(missingSections(["Why", ...wanted], body)).toEqual(expect.arrayContaining(missingSections(wanted, body)))
      expect(missingSections(wanted, `## Test plan\nword\n\n${body}`)).toEqual([])
    }),
    { numRuns: 4000, seed: 1 },
  )
})

test("a description made to hurt takes no more than its share of time", () => {
  const began = performance.now()
  for (const part of ["<!--", "# ", "**", "*", "-\n", "a\n-\n", "`", "```\n", " ", "\n", "# #", "__a"]) {
    const text = part.repeat(90_000 / part.length)
    missingSections(wanted, `## ${text}`)
    missingSections(wanted, `## a${text}x`)
    missingSections(wanted, `## Test plan\n**${text}x`)
  }
  expect(performance.now() - began).toBeLessThan(3000)
})
