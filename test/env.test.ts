import { generateKeyPairSync } from "node:crypto"
import { expect, test } from "vitest"
import { readEnv } from "../src/env.ts"

const { privateKey: pem } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
})
const credentials = { APP_ID: "12", WEBHOOK_SECRET: "a secret", PRIVATE_KEY: pem }
const oneLine = pem.trim().replaceAll("\n", String.raw`\n`)

test("nothing set: no app yet, and every default", () => {
  expect(readEnv({})).toEqual({
    ok: true,
    env: {
      app: null,
      githubApiUrl: "https://api.github.com",
      port: 3000,
      host: "localhost",
      databaseUrl: undefined,
      dataDir: "./data",
      logLevel: "info",
      sweepIntervalMs: 300_000,
    },
  })
})

test.each([
  ["PEM", pem],
  ["PEM on one line", oneLine],
  ["PEM on one line in quotes, as docker --env-file passes it on", `"${oneLine}"`],
  ["PEM in base64", Buffer.from(pem).toString("base64")],
])("a private key is taken as %s", (_, text) => {
  const reading = readEnv({ ...credentials, PRIVATE_KEY: text })
  expect(reading.ok && reading.env.app?.privateKey).toBe(pem)
})

test("all problems are told at once, and no secret is quoted", () => {
  const reading = readEnv({ APP_ID: "app", PRIVATE_KEY: "sesame", PORT: "99999", SWEEP_INTERVAL: "soon" })
  expect(reading).toEqual({
    ok: false,
    problems: [
      "APP_ID must be the number on the app's settings page",
      "PORT must be a port number",
      'SWEEP_INTERVAL must be a duration such as 90s, 5m or 1h, not "soon"',
      "WEBHOOK_SECRET is missing: without it anybody could send webhooks, so there is no default",
      "PRIVATE_KEY does not hold a private key in PEM (or base64 of it)",
    ],
  })
})

test("an app without a webhook secret is refused, an empty one included", () => {
  for (const secret of [undefined, ""]) {
    const reading = readEnv({ ...credentials, WEBHOOK_SECRET: secret })
    expect(reading.ok ? [] : reading.problems).toEqual([expect.stringMatching(/^WEBHOOK_SECRET is missing/)])
  }
})
