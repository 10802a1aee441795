import { expect } from "vitest"
import { parseEntryBody } from "../../src/ledger/entry.ts"
import { chainedRepositories, readRows } from "../../src/ledger/ledger.ts"
import { verifyLedger } from "../../src/ledger/verify.ts"
import { replay, type PromotionState } from "../../src/promotion/state.ts"
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
      promotions.map(
        ({ id: runId, repositoryId: _repository, endedAt, proposedAt, landedSha: _landed, ...columns }) => ({
          ...columns,
          runId,
          proposedAtMs: proposedAt.getTime(),
          endedAtMs: endedAt?.getTime() ?? null,
        }),
      ),
    ).toEqual([...replayed.promotions.values()].toSorted((a, b) => (a.runId < b.runId ? -1 : 1)))
    expect(promotions.map(({ landedSha, after }) => [landedSha, after])).toEqual(
      promotions.map(({ after }) => [(after as PromotionState["after"])?.landing?.sha ?? null, after]),
    )
    const pauses = await database.prisma.pause.findMany({ where, orderBy: { id: "asc" } })
    expect(
      pauses.map(({ id, scope, branch, number, reason, source, actor, at, until }) => ({
        id,
        scope,
        branch,
        number,
        reason,
        source,
        actor,
        atMs: at.getTime(),
        untilMs: until?.getTime() ?? null,
      })),
    ).toEqual([...replayed.pauses].toSorted((a, b) => (a.id < b.id ? -1 : 1)))
    const known = await database.prisma.knownGood.findMany({ where })
    expect(known.map(({ branch, sha, tag, runId, at }) => ({ branch, sha, tag, runId, atMs: at.getTime() }))).toEqual([
      ...replayed.lanes.knownGood.values(),
    ])
    const rollbacks = await database.prisma.rollback.findMany({ where, orderBy: [{ startedAt: "asc" }, { id: "asc" }] })
    expect(rollbacks.map(({ data }) => data)).toEqual([...replayed.lanes.rollbacks.values()])
  }
}
