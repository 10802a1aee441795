import type pg from "pg"
import { runQuery } from "../lib/db/query.ts"
import { grouped } from "../lib/grouped.ts"

/** A verified webhook delivery, as it came. */
export type Delivery = {
  appId: number
  /** `X-GitHub-Delivery`; the same for every redelivery. */
  guid: string
  /** `X-GitHub-Event`. */
  event: string
  /** The body, byte for byte. */
  payload: string
  receivedAt: Date
}

/** Where deliveries are kept until they are worked off. */
export type Inbox = {
  /**
   * Stores a delivery durably. A delivery of a GUID that is stored already changes nothing.
   *
   * @throws when the database did not confirm; GitHub must then not be told 200.
   */
  store(delivery: Delivery): Promise<void>
}

/** INSERTs under way side by side: a server's own group commit wants several; the embedded database has one connection. */
const limitLanes = 4

/** Most deliveries in one INSERT, and most UTF-16 units of payload. */
const batchRows = 100
const batchLength = 4 * 1024 * 1024

/**
 * An inbox with group commit: deliveries that arrive while an INSERT is under way go together in the next one. Each is
 * acknowledged only when its own row is committed. Straight to the database's driver, since this is the one path where
 * the cost of Prisma would be felt.
 */
export function openInbox(pool: pg.Pool, onStored: () => void): Inbox {
  const store = grouped<Delivery>(
    fitting,
    async (deliveries) => {
      await insert(pool, deliveries)
      onStored()
    },
    Math.min(limitLanes, pool.options.max),
  )
  return { store }
}

function fitting(waiting: readonly Delivery[]): number {
  let length = 0
  const tooMany = waiting.findIndex((delivery, index) => {
    length += delivery.payload.length
    return index >= batchRows || length > batchLength
  })
  return tooMany < 0 ? waiting.length : tooMany
}

const insertion = {
  name: "inbox-insert",
  text: `
    INSERT INTO delivery (app_id, guid, event, payload, received_at)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
    ON CONFLICT (app_id, guid) DO NOTHING`,
}

async function insert(pool: pg.Pool, deliveries: readonly Delivery[]): Promise<void> {
  await runQuery(pool, insertion, [
    deliveries.map((delivery) => delivery.appId),
    deliveries.map((delivery) => delivery.guid),
    deliveries.map((delivery) => delivery.event),
    deliveries.map((delivery) => delivery.payload),
    deliveries.map((delivery) => delivery.receivedAt),
  ])
}
