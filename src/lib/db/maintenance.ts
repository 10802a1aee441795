import type pg from "pg"
import type { DatabaseLog } from "./log.ts"

/** Work that a PostgreSQL server's background processes would do. */
export type Maintenance = {
  /** No further step begins. The step under way, one checkpoint or one table, ends by itself. */
  stop(): void
}

/**
 * Looks every `intervalMs` whether the embedded database needs a CHECKPOINT, or a table a VACUUM (ANALYZE): it has
 * neither checkpointer nor autovacuum, and without them the log of a busy day would fill the disk. Each step takes
 * the connection and gives it back, so that queries run in between. A step that fails is logged, and tried again.
 */
export function startMaintenance(pool: pg.Pool, options: { intervalMs: number; log: DatabaseLog }): Maintenance {
  let stopped = false
  let timer: NodeJS.Timeout
  const wait = (): void => {
    timer = setTimeout(() => void round(), options.intervalMs).unref()
  }
  const round = async (): Promise<void> => {
    try {
      for (const step of await steps(pool)) {
        if (stopped) return
        await pool.query(step)
      }
    } catch (error) {
      if (!stopped) options.log.warn({ err: error }, "maintenance of the embedded database failed; it is tried again")
    }
    if (!stopped) wait()
  }
  wait()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** A log of more than a megabyte since the last checkpoint; an idle database is left alone. */
const grown = `
  SELECT 'CHECKPOINT' AS step FROM pg_control_checkpoint()
  WHERE pg_wal_lsn_diff(pg_current_wal_lsn(), checkpoint_lsn) > 1e6`

/** Autovacuum's own thresholds: a fifth of the rows dead, or a tenth changed since the last ANALYZE, and 50 more. */
const worn = `
  SELECT format('VACUUM (ANALYZE) %I.%I', schemaname, relname) FROM pg_stat_all_tables
  WHERE schemaname <> 'pg_toast'
    AND (n_dead_tup > 50 + 0.2 * n_live_tup OR n_mod_since_analyze > 50 + 0.1 * n_live_tup)
  ORDER BY n_dead_tup DESC`

async function steps(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ step: string }>(`${grown} UNION ALL (${worn})`)
  return rows.map((row) => row.step)
}
