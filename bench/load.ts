import { createHmac, randomUUID } from "node:crypto"
import { Agent, request } from "node:http"

/** One answered delivery. */
export type Answered = { status: number; ms: number }

/** A place to send deliveries to. */
export type Target = { port: number; secret: string; path?: string }

/** A payload to send; the body must be JSON. */
export type Payload = { event: string; body: string }

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

/** Sends one signed delivery; a broken connection counts as status 0. */
function send(target: Target, { event, body }: Payload): Promise<Answered> {
  const signature = `sha256=${createHmac("sha256", target.secret).update(body).digest("hex")}`
  const begun = performance.now()
  return new Promise((resolve) => {
    const done = (status: number): void => resolve({ status, ms: performance.now() - begun })
    const outgoing = request(
      {
        agent,
        host: "127.0.0.1",
        port: target.port,
        path: target.path ?? "/api/github/webhooks",
        method: "POST",
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "x-github-event": event,
          "x-github-delivery": randomUUID(),
          "x-hub-signature-256": signature,
        },
      },
      (response) => {
        response.resume()
        response.on("end", () => done(response.statusCode ?? 0))
      },
    )
    outgoing.on("error", () => done(0))
    outgoing.end(body)
  })
}

/** Sends at a steady rate, however slow the answers are (open loop). */
export async function atRate(
  target: Target,
  plan: { perSecond: number; seconds: number; next: (index: number) => Payload },
): Promise<Answered[]> {
  const total = plan.perSecond * plan.seconds
  const begun = performance.now()
  const answers: Promise<Answered>[] = []
  while (answers.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1000) * plan.perSecond) + 1)
    while (answers.length < due) answers.push(send(target, plan.next(answers.length)))
    await new Promise((resolve) => {
      setTimeout(resolve, 2)
    })
  }
  return Promise.all(answers)
}

/** Sends as fast as it is answered, over a number of connections (closed loop), for some seconds. */
export async function atSaturation(
  target: Target,
  plan: { connections: number; seconds: number; next: (index: number) => Payload },
): Promise<{ perSecond: number; failed: number }> {
  const end = performance.now() + plan.seconds * 1000
  let sent = 0
  let failed = 0
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      sent += 1
      const { status } = await send(target, plan.next(sent))
      if (status !== 200) failed += 1
    }
  }
  await Promise.all(Array.from({ length: plan.connections }, one))
  return { perSecond: sent / plan.seconds, failed }
}
