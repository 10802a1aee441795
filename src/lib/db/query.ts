import { DatabaseError } from "pg"
import type pg from "pg"

/**
 * Runs one statement on a connection of the pool, and gives the connection back healthy when the statement fails.
 * (`pool.query` drops the connection on any SQL error; a unique violation then costs ten times as much.)
 * Throws `pg.DatabaseError` for what the database refused; for anything else the connection is replaced.
 */
export async function runQuery<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: readonly unknown[] = [],
): Promise<pg.QueryResult<Row>> {
  const client = await pool.connect()
  try {
    const result = await client.query<Row>(text, [...values])
    client.release()
    return result
  } catch (error) {
    client.release(!(error instanceof DatabaseError && error.severity === "ERROR"))
    throw error
  }
}
