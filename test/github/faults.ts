/** Ways to make the test GitHub fail: requests by match, deliveries by event. Each fault fires `times` times (1). */
import { nextId } from "./ids.ts"
import { refused } from "./api.ts"
import type { Answer } from "./api.ts"
import type { GitHubState } from "./state.ts"
import type { Delivery } from "./traffic.ts"

/** Which requests a fault strikes; what is left out matches anything. */
export type RequestMatch = {
  method?: string
  /** Against the path without query, such as `/repos/acme/shop/check-runs`. */
  path?: RegExp | string
  graphqlName?: string
  /** Only requests that change something, or only those that do not. */
  isWrite?: boolean
  /** Matching requests to let pass first. */
  after?: number
  times?: number
}

/**
 * `network`: the connection breaks, before the effect or after it. `server-error`: a 5xx, before or after the effect.
 * `secondary-limit`: 403 or 429 with `retry-after` (left out when `retryAfterS` is undefined), no effect.
 * `latency`: real milliseconds before the request is looked at.
 */
export type RequestFault =
  | { kind: "network"; effect?: "before" | "after" }
  | { kind: "server-error"; status?: 500 | 502 | 503 | 504; effect?: "before" | "after" }
  | { kind: "secondary-limit"; status?: 403 | 429; retryAfterS?: number }
  | { kind: "primary-limit" }
  | { kind: "latency"; latencyMs: number }

/** Which deliveries a fault strikes. */
export type DeliveryMatch = { event?: string; action?: string; times?: number }

/** `delay` holds a delivery back on the injected clock; `duplicate` adds another one with the same GUID. */
export type DeliveryFault = { kind: "drop" } | { kind: "delay"; delayMs: number } | { kind: "duplicate" }

/** A fault that is set; `cancel` takes it back, `fired` says how often it struck. */
export type Armed = { cancel(): void; fired(): number }

/** The switches of one test GitHub. */
export type Faults = {
  /** Makes matching requests fail. */
  requests(match: RequestMatch, fault: RequestFault): Armed
  /** Makes matching deliveries fail. */
  deliveries(match: DeliveryMatch, fault: DeliveryFault): Armed
  /** Order in which pending deliveries are handed out. */
  order: (pending: Delivery[]) => Delivery[]
  /** Every request takes this many real milliseconds, besides its work. */
  latencyMs: number
  /** Takes all faults back. */
  clear(): void
}

/** A request as faults see it. */
export type StruckRequest = { method: string; path: string; graphqlName: string | undefined; isWrite: boolean }

type ArmedRequest = { match: RequestMatch; fault: RequestFault; seen: number; fired: number }
type ArmedDelivery = { match: DeliveryMatch; fault: DeliveryFault; fired: number }

/** The switches, and what the pipeline asks of them. */
export type FaultBox = { faults: Faults; strike(request: StruckRequest): RequestFault[] }

/** Makes the switches of one test GitHub and lets its deliveries feel them. */
export function createFaults(state: GitHubState): FaultBox {
  let requests: ArmedRequest[] = []
  let deliveries: ArmedDelivery[] = []
  const faults: Faults = {
    requests(match, fault) {
      const armed = { match, fault, seen: 0, fired: 0 }
      requests.push(armed)
      return { cancel: () => void (requests = requests.filter((one) => one !== armed)), fired: () => armed.fired }
    },
    deliveries(match, fault) {
      const armed = { match, fault, fired: 0 }
      deliveries.push(armed)
      return { cancel: () => void (deliveries = deliveries.filter((one) => one !== armed)), fired: () => armed.fired }
    },
    order: (pending) => pending,
    latencyMs: 0,
    clear() {
      requests = []
      deliveries = []
      faults.order = (pending) => pending
      faults.latencyMs = 0
    },
  }
  state.deliveryFault = (delivery) => strikeDelivery(state, deliveries, delivery)
  return { faults, strike: (request) => strikeRequest(requests, request) }
}

function strikeRequest(armed: ArmedRequest[], request: StruckRequest): RequestFault[] {
  const struck: RequestFault[] = []
  for (const one of armed) {
    if (one.fired >= (one.match.times ?? 1) || !isMatch(one.match, request)) continue
    one.seen += 1
    if (one.seen <= (one.match.after ?? 0)) continue
    one.fired += 1
    struck.push(one.fault)
  }
  return struck
}

function isMatch(match: RequestMatch, request: StruckRequest): boolean {
  const { method, path, graphqlName, isWrite } = match
  if (method !== undefined && method.toUpperCase() !== request.method) return false
  if (typeof path === "string" && path !== request.path) return false
  if (path instanceof RegExp && !path.test(request.path)) return false
  if (graphqlName !== undefined && graphqlName !== request.graphqlName) return false
  return isWrite === undefined || isWrite === request.isWrite
}

function strikeDelivery(state: GitHubState, armed: ArmedDelivery[], delivery: Delivery): Delivery[] {
  const copies: Delivery[] = []
  for (const one of armed) {
    const { event, action, times = 1 } = one.match
    if (one.fired >= times) continue
    if ((event ?? delivery.event) !== delivery.event || (action ?? delivery.action) !== delivery.action) continue
    one.fired += 1
    if (one.fault.kind === "drop") delivery.status = "dropped"
    if (one.fault.kind === "delay") delivery.notBeforeMs = state.clock.now().getTime() + one.fault.delayMs
    if (one.fault.kind === "duplicate") copies.push({ ...delivery, id: nextId() })
  }
  return copies
}

/** The answer of a fault that answers at all. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export function faultAnswer(fault: RequestFault): Answer | undefined {
  if (fault.kind === "server-error") return refused(fault.status ?? 502, "Server Error")
  if (fault.kind === "primary-limit") {
    const answer = refused(403, "API rate limit exceeded for installation.")
    return { ...answer, headers: { "x-ratelimit-remaining": "0" } }
  }
  if (fault.kind !== "secondary-limit") return undefined
  const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
  const headers: Record<string, string> =
    fault.retryAfterS === undefined ? {} : { "retry-after": String(fault.retryAfterS) }
  return { ...refused(fault.status ?? 403, message), headers }
}
