import type pg from "pg"
import type { Prisma } from "../generated/client.ts"
import { checkLimit } from "../promotion/fact.ts"
import { subjectKey } from "../inbox/subject.ts"
import { runQuery, type NamedStatement } from "../lib/db/query.ts"
import type { Change } from "../promotion/change/change.ts"
import { builtInConfig } from "../promotion/config/config.ts"
import type { Finding } from "../promotion/gate/diagnosis.ts"
import type {
  CheckFact,
  CommentFact,
  ConfigFileFact,
  HeadFact,
  PullRequestFact,
  RetargetFact,
  ReviewFact,
} from "../promotion/fact.ts"
import type { MergeAttempt } from "../promotion/merge/merge.ts"
import type { HeardLabel } from "../promotion/hearsay.ts"
import type { HardStopProblem } from "../promotion/pause/hard-stop.ts"
import type { Pause } from "../promotion/pause/pause.ts"
import type { LabelAsk, Snapshot } from "../promotion/gate/snapshot.ts"
import type { TakenBack } from "../promotion/review/taken-back.ts"
import type { HeadConfig } from "../promotion/config/proposal.ts"
import type { WithdrawalDeed } from "../promotion/merge/effect.ts"
import type { Withdrawal } from "../promotion/pause/withdraw.ts"
import { readStoredChange } from "./change-row.ts"
import { readDeployments } from "./deployment-row.ts"
import type { ReconcileDeps } from "./deps.ts"
import { headOf, type Seen } from "./look.ts"
import { promotionOf, type PromotionRow } from "./promotion-row.ts"
import { gateCheckName } from "../report/check-run.ts"
import { configCheckName } from "../report/config-check.ts"
import { readOnward } from "./onward-row.ts"
import { knownRepository, readProposed, type KnownRepository, type RepositoryRow } from "./repository-row.ts"

/** What is on disk about the check run of a pull request's head. */
export type StoredReport = {
  checkRunId: number | null
  intendedDigest: string
  shownDigest: string | null
  shownVerdict: string | null
  /** Digest of the annotations that are there; null: none. */
  shownAnnotations: string | null
  changedAtMs: number
}

/** Everything a decision about one pull request stands on. */
export type Observation = {
  repository: KnownRepository
  snapshot: Snapshot
  /** Of the head as it is known now; null: none was ever intended. */
  report: StoredReport | null
  /** The same of the check run about its change of the config. */
  configReport: StoredReport | null
  /** Other open pull requests with the same head whose gate is shut. */
  shutBeside: readonly number[]
  /** Other open pull requests into the same branch that change a file that this one changes; up to twenty. */
  dependants: readonly number[]
  /** What was found around the gate of its base branch; empty while nobody has looked. */
  findings: readonly Finding[]
  /** Whether something that was intended on it is not done yet. */
  undone: boolean
  /** Why the ruleset of paused branches is not as it must be; null: it is, or there is none and none has to be. */
  hardStop: HardStopProblem | null
  /** When it is to be looked at again; null: only when something happens. */
  lookAgainAtMs: number | null
}

/** The pull request to look at. */
export type PullRequestPlace = { repositoryId: number; number: number }

/** People whose newest review is judged, and comments of approvals; more are not read, and the gate takes that as not knowing. */
const limitOpinions = 500

/** Changes of each label that are looked back at. */
const limitLabelAsks = 20

type ObservedRow = {
  repository: RepositoryRow | null
  pull_request: PullRequestFact | null
  checks: CheckFact[] | null
  change_read_at: string | null
  config_file: ConfigFileFact | null
  proposed_config: { text: string | null } | null
  head: HeadFact | null
  retarget: RetargetFact | null
  reviews: ReviewFact[] | null
  comments: CommentFact[] | null
  promotion: PromotionRow | null
  merge_attempt: AttemptRow | null
  pauses: PauseRow[] | null
  labels: LabelRow[] | null
  report: ReportRow | null
  config_report: ReportRow | null
  shut_beside: number[] | null
  dependants: number[] | null
  findings: Finding[] | null
  rollback: Snapshot["rollback"]
  rollback_under_way: boolean
  taken_back: TakenBack[] | null
  undone: boolean
  hard_stop: HardStopProblem | null
  queued: boolean | null
  withdrawals: { deed: WithdrawalDeed; outcome: Withdrawal["outcome"] }[] | null
  look_again: string | null
}

type AttemptRow = Omit<MergeAttempt, "headSha" | "atMs"> & { head_sha: string; at: string }

type PauseRow = {
  id: string
  scope: Pause["scope"]
  branch: string | null
  number: number | null
  reason: string | null
  source: Pause["source"]
  actor: Pause["actor"]
  at: string
  until: string | null
}

type LabelRow = { key: string; at: string; data: HeardLabel; answered: boolean }

type ReportRow = {
  check_run_id: number | null
  intended_digest: string
  shown_digest: string | null
  shown_verdict: string | null
  shown_annotations: string | null
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
      (SELECT c.read_at::text FROM change c
        WHERE c.repository_id = $1 AND c.number = $2 AND c.head_sha = pr.sha AND c.base_ref = pr.data ->> 'baseRef')
        AS change_read_at,
      (SELECT f.data FROM fact f WHERE f.repository_id = $1 AND f.kind = 'config-file' AND f.key = pr.sha) AS config_file,
      (SELECT to_jsonb(t) FROM proposed_config t
        WHERE t.repository_id = $1 AND t.blob = (
          SELECT f.data ->> 'blob' FROM fact f
          WHERE f.repository_id = $1 AND f.kind = 'config-file' AND f.key = pr.sha)
          AND t.blob IS DISTINCT FROM (SELECT r.config_blob FROM repository r WHERE r.id = $1)) AS proposed_config,
      (SELECT h.data FROM fact h WHERE h.repository_id = $1 AND h.kind = 'head' AND h.key = $3 || ':' || pr.sha) AS head,
      (SELECT t.data FROM fact t WHERE t.repository_id = $1 AND t.kind = 'retarget' AND t.key = $3) AS retarget,
      (SELECT jsonb_agg(v.data) FROM (
        SELECT DISTINCT ON (lower(data -> 'reviewer' ->> 'login')) data FROM fact
        WHERE repository_id = $1 AND number = $2 AND kind = 'review' AND data ->> 'state' <> 'other'
        ORDER BY lower(data -> 'reviewer' ->> 'login'), version DESC, (data ->> 'id')::bigint DESC
        LIMIT $7) v) AS reviews,
      (SELECT jsonb_agg(m.data) FROM (
        SELECT data FROM fact WHERE repository_id = $1 AND number = $2 AND kind = 'comment'
        ORDER BY version DESC LIMIT $7) m) AS comments,
      (SELECT to_jsonb(p) FROM promotion p WHERE p.repository_id = $1 AND p.number = $2
        ORDER BY p.id DESC LIMIT 1) AS promotion,
      (SELECT to_jsonb(m) FROM merge_attempt m
        WHERE m.repository_id = $1 AND m.number = $2 AND m.head_sha = pr.sha) AS merge_attempt,
      (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.at, x.id) FROM pause x WHERE x.repository_id = $1) AS pauses,
      (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.at DESC, a.key DESC) FROM (
        SELECT key, at, data, answer IS NOT NULL AS answered, row_number() OVER (
          PARTITION BY lower(data ->> 'label') ORDER BY at DESC, key DESC) AS place
        FROM ask WHERE repository_id = $1 AND number = $2 AND kind = 'label') a
        WHERE a.place <= $6) AS labels,
      (SELECT to_jsonb(g) FROM gate_report g
        WHERE g.repository_id = $1 AND g.number = $2 AND g.sha = pr.sha AND g.check_name = $8) AS report,
      (SELECT to_jsonb(g) FROM gate_report g
        WHERE g.repository_id = $1 AND g.number = $2 AND g.sha = pr.sha AND g.check_name = $9) AS config_report,
      (SELECT jsonb_agg(f.number ORDER BY f.number) FROM fact f
        WHERE f.repository_id = $1 AND f.kind = 'pull-request' AND f.sha = pr.sha AND f.number <> $2
          AND f.data ->> 'state' = 'open' AND 'proposed' = (
            SELECT p.state FROM promotion p WHERE p.repository_id = f.repository_id AND p.number = f.number
            ORDER BY p.id DESC LIMIT 1)) AS shut_beside,
      (SELECT jsonb_agg(d.number) FROM (
        SELECT c.number FROM change own
        JOIN change c ON c.repository_id = $1 AND c.number <> $2 AND c.base_ref = own.base_ref AND c.paths && own.paths
        JOIN fact o ON o.repository_id = $1 AND o.kind = 'pull-request' AND o.key = c.number::text
          AND o.sha = c.head_sha AND o.data ->> 'state' = 'open'
        WHERE own.repository_id = $1 AND own.number = $2 AND own.head_sha = pr.sha
          AND own.base_ref = pr.data ->> 'baseRef'
        ORDER BY c.number LIMIT 20) d) AS dependants,
      (SELECT b.findings FROM branch_guard b
        WHERE b.repository_id = $1 AND b.branch = pr.data ->> 'baseRef') AS findings,
      (SELECT jsonb_build_object('id', o.deed ->> 'rollbackId', 'headSha', o.outcome ->> 'sha') FROM effect o
        WHERE o.repository_id = $1 AND o.number = 0 AND o.deed ->> 'kind' = 'open-rollback'
          AND (o.outcome ->> 'number')::int = $2 LIMIT 1) AS rollback,
      EXISTS (SELECT 1 FROM rollback u WHERE u.repository_id = $1 AND u.branch = pr.data ->> 'baseRef'
        AND u.state = 'open') AS rollback_under_way,
      (SELECT jsonb_agg(to_jsonb(t)) FROM (
        SELECT culprit.number, culprit.head_sha AS "headSha", o.outcome ->> 'brought' AS brought,
          (b.data ->> 'endedAtMs')::bigint AS "atMs"
        FROM rollback b
        JOIN promotion culprit ON culprit.id = b.culprit
        LEFT JOIN effect o ON o.repository_id = $1 AND o.key = 'rollback:' || b.id || ':open'
        WHERE b.repository_id = $1 AND b.branch = pr.data ->> 'baseRef' AND b.state = 'done'
        ORDER BY b.started_at DESC LIMIT 20) t) AS taken_back,
      EXISTS (SELECT 1 FROM effect e WHERE e.repository_id = $1 AND e.number = $2 AND e.done_at IS NULL) AS undone,
      (SELECT (q.data ->> 'queued')::boolean FROM fact q
        WHERE q.repository_id = $1 AND q.kind = 'queue' AND q.key = $3) AS queued,
      (SELECT jsonb_agg(jsonb_build_object('deed', w.deed, 'outcome', w.outcome) ORDER BY w.intended_at, w.key)
        FROM effect w WHERE w.repository_id = $1 AND w.number = $2
          AND w.deed ->> 'kind' IN ('dequeue', 'disable-auto-merge')) AS withdrawals,
      (SELECT jsonb_build_object('problem', h.problem, 'stands', h.ruleset_id IS NOT NULL) FROM hard_stop h
        WHERE h.repository_id = $1 AND h.problem IS NOT NULL) AS hard_stop,
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
  const limits = [checkLimit + 1, limitLabelAsks, limitOpinions + 1]
  const values = [repositoryId, number, String(number), subject, ...limits, gateCheckName, configCheckName]
  const rows = await ask<ObservedRow>(observation, values)
  const row = rows[0]
  const repository = row?.repository == null ? null : knownRepository(row.repository)
  if (row === undefined || repository === null) return null
  return {
    repository,
    snapshot: snapshotOf(row, {
      repository,
      ...pass,
      onward: await readOnward(ask, repositoryId, row.pull_request),
      change: await changeOf(ask, { place, row }),
      deployments: await readDeployments(ask, repository, row.pull_request?.baseRef),
    }),
    report: row.report === null ? null : reportOf(row.report),
    configReport: row.config_report === null ? null : reportOf(row.config_report),
    shutBeside: row.shut_beside ?? [],
    dependants: row.dependants ?? [],
    findings: row.findings ?? [],
    undone: row.undone,
    hardStop: row.hard_stop,
    lookAgainAtMs: row.look_again === null ? null : Date.parse(row.look_again),
  }
}

/** The diff is as large as a pull request may be, so it is only read when it is not in memory. */
async function changeOf(
  ask: Ask,
  { place, row }: { place: PullRequestPlace; row: ObservedRow },
): Promise<Change | null> {
  const { change_read_at: readAt, pull_request: pullRequest } = row
  if (readAt === null || pullRequest === null) return null
  const { repositoryId, number } = place
  const { headSha, baseRef } = pullRequest
  return readStoredChange(ask, { repositoryId, number, headSha, baseRef, readAt })
}

type ReadApart = Pick<Snapshot, "change" | "deployments" | "onward">
type Context = { repository: KnownRepository; deps: ReconcileDeps; seen: Seen } & ReadApart

function snapshotOf(row: ObservedRow, { repository, deps, seen, ...readApart }: Context): Snapshot {
  const checks = row.checks ?? []
  const { pause, agents } = repository.config?.config ?? builtInConfig
  const asksOf = (label: string): LabelAsk[] =>
    (row.labels ?? []).filter(({ data }) => data.label.toLowerCase() === label.toLowerCase()).map(labelAskOf)
  return {
    nowMs: deps.clock.now().getTime(),
    ownAppId: deps.ownAppId,
    repository: { id: repository.id, ...repository.address, defaultBranch: repository.defaultBranch },
    config: repository.config,
    pullRequest: row.pull_request,
    checks,
    ...readApart,
    sight: sightOf(row, seen),
    headConfig: headConfigOf(row),
    head: row.head,
    retargetedAtMs: row.retarget?.atMs ?? null,
    reviews: row.reviews ?? [],
    comments: row.comments ?? [],
    seenComments: seen.comments,
    promotion: row.promotion === null ? null : promotionOf(row.promotion),
    mergeAttempt: row.merge_attempt === null ? null : attemptOf(row.merge_attempt),
    landing: landingOf(row),
    pauses: (row.pauses ?? []).map(pauseOf),
    rollback: row.rollback,
    rollbackUnderWay: row.rollback_under_way,
    takenBack: row.taken_back ?? [],
    labelAsks: asksOf(pause.label),
    agentLabelAsks: asksOf(agents.label),
    roles: seen.roles,
    lately: latelyOf({ repository, deps, seen }),
    newRunId: deps.newRunId(),
  }
}

function headConfigOf({ config_file: file, proposed_config: proposed, repository }: ObservedRow): HeadConfig | null {
  if (file === null) return null
  const read = proposed !== null && repository !== null
  return { blob: file.blob, reading: read ? readProposed(repository, proposed.text) : null }
}

function landingOf({ queued, withdrawals }: ObservedRow): Snapshot["landing"] {
  return {
    queued: queued ?? false,
    withdrawals: (withdrawals ?? []).map(({ deed, outcome }) => ({ ...deed, outcome })),
  }
}

function latelyOf({ repository, deps, seen }: Omit<Context, keyof ReadApart>): Snapshot["lately"] {
  const kept = deps.standing.of(repository.id)
  return { roles: new Map([...kept.roles, ...seen.roles]), teams: new Map([...kept.teams, ...seen.teams]) }
}

/** A sight counts for the head and base that were seen, not for those heard of since. */
function sightOf(row: ObservedRow, seen: Seen): Snapshot["sight"] {
  const { pull_request: pullRequest, checks, reviews, comments, config_file: configFile } = row
  if (pullRequest !== null && seen.head !== null && headOf(pullRequest) !== seen.head) return "none"
  const opinions = Math.max((reviews ?? []).length, (comments ?? []).length)
  if ((checks ?? []).length > checkLimit || opinions > limitOpinions) return "partial"
  return seen.sight === "complete" && configFile === null ? "partial" : seen.sight
}

function attemptOf({ head_sha: headSha, outcome, status, message, at, count }: AttemptRow): MergeAttempt {
  return { headSha, outcome, status, message, atMs: Date.parse(at), count }
}

function pauseOf({ id, scope, branch, number, reason, source, actor, at, until }: PauseRow): Pause {
  const untilMs = until === null ? null : Date.parse(until)
  return { id, scope, branch, number, reason, source, actor, atMs: Date.parse(at), untilMs }
}

function labelAskOf({ key, at, data, answered }: LabelRow): LabelAsk {
  const { on, actor, actorIsBot, cause } = data
  return { key, atMs: Date.parse(at), on, by: null, actor, actorIsBot, cause, answered }
}

function reportOf(row: ReportRow): StoredReport {
  return {
    checkRunId: row.check_run_id,
    intendedDigest: row.intended_digest,
    shownDigest: row.shown_digest,
    shownVerdict: row.shown_verdict,
    shownAnnotations: row.shown_annotations,
    changedAtMs: Date.parse(row.changed_at),
  }
}
