import { randomUUID } from "node:crypto"
import { Webhook } from "standardwebhooks"
import { makeSignalKey } from "../../src/evidence/signal-key.ts"
import { signingSecret } from "../../src/evidence/signature.ts"
import { signalsHandler } from "../../src/web/signals.ts"
import { serve } from "../evidence/loopback.ts"
import type { AppGround } from "./running-app.ts"
import type { Scenario } from "./verbs.ts"

const signalsSecret = "thirty-two characters, or a few more"

/** Lets the app of a scenario take signals. */
export function takingSignals(ground: AppGround): AppGround {
  return { ...ground, signalsSecret }
}

/** A message of the running system, with its own id, signed by the repository's key and sent now unless told. */
export type SentSignals = {
  signals: readonly unknown[]
  environment?: string
  id?: string
  secret?: string
  sentAtMs?: number
}

/** What the door answered. */
export type SignalReceipt = { status: number; body: unknown }

/** Gives the repository a key, opens the endpoint on loopback, and gives what sends to it. */
export async function signalSender(t: Scenario): Promise<(sent: SentSignals) => Promise<SignalReceipt>> {
  const { repositoryId, clock, database } = t
  await makeSignalKey(database.prisma, { repositoryId, rotate: false, overlapMs: 0, now: clock.now() })
  const port = await serve((request, response) => {
    void signalsHandler(t.app.signalDoor)(request, response)
  })
  return async ({ id = randomUUID(), secret = signalsSecret, sentAtMs = clock.now().getTime(), ...told }) => {
    const body = JSON.stringify({ repository: t.repo, branch: "main", ...told })
    const key = new Webhook(signingSecret({ secret, repositoryId, version: 1 }))
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/signals`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "portcullis-repository": t.repo,
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(sentAtMs / 1000)),
        "webhook-signature": key.sign(id, new Date(sentAtMs), body),
      },
      body,
    })
    return { status: answer.status, body: await answer.json() }
  }
}
