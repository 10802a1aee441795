import type { Prisma } from "../generated/client.ts"
import type { LandingJudgement } from "../promotion/landing/judgement.ts"
import type { JudgedLanding } from "../promotion/lane/landing-entry.ts"

/** A landing with all that was found out about it; null: nothing is wrong, or nothing was approved. */
export type DetailedLanding = JudgedLanding & { detail: LandingJudgement | null }

type DetailTable = Pick<Prisma.TransactionClient, "landingDetail">

/** Keeps what was found, in the transaction that writes down that it was: the ledger has the first paths only. */
export async function storeLandingDetails(
  tx: DetailTable,
  repositoryId: number,
  { landings, at }: { landings: readonly DetailedLanding[]; at: Date },
): Promise<void> {
  for (const { run, detail } of landings) {
    if (run === null || detail === null) continue
    const data = { repositoryId: BigInt(repositoryId), data: detail, at }
    await tx.landingDetail.upsert({ where: { runId: run.runId }, create: { runId: run.runId, ...data }, update: data })
  }
}

/** What was found about the landings of these promotions, as far as it is kept, by run id. */
export async function keptLandingDetails(
  tx: DetailTable,
  runIds: readonly string[],
): Promise<Map<string, LandingJudgement>> {
  const rows = await tx.landingDetail.findMany({ where: { runId: { in: [...runIds] } } })
  return new Map(rows.map(({ runId, data }) => [runId, data as unknown as LandingJudgement]))
}
