import type { FactWriter } from "./facts.ts"

/**
 * What GitHub shows of our own gate, held against what we believe it shows.
 *
 * A gate of which it is not known what GitHub shows has no digest of the shown content, and no intended one: the next
 * look at its pull request reads it from GitHub and writes the gate, even if the verdict is the same as ever. A write
 * that is under way meanwhile finds another intent than its own, and so does not count as shown (`reconcile/gate.ts`).
 */

/** Forgets what the gates on these heads show, because somebody asked for them again. */
export async function forgetShown(
  tx: FactWriter,
  heads: readonly { repositoryId: number; sha: string }[],
): Promise<void> {
  if (heads.length === 0) return
  await tx.$executeRaw`
    UPDATE gate_report AS g SET shown_digest = NULL, shown_verdict = NULL, intended_digest = ''
    FROM unnest(${heads.map((head) => BigInt(head.repositoryId))}::bigint[], ${heads.map((head) => head.sha)}::text[])
      AS h (r, s)
    WHERE g.repository_id = h.r AND g.sha = h.s`
}

/** Our newest check run of a name on a pull request's head, as GitHub told of it; `id` and `state` are null when there is none. */
export type SeenGate = { number: number; sha: string; name: string; id: number | null; state: string | null }

/** How long after a write GitHub's reads may still tell what was before it. */
const settledMs = 10_000

/**
 * Forgets what the gates show that were seen to be otherwise: with another result, gone, or behind a newer run that is
 * none of ours, which is then taken for the gate's own. Returns the numbers of their pull requests.
 *
 * Two pull requests with one head have a run each, of which GitHub shows the newest: that one is held against its own
 * row, and says nothing of the other.
 */
export async function forgetUnlike(
  tx: FactWriter,
  repositoryId: number,
  { gates, at }: { gates: readonly SeenGate[]; at: Date },
): Promise<number[]> {
  if (gates.length === 0) return []
  const rows = await tx.$queryRaw<{ number: number }[]>`
    UPDATE gate_report AS g SET check_run_id = s.id, shown_digest = NULL, shown_verdict = NULL, intended_digest = ''
    FROM unnest(${gates.map((gate) => gate.number)}::int[], ${gates.map((gate) => gate.sha)}::text[],
      ${gates.map((gate) => (gate.id === null ? null : BigInt(gate.id)))}::bigint[],
      ${gates.map((gate) => gate.state)}::text[], ${gates.map((gate) => gate.name)}::text[])
      AS s (number, sha, id, state, name)
    WHERE g.repository_id = ${BigInt(repositoryId)} AND g.number = s.number AND g.sha = s.sha AND g.check_name = s.name
      AND g.shown_digest IS NOT NULL AND g.shown_at < ${new Date(at.getTime() - settledMs)}
      AND (s.id IS NULL OR s.id = g.check_run_id AND s.state <> g.shown_state
        OR s.id <> g.check_run_id AND NOT EXISTS (
          SELECT 1 FROM gate_report AS o
          WHERE o.repository_id = g.repository_id AND o.sha = g.sha AND o.check_run_id = s.id))
    RETURNING g.number`
  return [...new Set(rows.map(({ number }) => number))]
}
