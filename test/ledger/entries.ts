import type { EntryContext } from "../../src/ledger/chain.ts"
import type { EntryDraft } from "../../src/ledger/entry.ts"
import { append, lockLane } from "../../src/ledger/ledger.ts"
import type { Database } from "../../src/lib/db/database.ts"

type Writer = Pick<Database, "prisma">

/** Repository that most ledger tests write to. */
export const repositoryId = 4711

/** Promotion that the entries of {@link draft} belong to. */
const runId = "01930000-0000-7000-8000-000000000001"

/** Cause and times of every entry. */
export const context: Omit<EntryContext, "repositoryId"> = {
  cause: "job:pull-request:4711:7",
  occurredAtMs: Date.UTC(2026, 2, 4, 5, 6, 7, 89),
  recordedAtMs: Date.UTC(2026, 2, 4, 5, 6, 8),
}

/** A command of max on pull request 7, told apart by its key. */
export function draft(key: string, overrides: Partial<Extract<EntryDraft, { type: "command_received" }>> = {}) {
  const made: EntryDraft = {
    key,
    type: "command_received",
    runId,
    actor: { kind: "user", login: "max", id: 9 },
    pullRequest: 7,
    sha: "a".repeat(40),
    branch: "main",
    cause: null,
    payload: { command: "pause-promotion", comment_id: 12 },
    ...overrides,
  }
  return made
}

/** Appends drafts in one transaction, as the app does; the new entries' sequence numbers. */
export function appendDrafts(
  { prisma }: Writer,
  drafts: readonly EntryDraft[],
  repository: number = repositoryId,
): Promise<number[]> {
  return prisma.$transaction(async (tx) => {
    const { entries } = await append(tx, await lockLane(tx, repository), { drafts, context })
    return entries.map(({ seq }) => seq)
  })
}

/** Appends `count` entries with the keys `k1`, `k2`, … */
export async function fillLedger(database: Writer, count: number, repository: number = repositoryId): Promise<void> {
  const drafts = Array.from({ length: count }, (_, index) => draft(`k${index + 1}`))
  await appendDrafts(database, drafts, repository)
}
