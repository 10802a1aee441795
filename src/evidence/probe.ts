import { lookup } from "node:dns/promises"
import { request as requestHttp, type ClientRequest, type IncomingMessage } from "node:http"
import { request as requestHttps } from "node:https"
import { isIP, type LookupFunction } from "node:net"
import { bareHost, listsHost, type HostEntry } from "../lib/host-list.ts"
import { addressKind } from "./address.ts"

/**
 * HTTP probes: is this URL answered with success? The URLs come from repositories' configs, so whoever may change one
 * would have this machine ask anything that it can reach. Hence only hosts that the host of the service lists are
 * asked, and only at addresses that are nobody's inner network.
 *
 * Named race: *the second answer* (DNS rebinding). A name that is looked up once to be checked and once more to be
 * connected may have two answers. It is looked up once, all of its addresses are checked, and the connection is made to
 * exactly these. No connection is kept for another request.
 */

/**
 * Why a probe is not a success:
 *
 * - `bad-url`: no http(s) URL, or one that carries a user or password
 * - `not-allowed`: the host is not on the list
 * - `not-resolved`: the name has no address, or none could be asked for
 * - `address-refused`: the name, or the URL itself, leads to an address that is not public
 * - `timeout`: no whole answer within the time for everything
 * - `connection`: refused, broken off, or closed without an answer
 * - `tls`: no secure connection; an unknown, expired or other host's certificate among others
 * - `not-http`: what answers does not speak HTTP
 * - `too-large`: the answer's headers are larger than 16 KiB
 * - `redirect-refused`: sent on to another host, to one that is not allowed, or from https to http
 * - `too-many-redirects`: sent on more than three times
 * - `status`: answered with something else than 2xx
 */
export type ProbeProblem =
  | "bad-url"
  | "not-allowed"
  | "not-resolved"
  | "address-refused"
  | "timeout"
  | "connection"
  | "tls"
  | "not-http"
  | "too-large"
  | "redirect-refused"
  | "too-many-redirects"
  | "status"

/** What came of a probe; `status` is that of the last answer, null if there was none. */
export type ProbeOutcome =
  | { ok: true; status: number; why: null }
  | { ok: false; status: number | null; why: ProbeProblem }

/** An address as looked up; `family` is 4 or 6. */
export type ResolvedAddress = { address: string; family: number }

/** What probes may do, and how far they go. */
export type ProbeOptions = {
  /** The only hosts that are ever asked; none: every probe is `not-allowed`. */
  allowedHosts: readonly HostEntry[]
  /** Whether names on the list may lead into own networks. Link-local and the like must be listed themselves. */
  allowPrivate: boolean
  /** All addresses of a name, instead of the system's answer. */
  resolve?: (hostname: string) => Promise<readonly ResolvedAddress[]>
  limits?: Partial<ProbeLimits>
}

/** Time for a whole probe, looking up and redirects included; and how much of a body is waited for. */
export type ProbeLimits = { timeoutMs: number; bodyBytes: number }

const defaultLimits: ProbeLimits = { timeoutMs: 10_000, bodyBytes: 64 * 1024 }
const limitRedirects = 3
const limitUrlLength = 2000
const limitHeaderBytes = 16 * 1024
const limitAddresses = 16

/** Asks a URL once, by GET. Never rejects. */
export type Probe = (url: string) => Promise<ProbeOutcome>

type ProbeDeps = Required<Omit<ProbeOptions, "limits">> & ProbeLimits

/**
 * Makes probes. A body is read up to the limit, and thrown away: an answer that breaks off before is a `connection`
 * problem, one that goes on longer is not waited for.
 */
export function makeProbe(options: ProbeOptions): Probe {
  const deps = { resolve: resolveBySystem, ...options, ...defaultLimits, ...options.limits }
  return async (text) => {
    const url = text.length > limitUrlLength ? null : URL.parse(text)
    if (url === null || !isPlain(url)) return failed("bad-url")
    const giveUp = new AbortController()
    const timer = setTimeout(() => giveUp.abort(), deps.timeoutMs)
    try {
      return await follow(deps, url, giveUp.signal)
    } finally {
      clearTimeout(timer)
    }
  }
}

function isPlain({ protocol, username, password }: URL): boolean {
  return (protocol === "http:" || protocol === "https:") && username === "" && password === ""
}

function failed(why: ProbeProblem, status: number | null = null): ProbeOutcome {
  return { ok: false, status, why }
}

async function resolveBySystem(hostname: string): Promise<readonly ResolvedAddress[]> {
  return lookup(hostname, { all: true })
}

/** Asks, and goes where the answers point, as far as that is allowed. */
async function follow(deps: ProbeDeps, first: URL, signal: AbortSignal): Promise<ProbeOutcome> {
  let url = first
  for (let redirects = 0; ; redirects += 1) {
    const addresses = await checkedAddresses(deps, url, signal)
    if (typeof addresses === "string") return failed(addresses)
    const answer = await ask(url, { addresses, bodyBytes: deps.bodyBytes, signal })
    if ("why" in answer) return failed(answer.why)
    const { status, location } = answer
    if (location === null)
      return status >= 200 && status < 300 ? { ok: true, status, why: null } : failed("status", status)
    if (redirects === limitRedirects) return failed("too-many-redirects", status)
    const next = URL.parse(location, url.href)
    if (next === null || !mayFollow(deps, url, next)) return failed("redirect-refused", status)
    url = next
  }
}

/** To the same host only, by another port if that is listed, and never from https back to http. */
function mayFollow({ allowedHosts }: ProbeDeps, from: URL, to: URL): boolean {
  const sameHost = to.hostname === from.hostname && isPlain(to) && listsHost(allowedHosts, to)
  return sameHost && !(from.protocol === "https:" && to.protocol === "http:")
}

type Refused = Extract<ProbeProblem, "not-allowed" | "not-resolved" | "address-refused" | "timeout">

/** The addresses to connect to, all of which are allowed. One that is not refuses them all. */
async function checkedAddresses(
  deps: ProbeDeps,
  url: URL,
  signal: AbortSignal,
): Promise<readonly ResolvedAddress[] | Refused> {
  if (!listsHost(deps.allowedHosts, url)) return "not-allowed"
  const host = bareHost(url.hostname)
  const family = isIP(host)
  const addresses = family === 0 ? await unlessAborted(deps.resolve(host), signal) : [{ address: host, family }]
  if (addresses === "timeout" || addresses === "not-resolved") return addresses
  if (addresses.length === 0 || addresses.length > limitAddresses) return "not-resolved"
  return addresses.every(({ address }) => mayConnect(deps, url, address)) ? addresses : "address-refused"
}

function mayConnect({ allowedHosts, allowPrivate }: ProbeDeps, url: URL, address: string): boolean {
  const kind = addressKind(address)
  if (kind === "public" || (kind === "private" && allowPrivate)) return true
  const { protocol, port } = url
  const hostname = URL.parse(`http://${isIP(address) === 6 ? `[${address}]` : address}`)?.hostname
  return hostname !== undefined && listsHost(allowedHosts, { protocol, hostname, port })
}

/** A look-up cannot be called off; nobody waits for it longer than for everything else. */
async function unlessAborted<T>(looking: Promise<T>, signal: AbortSignal): Promise<T | "timeout" | "not-resolved"> {
  const aborted = new Promise<"timeout">((done) => {
    signal.addEventListener("abort", () => done("timeout"), { once: true })
  })
  return Promise.race([looking.catch((): "not-resolved" => "not-resolved"), aborted])
}

/** What one request was answered with; `location`: where it points to, if it is a redirect. */
type Answer = { status: number; location: string | null } | { why: ProbeProblem }

type Asking = { addresses: readonly ResolvedAddress[]; bodyBytes: number; signal: AbortSignal }

function ask(url: URL, asking: Asking): Promise<Answer> {
  const { addresses, signal } = asking
  const secure = url.protocol === "https:"
  const options = {
    agent: false,
    signal,
    lookup: onlyTo(addresses),
    maxHeaderSize: limitHeaderBytes,
    headers: { accept: "*/*", "user-agent": "Portcullis" },
  } as const
  return new Promise((done) => {
    const request = secure ? requestHttps(url, options) : requestHttp(url, options)
    let shaking = false
    request.once("socket", (socket) => {
      socket.once("connect", () => {
        shaking = secure
      })
      socket.once("secureConnect", () => {
        shaking = false
      })
    })
    request.once("error", (error) => {
      done({ why: signal.aborted ? "timeout" : shaking ? "tls" : problemOf(error) })
    })
    // Whatever else may happen, an answer is given; the first one holds.
    request.once("close", () => done({ why: signal.aborted ? "timeout" : "connection" }))
    request.once("response", (response) => done(readAnswer(request, response, asking)))
    request.end()
  })
}

/** A look-up that knows the checked addresses and nothing else. */
function onlyTo(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses
    if (all === true || first === undefined) callback(null, [...addresses])
    else callback(null, first.address, first.family)
  }
}

const redirects: readonly number[] = [301, 302, 303, 307, 308]

async function readAnswer(request: ClientRequest, response: IncomingMessage, asking: Asking): Promise<Answer> {
  const status = response.statusCode ?? 0
  const location = redirects.includes(status) ? (response.headers.location ?? null) : null
  try {
    let bytes = 0
    if (location === null) {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length
        if (bytes >= asking.bodyBytes) break
      }
    }
    return { status, location }
  } catch {
    return { why: asking.signal.aborted ? "timeout" : "connection" }
  } finally {
    request.destroy()
  }
}

function problemOf(error: Error): ProbeProblem {
  const code = "code" in error && typeof error.code === "string" ? error.code : ""
  if (code === "HPE_HEADER_OVERFLOW") return "too-large"
  return code.startsWith("HPE_") ? "not-http" : "connection"
}
