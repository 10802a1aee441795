import { DatabaseError } from "pg"
import type pg from "pg"

/** A statement that each connection plans once; one text for one name, for ever. */
export type NamedStatement = { name: string; text: string }

/**
 * Runs one statement on a connection of the pool, and gives the connection back healthy when the statement fails.
 * (`pool.query` drops the connection on any SQL error; a unique violation then costs ten times as much.)
 * Throws `pg.DatabaseError` for what the database refused; for anything else the connection is replaced.
 */
export async function runQuery<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  statement: string | NamedStatement,
  values: readonly unknown[] = [],
): Promise<pg.QueryResult<Row>> {
  const client = await pool.connect()
  try {
    const query = typeof statement === "string" ? { text: statement } : statement
    const result = await client.query<Row>({ ...query, values: [...values] })
    client.release()
    return result
  } catch (error) {
    client.release(!(error instanceof DatabaseError && error.severity === "ERROR"))
    throw error
  }
}
