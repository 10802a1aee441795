/** Getting webhooks out of the outbox: by hand in tests, at once over HTTP in the demo. */
import type { Faults } from "./faults.ts"
import { headersOf } from "./hooks.ts"
import { isoNow } from "./state.ts"
import type { GitHubState } from "./state.ts"
import type { Delivery } from "./traffic.ts"

/** A webhook ready to be posted to the app. */
export type OutgoingDelivery = {
  id: number
  guid: string
  event: string
  action: string | null
  appId: number
  headers: Record<string, string>
  body: string
}

/** Posts one webhook; a rejection counts as a failed connection. */
export type SendDelivery = (delivery: OutgoingDelivery) => Promise<{ status: number }>

/** The outbox of one test GitHub. */
export type Deliveries = {
  /** Webhooks waiting to be sent now, without taking them. */
  pending(): OutgoingDelivery[]
  /** Takes all that wait, of one app when given. What is taken and never sent stays "taken" and counts as not delivered. */
  takePending(appId?: number): OutgoingDelivery[]
  /**
   * Sends one after the other until nothing waits, those included that sending brought about; the outcome is
   * recorded and a failure never repeated, as on GitHub. Returns how many were sent.
   */
  deliverAll(send: SendDelivery, appId?: number): Promise<number>
  /** Sends each new webhook to its app's hook URL at once, without holding up the act. Apps without URL keep theirs pending. */
  sendAtOnce(): void
  /** Waits until everything that `sendAtOnce` began has ended. */
  settled(): Promise<void>
  /** Everything ever sent or dropped, oldest first. */
  log(): readonly Delivery[]
}

/** GitHub gives up on a receiver after ten seconds. https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks */
const patienceMs = 10_000

/** Makes the outbox's handles. */
export function createDeliveries(state: GitHubState, faults: Faults): Deliveries {
  const underway = new Set<Promise<unknown>>()
  const takePending = (appId?: number) => take(state, faults, appId)
  const deliveries: Deliveries = {
    pending: () => waiting(state, faults).map(outgoing),
    takePending: (appId) => takePending(appId).map(outgoing),
    async deliverAll(send, appId) {
      let sent = 0
      for (let batch = takePending(appId); batch.length > 0; batch = takePending(appId)) {
        for (const delivery of batch) await attempt(state, delivery, send)
        sent += batch.length
      }
      return sent
    },
    sendAtOnce() {
      state.onDelivery = () => {
        for (const delivery of remove(state, (one) => one.app.hookUrl !== undefined)) {
          const waitMs = Math.max(0, delivery.notBeforeMs - state.clock.now().getTime())
          const sending = later(waitMs).then(() => attempt(state, delivery, postTo(delivery)))
          underway.add(sending)
          void sending.finally(() => underway.delete(sending))
        }
      }
      state.onDelivery()
    },
    async settled() {
      while (underway.size > 0) await Promise.allSettled(underway)
    },
    log: () => state.deliveries,
  }
  return deliveries
}

function later(waitMs: number): Promise<void> {
  return new Promise((resolve) => (waitMs > 0 ? void setTimeout(resolve, waitMs) : void setImmediate(resolve)))
}

function waiting(state: GitHubState, faults: Faults, appId?: number): Delivery[] {
  const nowMs = state.clock.now().getTime()
  return faults.order(
    state.outbox.filter((one) => one.notBeforeMs <= nowMs && (appId === undefined || one.app.id === appId)),
  )
}

function take(state: GitHubState, faults: Faults, appId?: number): Delivery[] {
  const taken = waiting(state, faults, appId)
  const gone = new Set(taken)
  remove(state, (one) => gone.has(one))
  return taken
}

/** Takes deliveries out of the outbox. */
function remove(state: GitHubState, isTaken: (delivery: Delivery) => boolean): Delivery[] {
  const taken = state.outbox.filter(isTaken)
  state.outbox = state.outbox.filter((one) => !isTaken(one))
  for (const delivery of taken) delivery.status = "taken"
  return taken
}

function outgoing(delivery: Delivery): OutgoingDelivery {
  const { id, guid, event, action, app, body } = delivery
  return { id, guid, event, action, appId: app.id, headers: headersOf(delivery), body }
}

async function attempt(state: GitHubState, delivery: Delivery, send: SendDelivery): Promise<void> {
  try {
    const { status } = await send(outgoing(delivery))
    delivery.statusCode = status
    delivery.status = status >= 200 && status < 300 ? "delivered" : "failed"
  } catch {
    delivery.statusCode = null
    delivery.status = "failed"
  }
  delivery.deliveredAt = isoNow(state)
}

function postTo(delivery: Delivery): SendDelivery {
  return async ({ headers, body }) => {
    const url = delivery.app.hookUrl
    if (url === undefined) throw new Error("No hook URL")
    const answer = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(patienceMs) })
    await answer.arrayBuffer()
    return { status: answer.status }
  }
}
