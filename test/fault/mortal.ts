import { PrismaPg } from "@prisma/adapter-pg"
import type pg from "pg"
import { PrismaClient } from "../../src/generated/client.ts"
import type { AppGround } from "../harness/running-app.ts"
import { standIn } from "./stand-in.ts"

/**
 * What the app stands on, made mortal: each request to GitHub and each write to the database can be its last.
 *
 * Death is that of kill -9. The database loses the connections, so what was not committed is rolled back; whatever the
 * app still tries afterwards fails without effect, so that nothing in its memory is of any use.
 */

/** A place in the app's work where it may die: a request to GitHub, a COMMIT, or a writing statement of its own. */
export type Cut = { kind: "request" | "commit" | "statement"; name: string }

/**
 * What becomes of a cut. `die before`: it never happens. `die after`: it happens, and the app never learns of it.
 * `lose answer`: it happens and the app lives on, but sees the connection break.
 */
export type Fate = "go on" | "die before" | "die after" | "lose answer"

/** One life of the process. */
export type Life = {
  /** What the app of this life stands on. */
  ground: AppGround
  isDead(): boolean
  /** Resolves when the database has noticed the death: until then the dead still hold their locks. */
  gone(): Promise<void>
  /** Takes down what was made for this life. */
  end(): Promise<void>
}

type Heart = {
  dead: boolean
  /** Connections checked out in this life. */
  held: Set<Connection>
  /** Connections cut off by death, as the server numbers them. */
  cutOff: number[]
  fateOf(cut: Cut): Fate
}

/** A pool's connection; `pg` knows the number that the server gave it, its types do not. */
type Connection = pg.PoolClient & { processID?: number | null }

/** Begins a life on the ground; `fateOf` is asked at each of its cuts. */
export function beginLife(ground: AppGround, fateOf: (cut: Cut) => Fate): Life {
  const heart: Heart = { dead: false, held: new Set(), cutOff: [], fateOf }
  const { database, github } = ground
  const pool = mortalPool(database.pool, heart)
  const transactionOptions = { maxWait: 15_000, timeout: 15_000 }
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions, errorFormat: "minimal" })
  const fetch: AppGround["github"]["fetch"] = async (input, init) => {
    const request = input instanceof Request && !init ? input : new Request(input, init)
    const name = `${request.method} ${new URL(request.url).pathname}`
    return atCut(heart, { kind: "request", name }, () => github.fetch(request))
  }
  return {
    ground: { ...ground, database: { ...database, pool, prisma }, github: { ...github, fetch } },
    isDead: () => heart.dead,
    gone: async () => {
      if (database.kind === "postgresql") await noticed(database.pool, heart.cutOff)
    },
    end: () => prisma.$disconnect(),
  }
}

async function atCut<T>(heart: Heart, cut: Cut, effect: () => Promise<T>): Promise<T> {
  refuseWhenDead(heart)
  const fate = heart.fateOf(cut)
  if (fate === "die before") die(heart)
  refuseWhenDead(heart)
  const outcome = await effect()
  if (fate === "die after") die(heart)
  refuseWhenDead(heart)
  if (fate === "lose answer") throw new Error("the connection broke")
  return outcome
}

function refuseWhenDead(heart: Heart): void {
  if (heart.dead) throw new Error("this process is dead")
}

function die(heart: Heart): void {
  heart.dead = true
  for (const client of heart.held) {
    if (client.processID != null) heart.cutOff.push(client.processID)
    client.release(true)
  }
  heart.held.clear()
}

/** Most times the server is asked whether it has noticed; each question takes it about a millisecond. */
const limitQuestions = 10_000

async function noticed(pool: pg.Pool, connections: number[]): Promise<void> {
  for (let question = 0; question < limitQuestions; question += 1) {
    const { rowCount } = await pool.query("SELECT 1 FROM pg_stat_activity WHERE pid = ANY($1)", [connections])
    if (rowCount === 0) return
  }
  throw new Error("the server keeps the connections of the dead")
}

function mortalPool(pool: pg.Pool, heart: Heart): pg.Pool {
  const connect = async (): Promise<pg.PoolClient> => {
    refuseWhenDead(heart)
    const client: Connection = await pool.connect()
    if (heart.dead) client.release(true)
    refuseWhenDead(heart)
    heart.held.add(client)
    return mortalClient(client, heart)
  }
  const query = async (...asked: [pg.QueryConfig, unknown[]?]): Promise<pg.QueryResult> => {
    const client = await connect()
    try {
      return await client.query(...asked)
    } finally {
      client.release()
    }
  }
  // Prisma listens for errors of idle connections, of which the pool itself takes care; nine lives would listen on.
  return standIn(pool, { connect, query, on: () => pool })
}

/** Statements within a transaction are no cuts of their own: what they did is only there with the COMMIT. */
function mortalClient(client: Connection, heart: Heart): pg.PoolClient {
  let written: string[] | null = null
  const cutOf = (text: string): Cut | null => {
    const tables = tablesWritten(text)
    if (/^BEGIN$/i.test(text)) written = []
    else if (written === null) return tables.length === 0 ? null : { kind: "statement", name: tables.join(", ") }
    else if (/^(?:COMMIT|ROLLBACK)$/i.test(text)) {
      const name = [...new Set(written)].join(", ")
      written = null
      return name === "" || /^ROLLBACK$/i.test(text) ? null : { kind: "commit", name }
    } else written.push(...tables)
    return null
  }
  const query = async (...asked: [pg.QueryConfig | string, unknown[]?]): Promise<pg.QueryResult> => {
    const run = (): Promise<pg.QueryResult> => client.query(...(asked as [pg.QueryConfig, unknown[]?]))
    const [first] = asked
    refuseWhenDead(heart)
    const cut = cutOf((typeof first === "string" ? first : first.text).trim())
    if (cut !== null) return atCut(heart, cut, run)
    const result = await run()
    refuseWhenDead(heart)
    return result
  }
  const release = (destroy?: Error | boolean): void => {
    if (heart.held.delete(client)) client.release(destroy)
  }
  return standIn(client, { query, release })
}

/** What a statement writes, as `verb table`. */
function tablesWritten(text: string): string[] {
  const found = text.matchAll(/\b(INSERT INTO|UPDATE|DELETE FROM)\s+((?:"?\w+"?\.)?"?\w+"?)/gi)
  return [...found].flatMap(([, verb = "", table = ""]) => {
    const isLock = /^(?:SKIP|SET|OF)$/i.test(table) // FOR UPDATE SKIP LOCKED, FOR UPDATE OF …, DO UPDATE SET
    return isLock ? [] : [`${verb.split(" ")[0]?.toLowerCase()} ${table.replaceAll(/"|public\./g, "")}`]
  })
}
