import type pg from "pg"

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

/** Most deliveries in one INSERT, and most bytes of payload. */
const batchRows = 100
const batchBytes = 4 * 1024 * 1024

type Waiting = { delivery: Delivery; done(): void; failed(error: unknown): void }

/**
 * An inbox with group commit: deliveries that arrive while an INSERT is under way go together in the next one. Each
 * is acknowledged only when its own row is committed. On the database's own terms, not Prisma's, since this is the one
 * path where its cost would be felt.
 */
export function openInbox(pool: pg.Pool, onStored: () => void): Inbox {
  const waiting: Waiting[] = []
  let running = false
  const run = async (): Promise<void> => {
    running = true
    while (waiting.length > 0) {
      await storeTogether(pool, takeBatch(waiting))
      onStored()
    }
    running = false
  }
  return {
    store: (delivery) =>
      new Promise((resolve, reject) => {
        waiting.push({ delivery, done: resolve, failed: reject })
        if (!running) void run()
      }),
  }
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0
  let count = 0
  for (const { delivery } of waiting) {
    bytes += delivery.payload.length
    if (count > 0 && (count >= batchRows || bytes > batchBytes)) break
    count += 1
  }
  return waiting.splice(0, count)
}

/** Stores a batch; if that fails, each alone, so that one bad row costs nobody else. Never throws. */
async function storeTogether(pool: pg.Pool, batch: readonly Waiting[]): Promise<void> {
  try {
    await insert(
      pool,
      batch.map(({ delivery }) => delivery),
    )
    for (const { done } of batch) done()
  } catch (error) {
    if (batch.length === 1) batch[0]?.failed(error)
    else for (const one of batch) await storeTogether(pool, [one])
  }
}

const insertSql = `
  INSERT INTO delivery (app_id, guid, event, payload, received_at)
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
  ON CONFLICT (app_id, guid) DO NOTHING`

async function insert(pool: pg.Pool, deliveries: readonly Delivery[]): Promise<void> {
  // A checked-out client survives an SQL error; `pool.query` would drop the connection.
  const client = await pool.connect()
  try {
    await client.query({
      name: "inbox-insert",
      text: insertSql,
      values: [
        deliveries.map((delivery) => delivery.appId),
        deliveries.map((delivery) => delivery.guid),
        deliveries.map((delivery) => delivery.event),
        deliveries.map((delivery) => delivery.payload),
        deliveries.map((delivery) => delivery.receivedAt),
      ],
    })
    client.release()
  } catch (error) {
    client.release(isConnectionError(error))
    throw error
  }
}

/** An error without SQLSTATE came from the connection, which must not be used again. */
function isConnectionError(error: unknown): boolean {
  return !(error instanceof Error && "code" in error && /^[0-9A-Z]{5}$/.test(String(error.code)))
}
