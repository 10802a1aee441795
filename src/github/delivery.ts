import { z } from "zod"
import type { GitHubClient } from "./client.ts"

const listed = z.array(
  z.object({ id: z.int(), guid: z.string(), delivered_at: z.string(), status_code: z.int(), redelivery: z.boolean() }),
)

/** A webhook delivery in GitHub's own list. */
export type ListedDelivery = { id: number; guid: string; deliveredAtMs: number; ok: boolean }

const pageSize = 100
/** A busy installation has some ten thousand deliveries a day; what lies further back is left to be seen, not heard. */
const limitPages = 50

/**
 * GitHub's attempts to deliver since a moment, oldest first. The client acts as the app itself.
 *
 * @see https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
 */
export async function readDeliveries(app: GitHubClient, sinceMs: number): Promise<ListedDelivery[]> {
  const found: ListedDelivery[] = []
  let cursor: string | undefined
  for (let page = 0; page < limitPages; page += 1) {
    const parameters = { per_page: pageSize, ...(cursor === undefined ? {} : { cursor }) }
    const { data, headers } = await app.request("GET /app/hook/deliveries", parameters)
    const attempts = listed.parse(data).map(attempt)
    found.push(...attempts.filter(({ deliveredAtMs }) => deliveredAtMs >= sinceMs))
    cursor = nextCursor(headers.link)
    if (cursor === undefined || attempts.some(({ deliveredAtMs }) => deliveredAtMs < sinceMs)) break
  }
  return found.toReversed()
}

function attempt(one: z.infer<typeof listed>[number]): ListedDelivery {
  const ok = one.status_code >= 200 && one.status_code < 300
  return { id: one.id, guid: one.guid, deliveredAtMs: Date.parse(one.delivered_at), ok }
}

/** The cursor of the link to the next page, which lies further back; undefined on the last one. */
function nextCursor(link: string | undefined): string | undefined {
  return /[?&]cursor=([^&>]+)[^>]*>; rel="next"/.exec(link ?? "")?.[1]
}

/** Asks GitHub to deliver again. */
export async function redeliver(app: GitHubClient, deliveryId: number): Promise<void> {
  await app.request("POST /app/hook/deliveries/{delivery_id}/attempts", { delivery_id: deliveryId })
}
