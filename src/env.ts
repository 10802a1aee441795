import { createPrivateKey } from "node:crypto"
import { readFileSync } from "node:fs"
import { z } from "zod"
import { parseDurationMs } from "./lib/duration.ts"
import { parseHostEntry, type HostEntry } from "./lib/host-list.ts"

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
  /** Event stream from which webhooks are taken, besides those that arrive by themselves. */
  webhookProxyUrl: string | undefined
  /** The only hosts that HTTP probes may ask, and whether these may lead into own networks. */
  probe: { allowedHosts: HostEntry[]; allowPrivate: boolean }
  /** What the keys of repositories' signals are derived from; undefined: no signals are taken. */
  signalsSecret: string | undefined
  /** Where metrics may be asked for: `PROMETHEUS_<NAME>_URL` and `_TOKEN`; names in small letters, with `-` for `_`. */
  prometheus: PrometheusSetting[]
}

/** One data source; `url` has no slash at the end. */
type PrometheusSetting = { name: string; url: string; token: string | undefined }

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

const hostList = z.string().transform((text, context) => {
  const entries = text.split(",").map((entry) => entry.trim())
  return entries
    .filter((entry) => entry !== "")
    .flatMap((entry) => {
      const parsed = parseHostEntry(entry)
      if (parsed !== undefined) return [parsed]
      const wanted = "must list hosts such as shop.example.com, shop.example.com:8443 or *.example.com"
      context.addIssue({ code: "custom", message: `${wanted}, not ${JSON.stringify(entry.slice(0, 100))}` })
      return []
    })
})

const flag = z.enum(["true", "false"], "must be true or false").transform((text) => text === "true")

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
  WEBHOOK_PROXY_URL: optional(z.url({ protocol: /^https?$/, message: "must be an http(s) URL" }).optional()),
  PROBE_ALLOWED_HOSTS: optional(hostList.default([])),
  PROBE_ALLOW_PRIVATE: optional(flag.default(false)),
  SIGNALS_SECRET: optional(z.string().min(32, "must have 32 characters at least").optional()),
})

/** Reads the environment. Problems are all told at once, by variable, and never quote a secret. */
export function readEnv(variables: Readonly<Record<string, string | undefined>>): EnvReading {
  const parsed = envSchema.safeParse(variables)
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.map(String).join(".")} ${issue.message}`)
  const app = readApp(variables)
  if ("problems" in app) problems.push(...app.problems)
  const prometheus = readPrometheus(variables)
  problems.push(...prometheus.problems)
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
    webhookProxyUrl: data.WEBHOOK_PROXY_URL,
    probe: { allowedHosts: data.PROBE_ALLOWED_HOSTS, allowPrivate: data.PROBE_ALLOW_PRIVATE },
    signalsSecret: data.SIGNALS_SECRET,
    prometheus: prometheus.sources,
  }
  return { ok: true, env }
}

const limitSources = 50

/** Data sources are the host's to name, so their variables are found by form. */
function readPrometheus(variables: Readonly<Record<string, string | undefined>>): {
  sources: PrometheusSetting[]
  problems: string[]
} {
  const sources: PrometheusSetting[] = []
  const problems: string[] = []
  for (const [variable, value] of Object.entries(variables)) {
    const [, name, kind] = /^PROMETHEUS_([A-Z][A-Z0-9_]{0,99})_(URL|TOKEN)$/.exec(variable) ?? []
    if (name === undefined || value === undefined || value === "") continue
    if (kind === "TOKEN") {
      if (!/^[!-~]{1,8192}$/.test(value))
        problems.push(`${variable} must be a token: visible characters, and no blanks`)
      if ((variables[`PROMETHEUS_${name}_URL`] ?? "") === "") problems.push(`${variable} has no PROMETHEUS_${name}_URL`)
      continue
    }
    const url = apiRoot(value)
    if (url === undefined) {
      problems.push(`${variable} must be an http(s) URL without user, password, query or fragment`)
      continue
    }
    const token = variables[`PROMETHEUS_${name}_TOKEN`]
    sources.push({ name: name.toLowerCase().replaceAll("_", "-"), url, token: token === "" ? undefined : token })
  }
  if (sources.length > limitSources) problems.push(`there are more than ${limitSources} PROMETHEUS_<NAME>_URL`)
  return { sources, problems }
}

function apiRoot(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  const { username, password, search, hash, origin, pathname } = url
  if ([username, password, search, hash].some((part) => part !== "")) return undefined
  return `${origin}${pathname}`.replace(/\/{1,100}$/, "")
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
