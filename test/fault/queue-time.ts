import { PgBoss } from "pg-boss"
import type pg from "pg"

/** Time for the queue: what takes it seconds of silence in life happens here at once. */

/** Lets every claim miss its heartbeats, as those of a dead process do, and the queue be looked after right away. */
export async function letClaimsLapse(pool: pg.Pool): Promise<void> {
  await pool.query(`UPDATE pgboss.job SET heartbeat_on = heartbeat_on - interval '1 hour' WHERE state = 'active'`)
  // One replica at a time looks after the queue, and not more often than every few seconds.
  await pool.query(`UPDATE pgboss.queue SET monitor_on = NULL, monitor_claim_on = NULL`)
}

/** Does what the queue's own timer does every few seconds: gives lapsed claims back. */
export async function superviseQueue(pool: pg.Pool): Promise<void> {
  const db = { executeSql: async (text: string, values?: unknown[]) => pool.query(text, values) }
  const boss = new PgBoss({ db, supervise: false, schedule: false, registerInstance: false, reindex: false })
  await boss.start()
  await boss.supervise("subject")
  await boss.stop({ graceful: false })
}
