import { expect, test } from "vitest"
import type { ReplyPart } from "../../src/promotion/command/reply.ts"
import { renderDenial, renderReply, replyMark } from "../../src/report/comment.ts"
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
    `"\`/resume-promotion\` was refused: an app or agent may pause promotions but never resume them. A person with the \`write\` role must do it."`,
  )
})

test("a denied change of the pause label: who lacked which role, and what to do", () => {
  const tess = { kind: "user", login: "tess", id: 5 } as const
  const bot = { kind: "app", login: "shipwright[bot]", id: null } as const
  const denial = { on: true, actor: tess, needs: "write", has: "triage", why: "role" } as const
  expect(renderDenial(denial, "promotion-paused")).toMatchInlineSnapshot(`
    "&#64;tess set the label \`promotion-paused\`, which pauses nothing: that needs the \`write\` role in this repository, and &#64;tess has \`triage\`. Next: a person with the \`write\` role takes the label off and sets it again, or comments \`/pause-promotion\` to pause the whole repository.

    <!-- portcullis:label-set:5 -->"
  `)
  expect(renderDenial({ ...denial, on: false, has: "none" }, "stop `here`")).toMatchInlineSnapshot(`
    "&#64;tess took the label \`\` stop \`here\` \`\` off, but its pause stays: that needs the \`write\` role in this repository, and &#64;tess has no role in it. Next: a person with the \`write\` role comments \`/resume-promotion\` here.

    <!-- portcullis:label-removed:5 -->"
  `)
  expect(renderDenial({ on: false, actor: bot, needs: "write", has: "write", why: "bot" }, "stop"))
    .toMatchInlineSnapshot(`
    "&#64;shipwright&#91;bot&#93; took the label \`stop\` off, but its pause stays: an app or agent may pause promotions but never resume them. Next: a person with the \`write\` role comments \`/resume-promotion\` here.

    <!-- portcullis:label-removed:shipwrightbot -->"
  `)
})

test("nothing to resume", () => {
  expect(reply({ kind: "nothing-to-resume" })).toMatchInlineSnapshot(
    `"Nothing is paused here, so there was nothing to resume."`,
  )
})

test("still paused by the label", () => {
  expect(reply({ kind: "still-paused", pauses: [pauseByLabel("max")] })).toMatchInlineSnapshot(
    `"This pull request stays paused by its label (set by &#64;max). It ends when somebody who may resume takes the label off."`,
  )
  expect(reply({ kind: "still-paused", pauses: [pauseByLabel(null)] })).toMatchInlineSnapshot(
    `"This pull request stays paused by its label (set by somebody whom GitHub does not name). It ends when somebody who may resume takes the label off."`,
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
    `"This pull request stays paused by its label (set by &#64;x&#91;a&#93;(b)&#60;b&#62;&#64;org/all). It ends when somebody who may resume takes the label off."`,
  )
})
