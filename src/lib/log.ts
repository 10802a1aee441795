import { pino, type DestinationStream, type Logger, type LoggerOptions } from "pino"

/** Places in which a secret could stand, in what libraries log. */
const secretPaths = [
  "authorization",
  "token",
  "privateKey",
  "secret",
  "password",
  "connectionString",
  "*.authorization",
  "*.token",
  "*.privateKey",
  "*.secret",
  "*.password",
  "*.connectionString",
  "headers",
  "*.headers",
  "*.*.headers",
]

/**
 * A structured logger (JSON lines). Secrets are taken out by name, and of an error only what it says and where it came
 * from is logged: an HTTP error carries its request, headers and all.
 */
export function makeLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    name: "portcullis",
    level,
    redact: { paths: secretPaths, censor: "[redacted]" },
    serializers: { err: briefError, error: briefError },
    hooks: { logMethod: logWithoutSecrets },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

type LogMethod = NonNullable<NonNullable<LoggerOptions["hooks"]>["logMethod"]>

/** A line without a message gets its error's, which is why one is given here: it would be written as it is. */
const logWithoutSecrets: LogMethod = function logWithoutSecrets(args, method) {
  const [first, second, ...rest]: unknown[] = args
  const given = second === undefined && typeof first !== "string" ? [first, messageOf(first)] : [first, second, ...rest]
  const clean = given.map((one) => (typeof one === "string" ? withoutSecrets(one) : one))
  method.apply(this, clean as typeof args)
}

/** Message of the error that is logged, itself or under `err`. */
function messageOf(logged: unknown): string | undefined {
  if (logged instanceof Error) return logged.message
  if (typeof logged !== "object" || logged === null || !("err" in logged)) return undefined
  return logged.err instanceof Error ? logged.err.message : undefined
}

function briefError(error: unknown): object {
  if (!(error instanceof Error)) return { message: withoutSecrets(String(error)) }
  const status = "status" in error && typeof error.status === "number" ? { status: error.status } : {}
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {}
  return {
    type: error.name,
    message: withoutSecrets(error.message),
    ...status,
    ...code,
    stack: withoutSecrets(error.stack ?? ""),
  }
}

/** Tokens of GitHub, PEM blocks and passwords in URLs, wherever a message may quote them. */
function withoutSecrets(text: string): string {
  return text
    .replaceAll(/gh[a-z]_\w+(?:\.[\w-]+\.[\w-]+)?|github_pat_\w+|\bv\d\.[0-9a-f]{40}\b/g, "[redacted]")
    .replaceAll(/-----BEGIN[^-]+-----[\s\S]*?(?:-----END[^-]+-----|$)/g, "[redacted]")
    .replaceAll(/\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]*):[^\s/]*@/gi, "$1:[redacted]@")
    .replaceAll(/\bey[\w-]{10,}\.[\w-]+\.[\w-]+/g, "[redacted]")
}
