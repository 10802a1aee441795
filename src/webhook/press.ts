import { z } from "zod"
import type { StoredDelivery } from "../inbox/reading.ts"
import { parseSha } from "../lib/brand.ts"
import { parseButton } from "../promotion/command/button.ts"
import type { HeardButton } from "../promotion/hearsay.ts"
import { gateCheckName } from "../report/check-run.ts"
import { healthCheckName } from "../report/health.ts"
import { accountSchema, actorOf, checkRunSchema, isBot, issueNumber, text } from "./shape.ts"

/** A `check_run` event with the action `requested_action`, as far as it is used. */
const pressPayload = z.object({
  check_run: checkRunSchema.extend({ external_id: text.nullish() }),
  requested_action: z.object({ identifier: text }),
  sender: accountSchema,
})

/** Longest GUID of a delivery that is taken for one; GitHub's have 36 characters. */
const limitGuid = 64

/**
 * Reads who pressed which button of our own gate, or of what landed, or why that does not matter. A merge group's gate has no buttons.
 *
 * @throws a `ZodError` when the payload is not of the event's shape.
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_run
 */
export function readPress(
  payload: unknown,
  { guid, receivedAt }: Pick<StoredDelivery, "guid" | "receivedAt">,
): HeardButton | string {
  const { check_run: run, requested_action: action, sender } = pressPayload.parse(payload)
  if (run.name !== gateCheckName && run.name !== healthCheckName) return "not a button of the gate"
  const button = parseButton(action.identifier)
  if ((run.name === healthCheckName) !== (button?.name === "roll-back")) return "no button that was ever shown"
  const number = pullRequestOf(run.external_id ?? "", run.head_sha)
  if (button === undefined || number === null) return "no button that was ever shown"
  if (sender === null || guid.length > limitGuid) return "nobody knows who pressed it"
  return {
    kind: "button",
    deliveryId: guid,
    number,
    atMs: receivedAt.getTime(),
    press: { ...button, headSha: run.head_sha },
    actor: actorOf(sender),
    actorIsBot: isBot(sender),
    cause: `delivery:${guid}`,
  }
}

/** GitHub keeps for us whose gate it is; for a fork it names no pull request itself. */
function pullRequestOf(externalId: string, headSha: string): number | null {
  const [number = "", sha = "", ...more] = externalId.split(":")
  if (more.length > 0 || parseSha(sha) !== headSha || !/^\d{1,10}$/.test(number)) return null
  const parsed = issueNumber.safeParse(Number(number))
  return parsed.success ? parsed.data : null
}
