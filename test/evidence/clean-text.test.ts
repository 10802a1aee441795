import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { cleanText } from "../../src/evidence/clean-text.ts"
import { anyText } from "../harness/any-text.ts"

const clean = (text: string): string => cleanText(text, 500)

describe("what is taken out", () => {
  test.each([
    ["ghp_0123456789abcdefghijABCDEFGHIJ012345 was refused", "[secret] was refused"],
    ["(github_pat_11ABCDEFG_abcdef)", "[secret]"],
    ["key=sk-proj-abcdef123456 rejected", "[secret] rejected"],
    ["got AKIAIOSFODNN7EXAMPLE from env", "got [secret] from env"],
    ["jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "jwt [secret]"],
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "[secret]"],
    ["Authorization: Bearer abcdefgh", "Authorization: Bearer [secret]"],
    ["cookie: token abc, and more", "cookie: token [secret] and more"],
    ["password: hunter", "password: [secret]"],
    ["the password is hunter", "the password is [secret]"],
    ["password hunter2 was wrong", "password [secret] was wrong"],
    ["api_key = abc", "api_key = [secret]"],
    ['{"token":"abc"}', "[secret]"],
    ['"token": "abc"', '"token": [secret]'],
    ["PGPASSWORD=abc psql", "[secret] psql"],
    ["value 4f9c2d7e1ab34c5d8e6f", "value [secret]"],
    ["id 123e4567-e89b-12d3-a456-426614174000", "id [secret]"],
    [
      `before -----BEGIN RSA PRIVATE KEY-----\nMIIabc def\n-----END RSA PRIVATE KEY----- after`,
      "before [secret] after",
    ],
    ["cut -----BEGIN PRIVATE KEY-----\nabc def", "cut [secret]"],
    ["GET https://max:pw@shop.example.com/x?y=1 failed", "GET [url] failed"],
    ["(see http://x.y)", "(see [url]"],
    ["from postgres://u:p@db/x", "from [url]"],
    ["www.example.com is down", "[url] is down"],
    ["mail to <max@example.com>, please", "mail to [mail] please"],
    ["no /etc/passwd here", "no [path] here"],
    ["at Object.<anonymous> (/srv/app/index.js:10:5)", "at Object.<anonymous> [path]"],
    ["file=/etc/passwd", "[path]"],
    [String.raw`in C:\Users\max\My Files\x.txt`, "in [path] [path]"],
    ["~/x and ./x and src/app.ts:10", "[path] and [path] and [path]"],
    ["10.0.0.1:5432 refused", "[address] refused"],
    ["peer 2001:db8::1 gone, [::1]:80 too", "peer [address] gone, [address] too"],
  ])("%j becomes %j", (text, expected) => {
    expect(clean(text)).toBe(expected)
  })

  test("what hides within a word by characters that nobody sees", () => {
    expect(clean("ghp_0123456789\u200Babcdefghij")).toBe("[secret]")
    expect(clean("max@\u0000example.com")).toBe("[mail]")
    expect(clean("a\u202Eb\u0007c\r\nd\u2028e\ud800")).toBe("abc d e�")
  })

  test("what is cut off where the text ends is not left as a beginning", () => {
    const secret = "0a1b2c3d4e5f".repeat(10)
    const filler = "/a/b".repeat(950)
    const cleaned = clean(`${filler} well ${"x".repeat(10)} ${secret}`)
    expect(cleaned).toBe(`[path] well ${"x".repeat(10)} [secret]`)
    for (let length = 3940; length < 4010; length += 1) {
      const text = `${"/a/b".repeat(length).slice(0, length)} ${secret}`
      expect(clean(text)).toMatch(/^(?:\[path\] (?:\[secret\]|…)|…)$/)
    }
  })
})

describe("what stays", () => {
  test.each([
    "payment provider timed out after 30 s",
    "HTTP/1.1 502 from and/or through acme/shop",
    "token expired; password reset for user",
    "NullPointerException in com.example.shop.CheckoutService",
    "std::fs and 3/4 of 12:34:56, p99=1.5s (was 200ms)",
    "ошибка оплаты — платёж отклонён 💳",
    "@olga said: basic check failed",
  ])("%j", (text) => {
    expect(clean(text)).toBe(text)
  })

  test("nothing but blanks is nothing", () => {
    expect(clean(" \n\t ")).toBe("")
  })
})

test("it is as long as was asked for, on one line, and always text that can be stored", () => {
  fc.assert(
    fc.property(anyText({ maxLength: 6000 }), fc.integer({ min: 1, max: 600 }), (text, units) => {
      const cleaned = cleanText(text, units)
      expect(cleaned.length).toBeLessThanOrEqual(units)
      expect(cleaned.isWellFormed()).toBe(true)
      expect(cleaned).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    }),
  )
})

test("no text takes long", () => {
  const hard = ["a@", "a/", "1.", ":a", "token", "-----BEGIN ", "token=", "a1b2", "([", "fe80:", "\u200B", "ghp_", "\\"]
  for (const piece of hard) {
    const text = piece.repeat(65_536 / piece.length)
    const begun = performance.now()
    clean(text)
    expect(performance.now() - begun, piece).toBeLessThan(2000)
  }
})
