// One life of the crash test: opens the embedded database, says which rows it finds, then writes rows and says which
// were acknowledged, until it is killed. Talks in lines on stdout, written at once, so that nothing said is lost.
import { writeSync } from "node:fs"
import { setTimeout as pause } from "node:timers/promises"
import { Pool } from "pg"
import { openEmbedded } from "../../src/lib/db/embedded.ts"

const [directory = "", life = "0"] = process.argv.slice(2)
const embedded = await openEmbedded(directory)
const pool = new Pool({ stream: () => embedded.connect(), max: 1, user: "postgres", password: "unused", ssl: false })

const found = await pool.query<{ guid: string; whole: boolean }>(
  "SELECT guid, payload = repeat(guid, length(payload) / length(guid)) AS whole FROM delivery",
)
say(`found ${JSON.stringify(found.rows.map(({ guid, whole }) => (whole ? guid : `${guid} is torn`)))}`)
await Promise.all([write("a"), write("b"), write("c"), tidy()])

async function write(writer: string): Promise<void> {
  for (let count = 1; ; count += 1) {
    const guid = `${life}-${writer}-${count}`
    const payload = guid.repeat(count % 10 === 0 ? 3000 : 10)
    await pool.query(
      "INSERT INTO delivery (app_id, guid, event, payload, received_at) VALUES (1, $1, 'push', $2, now())",
      [guid, payload],
    )
    say(guid)
  }
}

async function tidy(): Promise<void> {
  for (;;) {
    await pool.query("CHECKPOINT")
    await pool.query("VACUUM (ANALYZE) delivery")
    await pause(20)
  }
}

function say(line: string): void {
  writeSync(1, `${line}\n`)
}
