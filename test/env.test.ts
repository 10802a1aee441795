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
      webhookProxyUrl: undefined,
      probe: { allowedHosts: [], allowPrivate: false },
      signalsSecret: undefined,
      prometheus: [],
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
    WEBHOOK_PROXY_URL: "smee.io/sesame",
    PROBE_ALLOWED_HOSTS: "shop.example.com,https://shop.example.com/",
    PROBE_ALLOW_PRIVATE: "yes",
    SIGNALS_SECRET: "a short sesame",
  })
  expect(problems.map((problem) => problem.split(" ")[0])).toEqual([
    "APP_ID",
    "GITHUB_API_URL",
    "PORT",
    "DATABASE_URL",
    "LOG_LEVEL",
    "SWEEP_INTERVAL",
    "WEBHOOK_PROXY_URL",
    "PROBE_ALLOWED_HOSTS",
    "PROBE_ALLOW_PRIVATE",
    "SIGNALS_SECRET",
    "WEBHOOK_SECRET",
    "PRIVATE_KEY",
  ])
  expect(problems.join("\n")).not.toContain("sesame")
})

test("blank variables count as absent", () => {
  const names = ["APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH", "WEBHOOK_SECRET", "GITHUB_API_URL", "PORT", "HOST"]
  const more = [
    "DATABASE_URL",
    "DATA_DIR",
    "LOG_LEVEL",
    "SWEEP_INTERVAL",
    "WEBHOOK_PROXY_URL",
    "PROBE_ALLOWED_HOSTS",
    "SIGNALS_SECRET",
  ]
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
    WEBHOOK_PROXY_URL: "https://smee.io/abc",
    PROBE_ALLOWED_HOSTS: "shop.example.com, *.example.org:8443 ,[::1],",
    PROBE_ALLOW_PRIVATE: "true",
    SIGNALS_SECRET: "thirty-two characters, or a few more",
    PROMETHEUS_MAIN_URL: "https://metrics.example.com/prometheus/",
    PROMETHEUS_MAIN_TOKEN: "a-token",
    PROMETHEUS_SHOP_EU_URL: "http://10.0.0.1:9090",
    PROMETHEUS_SHOP_EU_TOKEN: "",
    PROMETHEUS_NONE_URL: "",
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
      webhookProxyUrl: "https://smee.io/abc",
      probe: {
        allowedHosts: [
          { host: "shop.example.com", subdomains: false, port: null },
          { host: "example.org", subdomains: true, port: 8443 },
          { host: "[::1]", subdomains: false, port: null },
        ],
        allowPrivate: true,
      },
      signalsSecret: "thirty-two characters, or a few more",
      prometheus: [
        { name: "main", url: "https://metrics.example.com/prometheus", token: "a-token" },
        { name: "shop-eu", url: "http://10.0.0.1:9090", token: undefined },
      ],
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

test("every host that is none is named", () => {
  expect(problemsOf({ PROBE_ALLOWED_HOSTS: "*, shop.example.com:0" })).toEqual([
    'PROBE_ALLOWED_HOSTS must list hosts such as shop.example.com, shop.example.com:8443 or *.example.com, not "*"',
    "PROBE_ALLOWED_HOSTS must list hosts such as shop.example.com, shop.example.com:8443 or *.example.com, " +
      'not "shop.example.com:0"',
  ])
})

test("data sources that cannot be asked are named, and nothing of them quoted", () => {
  const problems = problemsOf({
    PROMETHEUS_A_URL: "https://max:sesame@metrics.example.com",
    PROMETHEUS_B_URL: "metrics.example.com?token=sesame",
    PROMETHEUS_C_URL: "https://metrics.example.com?token=sesame",
    PROMETHEUS_D_URL: "https://metrics.example.com",
    PROMETHEUS_D_TOKEN: "sesame and more",
    PROMETHEUS_E_TOKEN: "sesame",
  })
  const noUrl = "must be an http(s) URL without user, password, query or fragment"
  expect(problems).toEqual([
    `PROMETHEUS_A_URL ${noUrl}`,
    `PROMETHEUS_B_URL ${noUrl}`,
    `PROMETHEUS_C_URL ${noUrl}`,
    "PROMETHEUS_D_TOKEN must be a token: visible characters, and no blanks",
    "PROMETHEUS_E_TOKEN has no PROMETHEUS_E_URL",
  ])
  const many = Array.from({ length: 51 }, (_, n): [string, string] => [
    `PROMETHEUS_N${n}_URL`,
    "https://metrics.example.com",
  ])
  expect(problemsOf(Object.fromEntries(many))).toEqual(["there are more than 50 PROMETHEUS_<NAME>_URL"])
})
