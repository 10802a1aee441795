import { expect, test } from "vitest"
import type { ReplyPart } from "../../src/promotion/conversation.ts"
import { renderReply, replyMark } from "../../src/report/comment.ts"
import { pauseBy, pauseByLabel } from "./verdict.ts"

/** The reply without its hidden mark. */
function reply(...parts: ReplyPart[]): string | undefined {
  const text = renderReply(parts, 42)
  expect(text?.endsWith(`\n\n${replyMark(42)}`)).toBe(true)
  return text?.slice(0, -replyMark(42).length).trim()
}

test("where the reaction says it all, there is no reply", () => {
  expect(renderReply([], 42)).toBeNull()
})

test("a reply is found again by the comment that it answers", () => {
  expect(replyMark(42)).toBe("<!-- portcullis:reply:42 -->")
  expect(replyMark(421)).not.toContain(replyMark(42))
})

test("refused for want of a role", () => {
  expect(
    reply({ kind: "denied", command: "resume-promotion", needs: "write", has: "read", why: "role" }),
  ).toMatchInlineSnapshot(
    `"\`/resume-promotion\` was refused: it needs the \`write\` role in this repository, and you have \`read\`."`,
  )
  expect(
    reply({ kind: "denied", command: "pause-promotion", needs: "maintain", has: "none", why: "role" }),
  ).toMatchInlineSnapshot(
    `"\`/pause-promotion\` was refused: it needs the \`maintain\` role in this repository, and you have no role in it."`,
  )
})

test("refused because an app asked", () => {
  expect(
    reply({ kind: "denied", command: "resume-promotion", needs: "write", has: "admin", why: "bot" }),
  ).toMatchInlineSnapshot(
    `"\`/resume-promotion\` was refused: an app may pause promotions but never resume them. A person with the \`write\` role must do it."`,
  )
})

test("nothing to resume", () => {
  expect(reply({ kind: "nothing-to-resume" })).toMatchInlineSnapshot(
    `"Nothing is paused here, so there was nothing to resume."`,
  )
})

test("still paused by the label", () => {
  expect(reply({ kind: "still-paused", pauses: [pauseByLabel("max")] })).toMatchInlineSnapshot(
    `"This pull request stays paused by its label (set by &#64;max). It ends when an operator takes the label off."`,
  )
  expect(reply({ kind: "still-paused", pauses: [pauseByLabel(null)] })).toMatchInlineSnapshot(
    `"This pull request stays paused by its label (set by somebody whom GitHub does not name). It ends when an operator takes the label off."`,
  )
})

test("paused again after the comment", () => {
  const pauses = ["ann", "ben", "ben", "cem", "dot", "eva", "fay"].map((login) => pauseBy(login))
  expect(reply({ kind: "paused-since", pauses: pauses.slice(0, 1), lifted: 0 })).toMatchInlineSnapshot(
    `"Promotions were paused after this comment was written (by &#64;ann), and stay paused. To end that as well, comment \`/resume-promotion\` again."`,
  )
  expect(reply({ kind: "paused-since", pauses, lifted: 1 })).toMatchInlineSnapshot(
    `"Promotions were paused after this comment was written (by &#64;ann, &#64;ben, &#64;cem, &#64;dot, &#64;eva and 1 more), and stay paused. To end that as well, comment \`/resume-promotion\` again."`,
  )
})

test("several commands of one comment are answered in one reply", () => {
  const denied = { kind: "denied", command: "pause-promotion", needs: "write", has: "read", why: "role" } as const
  expect(reply(denied, { kind: "nothing-to-resume" })).toMatchInlineSnapshot(`
    "\`/pause-promotion\` was refused: it needs the \`write\` role in this repository, and you have \`read\`.

    Nothing is paused here, so there was nothing to resume."
  `)
})

test("names do no harm", () => {
  expect(reply({ kind: "still-paused", pauses: [pauseByLabel("x[a](b)<b>@org/all")] })).toMatchInlineSnapshot(
    `"This pull request stays paused by its label (set by &#64;x&#91;a&#93;(b)&#60;b&#62;&#64;org/all). It ends when an operator takes the label off."`,
  )
})
