import type { ReconcileDeps } from "./deps.ts"

/** How long a drained delivery's body is kept. GitHub can redeliver for three days. */
const keepPayloadMs = 3 * 24 * 3600 * 1000

/** How long everything else is kept that nothing depends on any more: ten times as long as a redelivery can come late. */
const keepMs = 30 * 24 * 3600 * 1000

/** Most rows of one kind forgotten in one sweep. */
const limitRows = 5000

/**
 * Forgets what is old and not needed any more: bodies of deliveries, their rows (against redelivery), answered asks, and
 * what was heard and shown of commits that are the head of no open pull request, and what running systems reported.
 *
 * What must happen once stays so. A comment is answered again only if its delivery comes again after its row and its ask
 * are forgotten, which is after GitHub has forgotten it, and even then the ledger's own key keeps its entries single.
 * GitHub tells changes of a label again with every read of the pull request, so these asks stay as long as it is open.
 */
export async function prune(deps: Pick<ReconcileDeps, "prisma" | "clock">): Promise<void> {
  const now = deps.clock.now().getTime()
  const before = new Date(now - keepMs)
  await pruneDeliveries(deps, { payloadsBefore: new Date(now - keepPayloadMs), before })
  await deps.prisma.$executeRaw`
    DELETE FROM fact WHERE (repository_id, kind, key) IN (
      SELECT repository_id, kind, key FROM fact AS old
      WHERE kind IN ('check', 'config-file') AND seen_at < ${before} AND NOT EXISTS (
        SELECT 1 FROM fact AS pr WHERE pr.repository_id = old.repository_id AND pr.sha = old.sha
          AND pr.kind = 'pull-request' AND pr.data ->> 'state' = 'open')
      LIMIT ${limitRows})`
  await deps.prisma.$executeRaw`
    DELETE FROM ask WHERE (repository_id, key) IN (
      SELECT repository_id, key FROM ask AS old
      WHERE kind IN ('comment', 'button') AND settled_at < ${before}
        OR kind = 'label' AND at < ${before} AND (settled_at < ${before} OR answer IS NULL) AND NOT EXISTS (
          SELECT 1 FROM fact AS pr WHERE pr.repository_id = old.repository_id AND pr.number = old.number
            AND (pr.kind = 'pull-request' AND pr.data ->> 'state' = 'open'
              OR pr.kind = 'issue' AND (pr.data ->> 'open')::boolean))
      LIMIT ${limitRows})`
  await deps.prisma.$executeRaw`
    DELETE FROM fact WHERE (repository_id, kind, key) IN (
      SELECT repository_id, kind, key FROM fact AS old
      WHERE kind = 'issue' AND seen_at < ${before} AND NOT (data ->> 'open')::boolean AND NOT EXISTS (
        SELECT 1 FROM pause AS p WHERE p.repository_id = old.repository_id AND p.id = 'issue:' || old.key)
      LIMIT ${limitRows})`
  await deps.prisma.$executeRaw`
    DELETE FROM gate_report WHERE (repository_id, number, sha, check_name) IN (
      SELECT repository_id, number, sha, check_name FROM gate_report AS old
      WHERE changed_at < ${before} AND NOT EXISTS (
        SELECT 1 FROM fact AS pr WHERE pr.repository_id = old.repository_id AND pr.number = old.number
          AND pr.sha = old.sha AND pr.kind = 'pull-request' AND pr.data ->> 'state' = 'open')
      LIMIT ${limitRows})`
  await deps.prisma.pauseReceipt.deleteMany({ where: { toldAt: { lt: before } } })
  await pruneAfterMerge(deps, { now, before })
  await pruneHeard(deps, before)
  await pruneHeads(deps, before)
  await pruneSignals(deps, before)
}

/** How long it is kept what a verdict stood on, and what a landing lacked; what the ledger has of it stays for ever. */
const keepDetailsMs = 90 * 24 * 3600 * 1000

/** What was asked, and what verdicts stood on; of the deployments to an environment the newest stay. */
async function pruneAfterMerge(
  { prisma }: Pick<ReconcileDeps, "prisma">,
  { now, before }: { now: number; before: Date },
): Promise<void> {
  const kept = { at: { lt: new Date(now - keepDetailsMs) } }
  await prisma.healthInput.deleteMany({ where: kept })
  await prisma.landingDetail.deleteMany({ where: kept })
  await prisma.askedEvidence.deleteMany({ where: { at: { lt: before } } })
  await prisma.checkRerun.deleteMany({ where: { failedAt: { lt: before } } })
  await prisma.deploymentRule.deleteMany({ where: { requestedAt: { lt: before } } })
  await prisma.$executeRaw`
    DELETE FROM fact WHERE (repository_id, kind, key) IN (
      SELECT repository_id, kind, key FROM (
        SELECT repository_id, kind, key, seen_at, row_number() OVER (
          PARTITION BY repository_id, lower(data ->> 'environment') ORDER BY (data ->> 'id')::bigint DESC) AS place
        FROM fact WHERE kind = 'deployment') AS old
      WHERE old.place > 5 AND old.seen_at < ${before} LIMIT ${limitRows})`
}

/** No merge group stands for a day: GitHub gives one up after some hours. */
const keepGroupsMs = 24 * 3600 * 1000

/** What was heard of pull requests that are closed, and of merge groups, whether their end was heard or not. */
async function pruneHeard({ prisma, clock }: Pick<ReconcileDeps, "prisma" | "clock">, before: Date): Promise<void> {
  const groupsBefore = new Date(clock.now().getTime() - keepGroupsMs)
  await prisma.$executeRaw`
    DELETE FROM fact WHERE (repository_id, kind, key) IN (
      SELECT repository_id, kind, key FROM fact AS old
      WHERE kind = 'merge-group' AND seen_at < ${groupsBefore}
        OR kind IN ('review', 'head', 'comment', 'retarget', 'queue') AND seen_at < ${before} AND NOT EXISTS (
          SELECT 1 FROM fact AS pr WHERE pr.repository_id = old.repository_id AND pr.key = old.number::text
            AND pr.kind = 'pull-request' AND pr.data ->> 'state' = 'open')
      LIMIT ${limitRows})`
}

/** What was read and tried of heads that are none any more. */
async function pruneHeads({ prisma }: Pick<ReconcileDeps, "prisma">, before: Date): Promise<void> {
  await prisma.$executeRaw`
    DELETE FROM change WHERE (repository_id, number, head_sha, base_ref) IN (
      SELECT repository_id, number, head_sha, base_ref FROM change AS old
      WHERE read_at < ${before} AND NOT EXISTS (
        SELECT 1 FROM fact AS pr WHERE pr.repository_id = old.repository_id AND pr.key = old.number::text
          AND pr.sha = old.head_sha AND pr.kind = 'pull-request' AND pr.data ->> 'state' = 'open')
      LIMIT ${limitRows})`
  // One that is needed still is read again.
  await prisma.$executeRaw`
    DELETE FROM proposed_config WHERE (repository_id, blob) IN (
      SELECT repository_id, blob FROM proposed_config WHERE read_at < ${before} LIMIT ${limitRows})`
  await prisma.$executeRaw`
    DELETE FROM merge_attempt WHERE (repository_id, number, head_sha) IN (
      SELECT repository_id, number, head_sha FROM merge_attempt AS old
      WHERE at < ${before} AND NOT EXISTS (
        SELECT 1 FROM fact AS pr WHERE pr.repository_id = old.repository_id AND pr.key = old.number::text
          AND pr.sha = old.head_sha AND pr.kind = 'pull-request' AND pr.data ->> 'state' = 'open')
      LIMIT ${limitRows})`
}

async function pruneDeliveries(
  { prisma }: Pick<ReconcileDeps, "prisma">,
  { payloadsBefore, before }: { payloadsBefore: Date; before: Date },
): Promise<void> {
  await prisma.$executeRaw`
    UPDATE delivery SET payload = NULL WHERE id IN (
      SELECT id FROM delivery WHERE drained_at < ${payloadsBefore} AND payload IS NOT NULL LIMIT ${limitRows})`
  await prisma.$executeRaw`
    DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE drained_at < ${before} LIMIT ${limitRows})`
}

/** A message that comes again after its id is forgotten is too old by its own time. */
async function pruneSignals({ prisma }: Pick<ReconcileDeps, "prisma">, before: Date): Promise<void> {
  await prisma.$executeRaw`
    DELETE FROM signal WHERE id IN (SELECT id FROM signal WHERE at < ${before} LIMIT ${limitRows})`
  await prisma.$executeRaw`
    DELETE FROM signal_message WHERE (repository_id, message_id) IN (
      SELECT repository_id, message_id FROM signal_message WHERE received_at < ${before} LIMIT ${limitRows})`
}
