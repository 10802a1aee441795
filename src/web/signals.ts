import { isUtf8 } from "node:buffer"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { SignalAnswer, SignalDoor } from "../evidence/signal-door.ts"
import { readBody } from "../lib/http-body.ts"

/** Where signals are sent to. */
const path = "/api/v1/signals"

const bodyLimitBytes = 64 * 1024

/** The door for signals as a handler of Node's HTTP server; resolves to false for requests that are not for it. */
export function signalsHandler(
  door: SignalDoor,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  return async (request, response) => {
    if (request.url?.split("?")[0] !== path) return false
    const body = request.method === "POST" ? await readBody(request, bodyLimitBytes) : null
    if (body === "cut off") {
      response.destroy()
      return true
    }
    if (body === null) response.setHeader("allow", "POST")
    if (body === "too large") response.setHeader("connection", "close")
    send(response, await answerTo(door, request, body))
    return true
  }
}

async function answerTo(
  door: SignalDoor,
  request: IncomingMessage,
  body: Buffer | "too large" | null,
): Promise<SignalAnswer> {
  if (body === null) return refused(405, "method", "signals are POSTed here")
  if (body === "too large") return refused(413, "too-large", "larger than 64 KiB")
  // The signature is of the raw bytes, and these would come to stand for others.
  if (!isUtf8(body)) return refused(400, "body", "the body is not UTF-8")
  const header = (name: string): string | null => {
    const value = request.headers[name]
    return typeof value === "string" ? value : null
  }
  return door({ header, body: body.toString("utf8") })
}

function refused(status: number, error: string, message: string): SignalAnswer {
  return { status, body: { error, message } }
}

function send(response: ServerResponse, { status, body, retryAfterSeconds }: SignalAnswer): void {
  if (retryAfterSeconds !== undefined) response.setHeader("retry-after", String(retryAfterSeconds))
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`)
}
