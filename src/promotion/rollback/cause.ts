import type { EvidenceItem, EvidenceKind } from "../health/evidence.ts"

/** Characters of a cause; what a pause's reason on the ledger may have besides is for its first words. */
const limitCause = 400

const troubles: Readonly<Record<EvidenceKind, (name: string) => string>> = {
  deployment: (name) => `deployment to ${name} failed`,
  check: (name) => `check ${name} failed`,
  probe: (name) => `probe of ${name} failed`,
  "error-rate": () => "too many requests failed",
  heartbeat: () => "the heartbeat stopped",
  prometheus: (name) => `query ${name} is out of its bounds`,
  failures: () => "too much was reported as failed",
}

/**
 * Why something is taken back by itself, in a few words without Markdown. They stay: in the pull request that does it, on
 * the ledger, and in the pause that it leaves. Names in them are the config's, so they are hostile.
 */
export function causeOf(items: readonly EvidenceItem[]): string {
  const bad = items.filter(({ state }) => state === "bad").map(({ kind, name }) => troubles[kind](name))
  return bad.length === 0 ? "the evidence is wanting" : bad.join(", ").slice(0, limitCause)
}
