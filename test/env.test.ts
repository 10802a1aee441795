import { generateKeyPairSync } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { readEnv } from "../src/env.ts"

const { privateKey: pem } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
})
const credentials = { APP_ID: "12", WEBHOOK_SECRET: "a secret", PRIVATE_KEY: pem }
const folder = mkdtempSync(join(tmpdir(), "portcullis-env-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function fileWith(text: string): string {
  const path = join(folder, "key.pem")
  writeFileSync(path, text)
  return path
}

function problemsOf(variables: Record<string, string | undefined>): string[] {
  const reading = readEnv(variables)
  return reading.ok ? [] : reading.problems
}

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
  [
    "PEM in base64 with lines, as base64(1) writes it",
    Buffer.from(pem).toString("base64").replaceAll(/.{76}/g, "$&\n"),
  ],
  ["PEM with the line ends of Windows", pem.replaceAll("\n", "\r\n")],
  ["PEM with something before and after it", `\n  ${pem}\n\n`],
])("a private key is taken as %s", (_, text) => {
  const reading = readEnv({ ...credentials, PRIVATE_KEY: text })
  expect(reading.ok && reading.env.app?.privateKey).toBe(pem)
})

test.each([
  ["PEM", pem],
  ["PEM in base64", Buffer.from(pem).toString("base64")],
])("a private key is read from a file that holds %s", (_, text) => {
  const reading = readEnv({ ...credentials, PRIVATE_KEY: "", PRIVATE_KEY_PATH: fileWith(text) })
  expect(reading.ok && reading.env.app).toEqual({ appId: 12, privateKey: pem, webhookSecret: "a secret" })
})

test("a private key in the environment goes before one in a file", () => {
  const reading = readEnv({ ...credentials, PRIVATE_KEY_PATH: join(folder, "nowhere") })
  expect(reading.ok && reading.env.app?.privateKey).toBe(pem)
})

test("a private key that cannot be read, is none, or is absent is told", () => {
  const keyless = { ...credentials, PRIVATE_KEY: undefined }
  const nowhere = join(folder, "nowhere")
  expect(problemsOf({ ...keyless, PRIVATE_KEY_PATH: nowhere })).toEqual([
    `PRIVATE_KEY_PATH names a file that cannot be read: ${nowhere}`,
  ])
  expect(problemsOf({ ...keyless, PRIVATE_KEY_PATH: folder })).toEqual([
    `PRIVATE_KEY_PATH names a file that cannot be read: ${folder}`,
  ])
  expect(problemsOf({ ...keyless, PRIVATE_KEY_PATH: fileWith("sesame") })).toEqual([
    "PRIVATE_KEY_PATH does not hold a private key in PEM (or base64 of it)",
  ])
  expect(problemsOf(keyless)).toEqual(["PRIVATE_KEY or PRIVATE_KEY_PATH is missing: the app's private key, in PEM"])
})

test("a key given as a path is not shown", () => {
  for (const key of [pem, oneLine, Buffer.from(pem).toString("base64"), pem.slice(0, 200)]) {
    expect(problemsOf({ ...credentials, PRIVATE_KEY: "", PRIVATE_KEY_PATH: key })).toEqual([
      "PRIVATE_KEY_PATH is not the path of a file",
    ])
  }
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

test("every variable that is wrong is told, and none of its secrets", () => {
  const problems = problemsOf({
    APP_ID: "0",
    PRIVATE_KEY: "sesame",
    WEBHOOK_SECRET: "",
    GITHUB_API_URL: "ftp://user:sesame@example.com",
    PORT: "http",
    DATABASE_URL: "mysql://user:sesame@db/x",
    LOG_LEVEL: "loud",
    SWEEP_INTERVAL: "0m",
  })
  expect(problems.map((problem) => problem.split(" ")[0])).toEqual([
    "APP_ID",
    "GITHUB_API_URL",
    "PORT",
    "DATABASE_URL",
    "LOG_LEVEL",
    "SWEEP_INTERVAL",
    "WEBHOOK_SECRET",
    "PRIVATE_KEY",
  ])
  expect(problems.join("\n")).not.toContain("sesame")
})

test("blank variables count as absent", () => {
  const names = ["APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH", "WEBHOOK_SECRET", "GITHUB_API_URL", "PORT", "HOST"]
  const more = ["DATABASE_URL", "DATA_DIR", "LOG_LEVEL", "SWEEP_INTERVAL"]
  expect(readEnv(Object.fromEntries([...names, ...more].map((name) => [name, ""])))).toEqual(readEnv({}))
})

test("everything set is taken", () => {
  const reading = readEnv({
    ...credentials,
    GITHUB_API_URL: "https://github.example/api/v3//",
    PORT: "0",
    HOST: "::",
    DATABASE_URL: "postgresql://u:p@db/x?sslmode=require",
    DATA_DIR: "/data",
    LOG_LEVEL: "debug",
    SWEEP_INTERVAL: "24d",
  })
  expect(reading).toEqual({
    ok: true,
    env: {
      app: { appId: 12, privateKey: pem, webhookSecret: "a secret" },
      githubApiUrl: "https://github.example/api/v3",
      port: 0,
      host: "::",
      databaseUrl: "postgresql://u:p@db/x?sslmode=require",
      dataDir: "/data",
      logLevel: "debug",
      sweepIntervalMs: 2_073_600_000,
    },
  })
})

test("an interval longer than a timer can wait is refused", () => {
  expect(problemsOf({ SWEEP_INTERVAL: "25d" })).toEqual(['SWEEP_INTERVAL must be 24d or less, not "25d"'])
})

test("a damaged key and a key of another kind are told at the start", () => {
  const { privateKey: other } = generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  })
  const lines = pem.split("\n")
  const damaged = [...lines.slice(0, 5), ...lines.slice(7)].join("\n")
  for (const key of [other, damaged]) {
    expect(problemsOf({ ...credentials, PRIVATE_KEY: key })).toEqual([
      "PRIVATE_KEY holds a private key that is damaged or not RSA",
    ])
  }
})
