import { setTimeout as pause } from "node:timers/promises"
import { z } from "zod"
import type { Door } from "./receive.ts"

/**
 * Webhooks by way of a proxy such as smee.io, for a machine that GitHub cannot reach: the proxy takes GitHub's POSTs and
 * hands them on as server-sent events. What comes goes through the same door, signature and all.
 *
 * For trying out and developing. The proxy has answered GitHub long before, so what is lost here GitHub takes for
 * delivered; and it gives the payload as parsed JSON, which must be the same text again for the signature to match.
 *
 * @see https://github.com/probot/smee.io and https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export type ProxyDeps = {
  url: string
  door: Door
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  /** Shortest wait before connecting again; it doubles with every failure, up to a minute. */
  retryMs: number
}

/** What follows the proxy until it is stopped. */
export type Following = { stop(): Promise<void> }

const longestRetryMs = 60_000

/** Largest event, in UTF-16 units: GitHub's largest payload in its wrapping. */
const limitEvent = 32 * 1024 * 1024

/** Follows the proxy, connecting again whenever the connection ends. An address that is no event stream is told, once. */
export function followProxy(deps: ProxyDeps): Following {
  const stopping = new AbortController()
  const ended = follow(deps, stopping.signal).catch((error: unknown) => {
    if (!stopping.signal.aborted) deps.log.warn({ err: error }, "the webhook proxy is not followed any more")
  })
  return {
    stop: () => {
      stopping.abort()
      return ended
    },
  }
}

/** How long the page that registers an app waits for a channel. */
const channelMs = 5000

/**
 * Makes a channel of one's own at a proxy like smee.io; resolves to its address.
 *
 * @throws when the proxy cannot be reached, or makes none.
 */
export async function createChannel(at = "https://smee.io/new"): Promise<string> {
  const answer = await fetch(at, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(channelMs) })
  const address = answer.headers.get("location")
  if (address === null) throw new Error(`no channel came of ${at}: it answers ${answer.status}`)
  return new URL(address, at).href
}

async function follow(deps: ProxyDeps, signal: AbortSignal): Promise<void> {
  const { url, log } = deps
  let failures = 0
  while (!signal.aborted) {
    try {
      const stream = await connect(url, signal)
      if (stream === "no event stream") {
        log.warn({ url }, "WEBHOOK_PROXY_URL is no event stream: webhooks are taken only where they are delivered")
        return
      }
      log.info({ url }, "webhooks are taken from the proxy")
      failures = 0
      for await (const data of eventsOf(stream)) await handOn(deps, data)
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      log.warn({ url, err: error }, "the webhook proxy cannot be reached; it is tried again")
    }
    await pause(Math.min(longestRetryMs, deps.retryMs * 2 ** Math.min(failures, 16)), undefined, { signal })
  }
}

async function connect(url: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | "no event stream"> {
  const answer = await fetch(url, { headers: { accept: "text/event-stream" }, signal })
  if (answer.status >= 500 || answer.status === 429) throw new Error(`it answers ${answer.status}`)
  const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream") === true
  if (answer.ok && isStream && answer.body !== null) return answer.body
  await answer.body?.cancel()
  return "no event stream"
}

/** The data of each message; other kinds of events (`ready`, `ping`) are passed over. */
async function* eventsOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let data: string[] = []
  let type = ""
  for await (const line of linesOf(stream)) {
    if (line === "") {
      if (data.length > 0 && (type === "" || type === "message")) yield data.join("\n")
      data = []
      type = ""
      continue
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === "data") data.push(value)
    if (field === "event") type = value
  }
}

/** Lines as they become whole. What has no end yet is kept in pieces, so that a long line is not read again and again. */
async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let pieces: string[] = []
  let length = 0
  for await (const chunk of stream) {
    const [first = "", ...rest] = decoder.decode(chunk, { stream: true }).split("\n")
    pieces.push(first)
    length += first.length
    if (length > limitEvent) throw new Error("it sends a line without end")
    for (const line of rest) {
      yield pieces.join("").replace(/\r$/, "")
      pieces = [line]
      length = line.length
    }
  }
}

/** An event: the headers that GitHub sent, beside its payload, parsed. */
const eventSchema = z.looseObject({ body: z.unknown() })

async function handOn({ door, log }: ProxyDeps, data: string): Promise<void> {
  const event = parsed(data)
  if (event === undefined) {
    log.warn({}, "the webhook proxy sent something that is no webhook")
    return
  }
  const body = typeof event.body === "string" ? event.body : JSON.stringify(event.body)
  const header = (name: string): string | null => {
    const value = event[name]
    return typeof value === "string" ? value : null
  }
  await door({ header, body })
}

function parsed(data: string): z.infer<typeof eventSchema> | undefined {
  try {
    const event = eventSchema.parse(JSON.parse(data))
    return event.body === undefined ? undefined : event
  } catch {
    return undefined
  }
}
