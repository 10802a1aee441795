import { signingSecret } from "../evidence/signature.ts"
import { makeSignalKey } from "../evidence/signal-key.ts"
import type { Database } from "../lib/db/database.ts"
import { printable } from "./terminal.ts"

/** What is wanted: `overlapMs` is how long the key before counts besides the new one. */
export type SignalKeyWish = { repository: string; rotate: boolean; overlapMs: number }

/** What the command works with; `print` is for the key alone, `note` for words about it. */
export type SignalKeyDeps = {
  database: Database
  secret: string
  now: Date
  print(line: string): void
  note(line: string): void
}

/**
 * Makes a repository's key for signals and prints it, this once. Resolves to the exit code: 0 printed, 1 it has one.
 *
 * @throws with one sentence when the app is on no repository of this name
 */
export async function printSignalKey(deps: SignalKeyDeps, wish: SignalKeyWish): Promise<number> {
  const { database, secret, now } = deps
  const { rotate, overlapMs } = wish
  const { id, name } = await findRepository(database, wish.repository)
  const making = await makeSignalKey(database.prisma, { repositoryId: id, rotate, overlapMs, now })
  if (!making.made) {
    const since = making.since.toISOString().slice(0, 10)
    deps.note(`${name} has a key since ${since}, which is not shown again. --rotate makes a new one.`)
    return 1
  }
  deps.print(signingSecret({ secret, repositoryId: id, version: making.version }))
  deps.note(`This is the key of ${name}. It is not shown again: keep it where the sender keeps its secrets.`)
  if (making.version > 1) {
    const until = new Date(now.getTime() + overlapMs).toISOString().slice(0, 16).replace("T", " ")
    deps.note(overlapMs > 0 ? `The one before counts until ${until} UTC.` : "The one before counts no more.")
  }
  return 0
}

async function findRepository({ prisma }: Database, wanted: string): Promise<{ id: number; name: string }> {
  const rows = await prisma.repository.findMany({
    where: { active: true },
    select: { id: true, owner: true, name: true },
    orderBy: { id: "desc" },
  })
  const found = rows.find(({ owner, name }) => `${owner}/${name}`.toLowerCase() === wanted.toLowerCase())
  if (found === undefined)
    throw new Error(`the app is on no repository ${printable(wanted)}, as far as this database knows`)
  return { id: Number(found.id), name: printable(`${found.owner}/${found.name}`) }
}
