import { z } from "zod"
import type { GitHubClient } from "./client.ts"

const listed = z.array(
  z.object({ id: z.int(), guid: z.string(), delivered_at: z.string(), status_code: z.int(), redelivery: z.boolean() }),
)

/** A webhook delivery in GitHub's own list. */
export type ListedDelivery = { id: number; guid: string; deliveredAtMs: number; ok: boolean }

/**
 * GitHub's newest hundred attempts to deliver, newest first. The client acts as the app itself.
 *
 * @see https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
 */
export async function readDeliveries(app: GitHubClient): Promise<ListedDelivery[]> {
  const { data } = await app.request("GET /app/hook/deliveries", { per_page: 100 })
  return listed.parse(data).map((one) => ({
    id: one.id,
    guid: one.guid,
    deliveredAtMs: Date.parse(one.delivered_at),
    ok: one.status_code >= 200 && one.status_code < 300,
  }))
}

/** Asks GitHub to deliver again. */
export async function redeliver(app: GitHubClient, deliveryId: number): Promise<void> {
  await app.request("POST /app/hook/deliveries/{delivery_id}/attempts", { delivery_id: deliveryId })
}
