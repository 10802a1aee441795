import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Actor } from "../../src/ledger/entry.ts"
import { buttonIdentifier, parseButton, type Button, type ButtonName } from "../../src/promotion/command/button.ts"
import type { ReplyPart } from "../../src/promotion/command/reply.ts"
import { renderButtons } from "../../src/report/button.ts"
import { renderPressReply } from "../../src/report/press.ts"
import { renderSharedCommit } from "../../src/report/shared-commit.ts"

const names: readonly ButtonName[] = ["approve", "promote", "pause", "resume"]

/** Any button that can be shown, of any moment until the year 9999. */
const anyButton = fc
  .record({ name: fc.constantFrom(...names), ofMs: fc.nat(Date.parse("9999-12-31T00:00:00Z")) })
  .map(({ name, ofMs }): Button => ({ name, ofMs: name === "pause" ? null : ofMs }))

describe("a button", () => {
  test("keeps within what GitHub takes", () => {
    fc.assert(
      fc.property(anyButton, (button) => {
        for (const { label, description, identifier } of renderButtons([button])) {
          expect(label.length).toBeLessThanOrEqual(20)
          expect(description.length).toBeLessThanOrEqual(40)
          expect(identifier.length).toBeLessThanOrEqual(20)
        }
      }),
    )
  })

  test("is known again by what GitHub tells of it", () => {
    fc.assert(
      fc.property(anyButton, (button) => {
        expect(parseButton(buttonIdentifier(button))).toEqual(button)
      }),
    )
  })

  test.each([
    "",
    "approve",
    "pause-1",
    "approve-",
    "approve--1",
    "approve-Z",
    "reject-1",
    "resume-01234567890",
    "__proto__",
  ])("is not what is called %j", (identifier) => expect(parseButton(identifier)).toBeUndefined())
})

const headSha = "a".repeat(40)
const olga: Actor = { kind: "user", login: "olga", id: 8 }

function told(name: ButtonName, part: ReplyPart, actor: Actor = olga): string {
  return renderPressReply({ actor, press: { name, ofMs: 0, headSha } }, [part])
}

test("a name is shown and calls nobody, and a mark is not broken out of", () => {
  const hostile: Actor = { kind: "user", login: "--> @all *x*", id: null }
  expect(told("approve", { kind: "may-not-judge", command: "approve", why: "author" }, hostile)).toMatchInlineSnapshot(`
    "&#64;--&#62; &#64;all &#42;x&#42;, you pressed the button **Approve** on the check run \`Promotion gate\`, which stands for \`/approve\`.

    \`/approve\` was refused: you are the author of this pull request.

    <!-- portcullis:button:approve:--allx:aaaaaaaaaaaa:author -->"
  `)
})

test("each answer has its own mark, so that another one is not taken for told", () => {
  const parts: ReplyPart[] = [
    { kind: "may-not-judge", command: "approve", why: "author" },
    { kind: "may-not-judge", command: "approve", why: "committer" },
    { kind: "button-outdated", headSha },
    { kind: "not-promoted", reasons: ["checks-failed"] },
  ]
  const marks = parts.map((part) => /<!--.*-->/.exec(told("approve", part))?.[0])
  expect(new Set(marks).size).toBe(parts.length)
})

test("a commit that another pull request keeps shut offers no promote", () => {
  const actions = renderButtons(names.map((name) => ({ name, ofMs: name === "pause" ? null : 0 })))
  const shown = {
    status: "completed",
    conclusion: "success",
    title: "Open",
    summary: "",
    annotations: [],
    actions,
  } as const
  expect(renderSharedCommit(shown, []).actions).toEqual(actions)
  const left = renderSharedCommit(shown, [8]).actions?.map(({ label }) => label)
  expect(left).toEqual(["Approve", "Pause", "Resume"])
})
