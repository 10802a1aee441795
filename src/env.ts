import { createPrivateKey } from "node:crypto"
import { readFileSync } from "node:fs"
import { z } from "zod"
import { parseDurationMs } from "./lib/duration.ts"

/** Everything the environment decides, parsed once at the start. */
export type Env = {
  /** Null: no app is registered yet, and the page that registers one is shown. */
  app: { appId: number; privateKey: string; webhookSecret: string } | null
  /** Root of GitHub's REST API, without a slash at the end. */
  githubApiUrl: string
  port: number
  host: string
  /** PostgreSQL; undefined: the embedded database in `dataDir`. */
  databaseUrl: string | undefined
  dataDir: string
  logLevel: string
  sweepIntervalMs: number
}

/** The environment, or every problem with it in words. */
export type EnvReading = { ok: true; env: Env } | { ok: false; problems: string[] }

const blankIsAbsent = (value: unknown): unknown => (value === "" ? undefined : value)
const optional = <T extends z.ZodType>(schema: T) => z.preprocess(blankIsAbsent, schema)

/** Node runs a timer that is set for longer every millisecond. */
const longestTimerMs = 2 ** 31 - 1

const duration = z.string().transform((text, context) => {
  const ms = parseDurationMs(text)
  if (ms !== undefined && ms <= longestTimerMs) return ms
  if (ms !== undefined) {
    context.addIssue({ code: "custom", message: `must be 24d or less, not "${text}"` })
    return z.NEVER
  }
  context.addIssue({ code: "custom", message: `must be a duration such as 90s, 5m or 1h, not "${text}"` })
  return z.NEVER
})

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const

/** The variables by name; `.env.example` lists the same. */
export const envSchema = z.object({
  APP_ID: optional(
    z
      .string()
      .regex(/^[1-9]\d*$/, "must be the number on the app's settings page")
      .optional(),
  ),
  PRIVATE_KEY: optional(z.string().optional()),
  PRIVATE_KEY_PATH: optional(z.string().optional()),
  WEBHOOK_SECRET: optional(z.string().optional()),
  GITHUB_API_URL: optional(
    z.url({ protocol: /^https?$/, message: "must be an http(s) URL" }).default("https://api.github.com"),
  ),
  PORT: optional(
    z
      .string()
      .regex(/^\d{1,5}$/, "must be a port number")
      .default("3000")
      .transform(Number)
      .refine((port) => port <= 65_535, "must be a port number"),
  ),
  HOST: optional(z.string().default("localhost")),
  DATABASE_URL: optional(z.url({ protocol: /^postgres(?:ql)?$/, message: "must be a postgres:// URL" }).optional()),
  DATA_DIR: optional(z.string().default("./data")),
  LOG_LEVEL: optional(z.enum(levels, `must be one of ${levels.join(", ")}`).default("info")),
  SWEEP_INTERVAL: optional(duration.default(5 * 60_000)),
})

/** Reads the environment. Problems are all told at once, by variable, and never quote a secret. */
export function readEnv(variables: Readonly<Record<string, string | undefined>>): EnvReading {
  const parsed = envSchema.safeParse(variables)
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.map(String).join(".")} ${issue.message}`)
  const app = readApp(variables)
  if ("problems" in app) problems.push(...app.problems)
  if (!parsed.success || "problems" in app || problems.length > 0) return { ok: false, problems }
  const { data } = parsed
  const env: Env = {
    app: app.app,
    githubApiUrl: data.GITHUB_API_URL.replace(/\/+$/, ""),
    port: data.PORT,
    host: data.HOST,
    databaseUrl: data.DATABASE_URL,
    dataDir: data.DATA_DIR,
    logLevel: data.LOG_LEVEL,
    sweepIntervalMs: data.SWEEP_INTERVAL,
  }
  return { ok: true, env }
}

type AppReading = { app: Env["app"] } | { problems: string[] }

/** The app's credentials: all of them, or none at all. */
function readApp(variables: Readonly<Record<string, string | undefined>>): AppReading {
  const { APP_ID: appId, PRIVATE_KEY: key, PRIVATE_KEY_PATH: path, WEBHOOK_SECRET: secret } = variables
  if ([appId, key, path].every((value) => value === undefined || value === "")) return { app: null }
  const problems: string[] = []
  if (appId === undefined || appId === "") problems.push("APP_ID is missing: the number on the app's settings page")
  if (secret === undefined || secret === "") {
    problems.push("WEBHOOK_SECRET is missing: without it anybody could send webhooks, so there is no default")
  }
  const privateKey = readPrivateKey(key, path)
  if (!privateKey.ok) problems.push(privateKey.problem)
  if (problems.length > 0 || !privateKey.ok || secret === undefined) return { problems }
  return { app: { appId: Number(appId), privateKey: privateKey.pem, webhookSecret: secret } }
}

type KeyReading = { ok: true; pem: string } | { ok: false; problem: string }

function readPrivateKey(key: string | undefined, path: string | undefined): KeyReading {
  if (key !== undefined && key !== "") return asPem(key, "PRIVATE_KEY")
  if (path === undefined || path === "") {
    return { ok: false, problem: "PRIVATE_KEY or PRIVATE_KEY_PATH is missing: the app's private key, in PEM" }
  }
  let text: string
  try {
    text = readFileSync(path, "utf8")
  } catch {
    // What is long or has lines is no path: perhaps the key itself, which must not be shown.
    const isPath = path.length <= 255 && !/PRIVATE KEY|\n/.test(path)
    const problem = isPath ? `names a file that cannot be read: ${path}` : "is not the path of a file"
    return { ok: false, problem: `PRIVATE_KEY_PATH ${problem}` }
  }
  return asPem(text, "PRIVATE_KEY_PATH")
}

/** A key as PEM: as it is, with `\n` written out, or in base64; `docker --env-file` leaves quotes around it. */
function asPem(text: string, variable: string): KeyReading {
  const block = /-----BEGIN [A-Z ]*PRIVATE KEY-----\n[\s\S]+-----END [A-Z ]*PRIVATE KEY-----/
  const forms = [text, text.replaceAll(String.raw`\n`, "\n"), Buffer.from(text, "base64").toString("utf8")]
  const pem = forms.map((form) => block.exec(form.replaceAll("\r\n", "\n"))?.[0]).find((found) => found !== undefined)
  if (pem === undefined)
    return { ok: false, problem: `${variable} does not hold a private key in PEM (or base64 of it)` }
  if (!isRsaKey(pem)) return { ok: false, problem: `${variable} holds a private key that is damaged or not RSA` }
  return { ok: true, pem: `${pem}\n` }
}

/** GitHub signs apps' keys with RS256 only; a key that cannot be read would else fail at the first request. */
function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa"
  } catch {
    return false
  }
}
