import { isUtf8 } from "node:buffer"
import type { IncomingMessage, ServerResponse } from "node:http"
import { Webhooks } from "@octokit/webhooks"
import type { Inbox } from "../inbox/inbox.ts"
import type { Clock } from "../lib/clock.ts"
import { readBody } from "../lib/http-body.ts"

/**
 * The door: a delivery is verified before anything of it is parsed, stored by one INSERT, and only then answered 200.
 *
 * GitHub gives ten seconds and does not deliver again by itself, so nothing else happens here.
 *
 * @see https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
 */

/** GitHub's own cap of a payload, in bytes. */
const bodyLimitBytes = 25 * 1024 * 1024

/** What the door works with. */
export type DoorDeps = {
  inbox: Inbox
  clock: Clock
  webhookSecret: string
  appId: number
  /** False once the process is stopping: GitHub is told to come again. */
  isOpen(): boolean
  /** `error` is why the database did not take the delivery, if that is the reason. */
  onRefused(reason: string, guid: string | null, error?: unknown): void
}

/** A request as the door needs it; `header` takes names in lower case. */
export type DoorRequest = { header(name: string): string | null; body: string }

/** The door's answer. */
export type DoorAnswer = { status: number; text: string }

/** A door for verified deliveries. */
export type Door = (request: DoorRequest) => Promise<DoorAnswer>

/** Makes the door. */
export function makeDoor(deps: DoorDeps): Door {
  const webhooks = new Webhooks({ secret: deps.webhookSecret })
  return async (request) => {
    const guid = request.header("x-github-delivery")
    const refuse = (status: number, text: string, error?: unknown): DoorAnswer => {
      deps.onRefused(text, guid, error)
      return { status, text }
    }
    if (!deps.isOpen()) return refuse(503, "stopping; deliver again")
    const event = request.header("x-github-event")
    const signature = request.header("x-hub-signature-256")
    if (guid === null || event === null || signature === null || !/^[\w.-]{1,100}$/.test(guid)) {
      return refuse(400, "not a webhook delivery of GitHub: a required header is missing")
    }
    if (!(await verified(webhooks, request.body, signature))) return refuse(401, "the signature does not match")
    if (!(request.header("content-type") ?? "").startsWith("application/json")) {
      return refuse(415, "set the webhook's content type to application/json")
    }
    try {
      const receivedAt = deps.clock.now()
      await deps.inbox.store({ appId: deps.appId, guid, event: event.slice(0, 100), payload: request.body, receivedAt })
      return { status: 200, text: "stored" }
    } catch (error) {
      return refuse(503, "not stored; deliver again", error)
    }
  }
}

async function verified(webhooks: Webhooks, body: string, signature: string): Promise<boolean> {
  try {
    return await webhooks.verify(body, signature)
  } catch {
    return false
  }
}

/** The door as a handler of Node's HTTP server; resolves to false for requests that are not for it. */
export function doorHandler(
  door: Door,
  path: string,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  return async (request, response) => {
    if (request.url?.split("?")[0] !== path) return false
    if (request.method !== "POST") {
      answer(response, { status: 405, text: "deliveries are POSTed here" })
      return true
    }
    const body = await readBody(request, bodyLimitBytes)
    if (body === "cut off") {
      response.destroy()
      return true
    }
    if (body === "too large") {
      response.setHeader("connection", "close")
      answer(response, { status: 413, text: "larger than 25 MB" })
      return true
    }
    // The signature is of the raw bytes, and these would come to stand for others.
    if (!isUtf8(body)) {
      answer(response, { status: 400, text: "the body is not UTF-8" })
      return true
    }
    const header = (name: string): string | null => {
      const value = request.headers[name]
      return typeof value === "string" ? value : null
    }
    answer(response, await door({ header, body: body.toString("utf8") }))
    return true
  }
}

function answer(response: ServerResponse, { status, text }: DoorAnswer): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`)
}
