import { expect } from "vitest"
import { parseEntryBody } from "../../src/ledger/entry.ts"
import { chainedRepositories, readRows } from "../../src/ledger/ledger.ts"
import { verifyLedger } from "../../src/ledger/verify.ts"
import { replay } from "../../src/promotion/state.ts"
import type { TestDatabase } from "./database.ts"

/** Every chain verifies, and replaying it gives exactly the stored promotions and pauses. */
export async function assertLedgerSound(database: TestDatabase): Promise<void> {
  for (const repositoryId of await chainedRepositories(database.prisma)) {
    expect(await verifyLedger(database.prisma, repositoryId)).toMatchObject({ ok: true })
    const rows = await readRows(database.prisma, repositoryId, { afterSeq: 0, limit: 100_000 })
    const replayed = replay(rows.map((row) => parseEntryBody(row.body)))
    const where = { repositoryId: BigInt(repositoryId) }
    const promotions = await database.prisma.promotion.findMany({ where, orderBy: { id: "asc" } })
    expect(
      promotions.map(({ id, number, state, headSha, baseRef, stages, blockReasons, version, endedAt }) => ({
        runId: id,
        number,
        state,
        headSha,
        baseRef,
        stages,
        blockReasons,
        version,
        endedAtMs: endedAt?.getTime() ?? null,
      })),
    ).toEqual([...replayed.promotions.values()].toSorted((a, b) => (a.runId < b.runId ? -1 : 1)))
    const pauses = await database.prisma.pause.findMany({ where, orderBy: { id: "asc" } })
    expect(
      pauses.map(({ id, scope, number, reason, source, actor, at }) => ({
        id,
        scope,
        number,
        reason,
        source,
        actor,
        atMs: at.getTime(),
      })),
    ).toEqual([...replayed.pauses].toSorted((a, b) => (a.id < b.id ? -1 : 1)))
  }
}
