import type pg from "pg"
import type { Prisma } from "../generated/client.ts"
import { checkLimit } from "../inbox/facts.ts"
import { subjectKey } from "../inbox/subject.ts"
import { runQuery, type NamedStatement } from "../lib/db/query.ts"
import type { CheckFact, PullRequestFact } from "../promotion/fact.ts"
import type { HeardLabel } from "../promotion/hearsay.ts"
import type { Pause } from "../promotion/pause.ts"
import type { LabelAsk, Snapshot } from "../promotion/snapshot.ts"
import type { PromotionState } from "../promotion/state.ts"
import type { ReconcileDeps } from "./deps.ts"
import { headOf, type Seen } from "./look.ts"
import { knownRepository, type KnownRepository, type RepositoryRow } from "./repository-row.ts"

/** What is on disk about the check run of a pull request's head. */
export type StoredReport = {
  checkRunId: number | null
  intendedDigest: string
  shownDigest: string | null
  shownVerdict: string | null
  changedAtMs: number
}

/** Everything a decision about one pull request stands on. */
export type Observation = {
  repository: KnownRepository
  snapshot: Snapshot
  /** Of the head as it is known now; null: none was ever intended. */
  report: StoredReport | null
  /** Other open pull requests with the same head whose gate is shut. */
  shutBeside: readonly number[]
  /** When it is to be looked at again; null: only when something happens. */
  lookAgainAtMs: number | null
}

/** The pull request to look at. */
export type PullRequestPlace = { repositoryId: number; number: number }

/** Changes of the pause label that are looked back at. */
const limitLabelAsks = 20

type ObservedRow = {
  repository: RepositoryRow | null
  pull_request: PullRequestFact | null
  checks: CheckFact[] | null
  promotion: PromotionRow | null
  pauses: PauseRow[] | null
  labels: LabelRow[] | null
  report: ReportRow | null
  shut_beside: number[] | null
  look_again: string | null
}

type PromotionRow = {
  id: string
  number: number
  state: PromotionState["state"]
  head_sha: string
  base_ref: string
  stages: PromotionState["stages"]
  block_reasons: string[]
  version: number
  ended_at: string | null
}

type PauseRow = {
  id: string
  scope: Pause["scope"]
  number: number | null
  reason: string | null
  source: Pause["source"]
  actor: Pause["actor"]
  at: string
}

type LabelRow = { key: string; at: string; data: HeardLabel; settled_at: string | null }

type ReportRow = {
  check_run_id: number | null
  intended_digest: string
  shown_digest: string | null
  shown_verdict: string | null
  changed_at: string
}

const observation = {
  name: "observe-pull-request",
  text: `
    SELECT
      (SELECT to_jsonb(r) FROM repository r WHERE r.id = $1) AS repository,
      pr.data AS pull_request,
      (SELECT jsonb_agg(c.data) FROM (
        SELECT data FROM fact WHERE repository_id = $1 AND kind = 'check' AND sha = pr.sha
        ORDER BY key LIMIT $5) c) AS checks,
      (SELECT to_jsonb(p) FROM promotion p WHERE p.repository_id = $1 AND p.number = $2
        ORDER BY p.id DESC LIMIT 1) AS promotion,
      (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.at, x.id) FROM pause x WHERE x.repository_id = $1) AS pauses,
      (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.at DESC, a.key DESC) FROM (
        SELECT key, at, data, settled_at FROM ask
        WHERE repository_id = $1 AND number = $2 AND kind = 'label'
        ORDER BY at DESC, key DESC LIMIT $6) a) AS labels,
      (SELECT to_jsonb(g) FROM gate_report g
        WHERE g.repository_id = $1 AND g.number = $2 AND g.sha = pr.sha) AS report,
      (SELECT jsonb_agg(f.number ORDER BY f.number) FROM fact f
        WHERE f.repository_id = $1 AND f.kind = 'pull-request' AND f.sha = pr.sha AND f.number <> $2
          AND f.data ->> 'state' = 'open' AND 'proposed' = (
            SELECT p.state FROM promotion p WHERE p.repository_id = f.repository_id AND p.number = f.number
            ORDER BY p.id DESC LIMIT 1)) AS shut_beside,
      (SELECT to_jsonb(l.due_at) #>> '{}' FROM look_again l WHERE l.subject = $4) AS look_again
    FROM (SELECT 1) AS one
    LEFT JOIN fact pr ON pr.repository_id = $1 AND pr.kind = 'pull-request' AND pr.key = $3`,
}

/** Runs the statement: on the pool, or inside a transaction. */
export type Ask = <Row>(statement: NamedStatement, values: readonly unknown[]) => Promise<Row[]>

/** Asks on any connection of the pool; the statement is planned once for each. */
export function askPool(pool: pg.Pool): Ask {
  return async <Row>(statement: NamedStatement, values: readonly unknown[]) =>
    (await runQuery(pool, statement, values)).rows as Row[]
}

/** Asks inside a transaction. */
export function askWithin(tx: Pick<Prisma.TransactionClient, "$queryRawUnsafe">): Ask {
  return <Row>({ text }: NamedStatement, values: readonly unknown[]) => tx.$queryRawUnsafe<Row[]>(text, ...values)
}

/**
 * Reads all of it in one statement, so it is of one moment and costs one round trip. Null when the repository is
 * unknown or the app is not there any more.
 */
export async function observe(
  ask: Ask,
  place: PullRequestPlace,
  pass: { deps: ReconcileDeps; seen: Seen },
): Promise<Observation | null> {
  const { repositoryId, number } = place
  const subject = subjectKey({ kind: "pull-request", ...place })
  const values = [repositoryId, number, String(number), subject, checkLimit + 1, limitLabelAsks]
  const rows = await ask<ObservedRow>(observation, values)
  const row = rows[0]
  const repository = row?.repository == null ? null : knownRepository(row.repository)
  if (row === undefined || repository === null) return null
  return {
    repository,
    snapshot: snapshotOf(row, { repository, ...pass }),
    report: row.report === null ? null : reportOf(row.report),
    shutBeside: row.shut_beside ?? [],
    lookAgainAtMs: row.look_again === null ? null : Date.parse(row.look_again),
  }
}

type Context = { repository: KnownRepository; deps: ReconcileDeps; seen: Seen }

function snapshotOf(row: ObservedRow, { repository, deps, seen }: Context): Snapshot {
  const checks = row.checks ?? []
  const label = repository.config?.config.pause.label
  return {
    nowMs: deps.clock.now().getTime(),
    ownAppId: deps.ownAppId,
    repository: { id: repository.id, ...repository.address, defaultBranch: repository.defaultBranch },
    config: repository.config,
    pullRequest: row.pull_request,
    checks,
    sight: sightOf(row, seen),
    promotion: row.promotion === null ? null : promotionOf(row.promotion),
    pauses: (row.pauses ?? []).map(pauseOf),
    labelAsks: (row.labels ?? [])
      .filter(({ data }) => data.label.toLowerCase() === label?.toLowerCase())
      .map(labelAskOf),
    roles: seen.roles,
    newRunId: deps.newRunId(),
  }
}

/** A sight counts for the head and base that were seen, not for those heard of since. */
function sightOf({ pull_request: pullRequest, checks }: ObservedRow, seen: Seen): Snapshot["sight"] {
  if (pullRequest !== null && seen.head !== null && headOf(pullRequest) !== seen.head) return "none"
  return (checks ?? []).length > checkLimit ? "partial" : seen.sight
}

function promotionOf(row: PromotionRow): PromotionState {
  const { id: runId, number, state, stages, version } = row
  const endedAtMs = row.ended_at === null ? null : Date.parse(row.ended_at)
  const [headSha, baseRef, blockReasons] = [row.head_sha, row.base_ref, row.block_reasons]
  return { runId, number, state, headSha, baseRef, stages, blockReasons, version, endedAtMs }
}

function pauseOf({ id, scope, number, reason, source, actor, at }: PauseRow): Pause {
  return { id, scope, number, reason, source, actor, atMs: Date.parse(at) }
}

function labelAskOf({ key, at, data, settled_at: settledAt }: LabelRow): LabelAsk {
  const { on, actor, actorIsBot, cause } = data
  return { key, atMs: Date.parse(at), on, actor, actorIsBot, cause, answered: settledAt !== null }
}

function reportOf(row: ReportRow): StoredReport {
  return {
    checkRunId: row.check_run_id,
    intendedDigest: row.intended_digest,
    shownDigest: row.shown_digest,
    shownVerdict: row.shown_verdict,
    changedAtMs: Date.parse(row.changed_at),
  }
}
