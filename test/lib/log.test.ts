import { expect, test } from "vitest"
import { makeLog } from "../../src/lib/log.ts"

type Log = ReturnType<typeof makeLog>

/** What stands in the log after `write`: lines as they are, and read. */
function logged(write: (log: Log) => void, level = "info"): { text: string; lines: Record<string, unknown>[] } {
  let text = ""
  write(makeLog(level, { write: (line) => void (text += line) }))
  const lines = text.split("\n").filter((line) => line !== "")
  return { text, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const pem = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEpAIBAAKCAQEA", "-----END RSA PRIVATE KEY-----"].join("\n")
const part = "A1b2C3d4E5".repeat(4)
const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMiJ9.${part}-_x`

const secrets: [string, string, string][] = [
  ...["ghp", "gho", "ghu", "ghs", "ghr"].map((prefix): [string, string, string] => [
    `a token of GitHub (${prefix}_)`,
    `${prefix}_${part}`,
    part,
  ]),
  ["an installation token in the long form", `ghs_12_${jwt}`, part],
  ["a fine-grained token", `github_pat_${part}_${part}`, part],
  ["an installation token of old", `v1.${"0a1b2c3d4e".repeat(4)}`, "0a1b2c3d4e"],
  ["a token in a URL", `https://x-access-token:ghs_${part}@github.com/acme/shop.git`, part],
  ["a token after a percent-encoded sign", `token%20ghs_${part}`, part],
  ["a private key", pem, "MIIEpAIBAAKCAQEA"],
  ["a private key whose end was cut off", pem.slice(0, 44), "MIIEpAIBAAK"],
  ["a password in a URL", "postgres://portcullis:sesame@db.example/x", "sesame"],
  ["a password without a name", "redis://:sesame@cache.example", "sesame"],
  ["a password with an @", "postgresql://portcullis:op@en-sesame@db.example/x", "sesame"],
  ["a JWT", `Bearer ${jwt}`, part],
]

test.each(secrets)("taken out of what an error says and of its stack: %s", (_, secret, core) => {
  const { text, lines } = logged((log) => log.error({ err: new Error(`before ${secret} after`) }, "it failed"))
  expect(text).not.toContain(core)
  expect(lines[0]).toMatchObject({
    msg: "it failed",
    err: { message: expect.stringMatching(/^before .*\[redacted\]/s) as string },
  })
})

test.each(secrets)("taken out of the message of a line: %s", (_, secret, core) => {
  const error = new Error(`it failed: ${secret}`)
  const { text, lines } = logged((log) => {
    log.error(error)
    log.error({ err: error })
    log.error({ error })
    log.error(`it failed: ${secret}`)
    log.error({ n: 1 }, `it failed: ${secret}`)
    log.error("%s: %s", "it failed", secret)
    log.child({ part: "x" }).error(error)
  })
  expect(text).not.toContain(core)
  expect(lines).toHaveLength(7)
  for (const line of lines.toSpliced(2, 1)) expect(line["msg"]).toMatch(/^it failed: .*\[redacted\]/s)
})

test("what is no secret stays as it is", () => {
  const words =
    "https://api.github.com/repos/acme/shop:x by max@example.com at http://localhost:3000/a@b, ghp and eyes.on.it"
  const { lines } = logged((log) => log.error({ err: new Error(words) }, words))
  expect(lines[0]).toMatchObject({ msg: words, err: { message: words } })
})

test("of an HTTP error neither the request nor its headers are logged, but what happened is", () => {
  const error = Object.assign(new Error("Bad credentials"), {
    name: "HttpError",
    status: 401,
    request: { method: "GET", url: "https://api.github.com/user", headers: { authorization: "token sesame" } },
    response: {
      status: 401,
      url: "https://api.github.com/user",
      headers: { "x-secret": "sesame" },
      data: { secret: "sesame" },
    },
  })
  const { text, lines } = logged((log) => log.error({ err: error, error }, "refused"))
  expect(text).not.toContain("sesame")
  const brief = { type: "HttpError", message: "Bad credentials", status: 401 }
  expect(lines[0]).toMatchObject({ err: brief, error: brief })
  expect(lines[0]?.["err"]).not.toHaveProperty("request")
})

test("an error's code and stack are logged, and what was thrown without being an error", () => {
  const error = Object.assign(new TypeError("no"), { code: "LG001", detail: "not for the log" })
  const { lines } = logged((log) => {
    log.warn({ err: error }, "a")
    log.warn({ err: `ghs_${part}` }, "b")
  })
  expect(lines[0]?.["err"]).toEqual({ type: "TypeError", message: "no", code: "LG001", stack: error.stack })
  expect(lines[1]?.["err"]).toEqual({ message: "[redacted]" })
})

test("secrets are taken out by the name they stand under", () => {
  const names = ["authorization", "token", "privateKey", "secret", "password", "connectionString"]
  const fields = Object.fromEntries(names.map((name) => [name, "sesame"]))
  const headers = { authorization: "sesame" }
  const { text, lines } = logged((log) =>
    log.info({ ...fields, inner: fields, headers, a: { headers, b: { headers } } }, "x"),
  )
  expect(text).not.toContain("sesame")
  const hidden = Object.fromEntries(names.map((name) => [name, "[redacted]"]))
  expect(lines[0]).toMatchObject({ ...hidden, inner: hidden, headers: "[redacted]", a: { headers: "[redacted]" } })
})

test("lines below the level are not written", () => {
  const { lines } = logged((log) => {
    log.info("quiet")
    log.warn("loud")
  }, "warn")
  expect(lines.map((line) => [line["name"], line["level"], line["msg"]])).toEqual([["portcullis", 40, "loud"]])
})
