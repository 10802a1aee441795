/** The end of the story: the ledger is read and verified by the command line, then forged in a copy. */
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { PGlite } from "@electric-sql/pglite"
import { endingWords } from "./children.ts"
import { cut, quote, seconds, tell } from "./screen.ts"
import { Untrue } from "./acts.ts"
import type { Step } from "./acts.ts"
import type { CommandResult, World } from "./world.ts"

const readingMs = 500
const stopLimitMs = 10_000
/** Rows of the ledger that are shown from its beginning, the heading among them: with the one that is forged later. */
const headRows = 13

/** From the running server to a forgery that is found. */
export const proof: readonly Step[] = [
  { title: "The server is told to stop", play: stop },
  { title: "The ledger has a row for every step, each chained to the one before by its hash", play: readLedger },
  { title: "Somebody with full rights on a copy of the database hides that the test ever failed", play: forge },
]

async function stop(world: World): Promise<void> {
  const unknown = await world.shop.unknownRequests()
  if (unknown.length > 0) throw new Untrue(`Portcullis asked what GitHub does not know: ${unknown.join(", ")}`)
  const { tookMs, ...ending } = await world.stopServer()
  if (ending.code !== 0) throw new Untrue(`the server ${endingWords(ending)}, not with exit code 0`)
  if (tookMs > stopLimitMs) throw new Untrue(`the server took ${seconds(tookMs)} to stop`)
  tell("Portcullis", `finishes what it holds and ends with exit code 0, ${seconds(tookMs)} after SIGTERM`, "good")
}

/** What must be on the ledger by now, and what must not. */
const expected = [
  "proposed",
  "tested",
  "promotion_ready",
  "promotion_pause_changed",
  "promotion_blocked",
  "command_received",
  "command_denied",
  "policy_evaluated",
  "approved",
  "approval_dismissed",
  "promoted",
  "health_passed",
  "known_good_advanced",
  "health_failed",
  "rollback_started",
  "rolled_back",
]

async function readLedger(world: World): Promise<void> {
  const args = ["ledger", "show", world.repo, "--limit", "500"]
  const running = world.portcullis(args, world.dataDir)
  const shown = await show(world, args, { dataDir: world.dataDir, running, shorten: middleLeftOut })
  if (shown.code !== 0) throw new Untrue(`portcullis ledger show ended with ${shown.code}`)
  const missing = expected.filter((type) => !shown.output.includes(type))
  if (missing.length > 0) throw new Untrue(`the ledger lacks ${missing.join(", ")}`)
  if (shown.output.includes("promotion_bypassed")) throw new Untrue("the merge counts as one past the gate")
  await sleep(readingMs)
}

/** Rows of a table with its beginning, and all from the bad change on. */
function middleLeftOut(output: string): string {
  const lines = output.trimEnd().split("\n")
  const begin = lines.slice(0, headRows)
  const end = lines.slice(lines.findIndex((line) => /\sproposed\s.*\s#5\s/.test(line)))
  return [...begin, `…    ${lines.length - begin.length - end.length} rows more`, ...end].join("\n")
}

async function forge(world: World): Promise<void> {
  const copy = await world.copyData()
  const row = await forgeRow(copy)
  const [ofCopy, ofOriginal] = [verify(world, copy), verify(world, world.dataDir)]
  await sleep(readingMs)
  const { code, output } = await show(world, ["ledger", "verify"], { dataDir: copy, running: ofCopy })
  if (code === 0) throw new Untrue("portcullis ledger verify took the forged copy for sound")
  if (!output.includes(`entry ${row} is bad`)) throw new Untrue(`portcullis ledger verify did not name row ${row}`)
  quote(`It is found, with exit code ${code}. And the original:`)
  const original = await show(world, ["ledger", "verify"], { dataDir: world.dataDir, running: ofOriginal })
  if (original.code !== 0) throw new Untrue(`portcullis ledger verify ended with ${original.code} on the untouched one`)
}

function verify(world: World, dataDir: string): Promise<CommandResult> {
  return world.portcullis(["ledger", "verify"], dataDir)
}

/** Turns the failed test into a passed one, with PostgreSQL alone: nothing of Portcullis takes part. */
async function forgeRow(dataDir: string): Promise<number> {
  const database = await PGlite.create(join(dataDir, "postgresql"))
  try {
    const { rows } = await database.query<{ seq: number; body: string }>(
      `SELECT seq::int AS seq, body FROM ledger_entry WHERE type = 'tested' AND body LIKE '%"passed":false%'`,
    )
    const [row] = rows
    if (row === undefined) throw new Untrue("the ledger does not know that the test failed")
    const update = `UPDATE ledger_entry SET body = $1 WHERE seq = $2`
    const forged = row.body.replace('"passed":false', '"passed":true').replace('"failure"', '"success"')
    const refusal = await database.query(update, [forged, row.seq]).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    if (refusal === undefined) throw new Untrue("the database let a ledger row be changed")
    tell("plain UPDATE", `refused by the database: ${refusal}`)
    await database.exec("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
    await database.query(update, [forged, row.seq])
    await database.exec("ALTER TABLE ledger_entry ENABLE TRIGGER USER")
    tell("its owner", `switches the triggers off and rewrites row ${row.seq}: test failed → test passed`, "bad")
    return row.seq
  } finally {
    await database.close()
  }
}

type Run = { dataDir: string; running: Promise<CommandResult>; shorten?: (output: string) => string }

/** Shows a command that is running, and what it says when it is done. */
async function show(world: World, args: string[], { dataDir, running, shorten }: Run): Promise<CommandResult> {
  const place = dataDir === world.dataDir ? "" : "DATA_DIR=copy "
  quote(`$ ${place}portcullis ${args.join(" ")}`, "strong")
  const result = await running
  quote(cut(shorten?.(result.output) ?? result.output))
  return result
}
