import { createHash } from "node:crypto"
import type { Prisma } from "../generated/client.ts"
import type { LedgerEntry } from "../ledger/entry.ts"
import canonicalize from "canonicalize"
import type { HealthRules as ConfigHealth } from "../promotion/config/config-health.ts"
import type { HealthInput } from "../promotion/health/judge-health.ts"
import type { HealthRules } from "../promotion/health/rules.ts"

/** Digest of all that a health verdict stands on: SHA-256 over its canonical JSON (RFC 8785), lower-case hex. */
export function digestOfInputs(input: HealthInput): string {
  return createHash("sha256")
    .update(canonicalize(input) ?? "")
    .digest("hex")
}

type InputTable = Pick<Prisma.TransactionClient, "healthInput">

/** Keeps what each verdict stood on, in the transaction that writes it down. */
export async function storeInputs(
  tx: InputTable,
  repositoryId: number,
  { recorded, inputs }: { recorded: readonly LedgerEntry[]; inputs: ReadonlyMap<string, HealthInput> },
): Promise<void> {
  for (const { type, runId, occurredAtMs } of recorded) {
    const input = type === "health_passed" || type === "health_failed" ? inputs.get(runId ?? "") : undefined
    if (input === undefined || runId === null) continue
    const digest = digestOfInputs(input)
    const data = { repositoryId: BigInt(repositoryId), digest, data: input, at: new Date(occurredAtMs) }
    await tx.healthInput.upsert({ where: { runId }, create: { runId, ...data }, update: data })
  }
}

/** What the verdicts of these promotions stood on, as far as it is kept, by run id. */
export async function keptInputs(tx: InputTable, runIds: readonly string[]): Promise<Map<string, HealthInput>> {
  const rows = await tx.healthInput.findMany({ where: { runId: { in: [...runIds] } } })
  return new Map(rows.map(({ runId, data }) => [runId, data as unknown as HealthInput]))
}

/** The config's `health` as it is judged by. */
export function healthRules(health: ConfigHealth): HealthRules {
  const { window: windowMs, deployments, checks, probes, error_rate: errorRate, heartbeat, prometheus } = health
  return {
    windowMs,
    deployments,
    checks,
    probes: probes.map(({ url, every, failures }) => ({ url, everyMs: every, failures })),
    errorRate:
      errorRate === undefined
        ? null
        : { limit: errorRate.limit ?? null, overBaseline: errorRate.over_baseline ?? null },
    heartbeat: heartbeat === undefined ? null : { staleAfterMs: heartbeat.stale_after },
    prometheus: prometheus.map(({ query, source, below = null, above = null }) => ({ query, source, below, above })),
    noData: health.no_data,
  }
}
