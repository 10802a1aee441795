import type { Prisma } from "../generated/client.ts"
import type { CheckFact, DeploymentFact } from "../promotion/fact.ts"
import type { HeardAsk, HeardFact } from "../promotion/hearsay.ts"

/**
 * Facts and asks, written by the drain (hearsay) and by reads of our own (sight), newest version of an object kept.
 *
 * Named race: *the late webhook*. Events arrive out of order; each fact carries a version made from the object's own
 * id and times, and a lower version never overwrites a higher one. Two versions in the same second are settled by
 * arrival, and sight corrects them.
 */
export type FactWriter = Pick<Prisma.TransactionClient, "$executeRaw" | "$queryRaw">

/** A fact of one repository. */
export type RepositoryFactRow = { repositoryId: number; heard: HeardFact }

type Row = {
  repositoryId: bigint
  kind: string
  key: string
  sha: string | null
  number: number | null
  version: bigint
  data: string
}

function rowOf({ repositoryId, heard }: RepositoryFactRow): Row {
  const common = { repositoryId: BigInt(repositoryId), kind: heard.kind, data: JSON.stringify(heard.fact) }
  return { ...common, ...placeOf(heard) }
}

type Place = Pick<Row, "key" | "sha" | "number" | "version">

function placeOf(heard: HeardFact): Place {
  switch (heard.kind) {
    case "pull-request": {
      const { number, headSha, updatedAtMs } = heard.fact
      return { key: String(number), sha: headSha, number, version: BigInt(updatedAtMs) }
    }
    case "review": {
      const { id, number, sha, atMs, state } = heard.fact
      // A dismissal has no time of its own, and is never taken back.
      const version = BigInt(atMs) * 2n + (state === "dismissed" ? 1n : 0n)
      return { key: String(id), sha, number, version }
    }
    case "head": {
      const { number, sha, atMs } = heard.fact
      // The newest push of a commit tells since when it is the head, else the first mention of it.
      return { key: `${number}:${sha}`, sha, number, version: BigInt(heard.pushed ? atMs : -atMs) }
    }
    case "queue":
    case "retarget": {
      const { number, atMs } = heard.fact
      return { key: String(number), sha: null, number, version: BigInt(atMs) }
    }
    case "issue": {
      const { number, updatedAtMs } = heard.fact
      return { key: String(number), sha: null, number, version: BigInt(updatedAtMs) }
    }
    case "comment": {
      const { commentId, number, standing, atMs } = heard.fact
      // Once void, for ever void.
      return { key: String(commentId), sha: null, number, version: standing ? 0n : BigInt(atMs) }
    }
    default:
      return { number: null, ...placeOfCommit(heard) }
  }
}

type OfCommit = Extract<HeardFact, { kind: "check" | "merge-group" | "config-file" | "deployment" }>

/** Of what is of a commit, and of no pull request. */
function placeOfCommit(heard: OfCommit): Omit<Place, "number"> {
  switch (heard.kind) {
    case "check":
      return { key: checkKey(heard.fact), sha: heard.fact.sha, version: checkVersion(heard.fact) }
    case "merge-group": {
      const { headSha, standing } = heard.fact
      // A group is made once and ends once.
      return { key: headSha, sha: headSha, version: standing ? 0n : 1n }
    }
    case "config-file": {
      const { sha } = heard.fact
      // A commit never changes.
      return { key: sha, sha, version: 0n }
    }
    case "deployment": {
      return { key: String(heard.fact.id), sha: heard.fact.sha, version: deploymentVersion(heard.fact) }
    }
  }
}

/** GraphQL does not tell the id of a status, so it is known by what makes it one of a kind: commit, name, reporter. */
function checkKey({ source, id, sha, name, app }: CheckFact): string {
  return source === "check-run" ? `check-run:${id}` : `status:${sha}:${JSON.stringify([app, name])}`
}

/**
 * A check run has no `updated_at`: the later of its start and end orders its versions, and within one moment its
 * progress does. So a run that is reset to run again (a later start) replaces its own earlier end.
 */
function checkVersion(fact: CheckFact): bigint {
  const progress = fact.status === "completed" ? 2 : fact.status === "in_progress" ? 1 : 0
  return BigInt(fact.atMs) * 4n + BigInt(progress)
}

/**
 * GitHub tells the time of a deployment, and of its statuses, to the second, and several often fall into one; within it
 * its progress orders them. So the word that it was made, which comes late, takes back no failure.
 */
function deploymentVersion({ atMs, state }: DeploymentFact): bigint {
  const order = ["in_progress", "success", "failure", "error", "inactive"]
  const progress = [1, 2, 2, 2, 3][order.indexOf(state)] ?? 0
  return BigInt(atMs) * 4n + BigInt(progress)
}

/**
 * How a fact came to us, and when: for a read of our own, the moment before it was asked. What was seen also replaces a
 * check or deployment of a higher version, if that was heard before the question was asked.
 */
export type FactSource = { how: "heard" | "seen"; seenAt: Date }

/** Writes facts; of one object given twice the higher version counts. Returns how many rows changed. */
export async function writeFacts(
  tx: FactWriter,
  facts: readonly RepositoryFactRow[],
  source: FactSource,
): Promise<number> {
  const rows = newestOfEach(facts.map(rowOf))
  if (rows.length === 0) return 0
  const seen = source.how === "seen"
  return tx.$executeRaw`
    INSERT INTO fact (repository_id, kind, key, sha, number, version, data, seen_at)
    SELECT r, k, o, s, n, v, d::jsonb, ${source.seenAt} FROM unnest(
      ${rows.map((row) => row.repositoryId)}::bigint[], ${rows.map((row) => row.kind)}::text[],
      ${rows.map((row) => row.key)}::text[], ${rows.map((row) => row.sha)}::text[],
      ${rows.map((row) => row.number)}::int[], ${rows.map((row) => row.version)}::bigint[],
      ${rows.map((row) => row.data)}::text[]) AS t (r, k, o, s, n, v, d)
    ON CONFLICT (repository_id, kind, key) DO UPDATE
      SET sha = excluded.sha, number = excluded.number, version = excluded.version, data = excluded.data,
        seen_at = excluded.seen_at
      WHERE (excluded.version >= fact.version 
          OR (${seen} AND excluded.kind IN ('check', 'deployment') AND fact.seen_at < excluded.seen_at))
        AND excluded.data IS DISTINCT FROM fact.data`
}

function newestOfEach(rows: readonly Row[]): Row[] {
  const newest = new Map<string, Row>()
  for (const row of rows) {
    const key = `${row.repositoryId} ${row.kind} ${row.key}`
    const known = newest.get(key)
    if (known === undefined || row.version >= known.version) newest.set(key, row)
  }
  return [...newest.values()]
}

/** Key of an ask: the same thing heard twice, or heard and seen, has one key. */
function askKey(ask: HeardAsk): string {
  if (ask.kind === "comment") return `comment:${ask.commentId}`
  if (ask.kind === "button") return buttonKey(ask.deliveryId)
  const what = ask.by === undefined ? ask.label.slice(0, 100) : `#${ask.by}`
  return `label:${ask.number}:${ask.atMs}:${ask.on ? "on" : "off"}:${what}`
}

/** Key of the ask of a pressed button. */
export function buttonKey(deliveryId: string): string {
  return `button:${deliveryId}`
}

/** Writes asks; one that is known already is left as it is, answer included. */
export async function writeAsks(
  tx: FactWriter,
  asks: readonly { repositoryId: number; heard: HeardAsk }[],
): Promise<void> {
  if (asks.length === 0) return
  await tx.$executeRaw`
    INSERT INTO ask (repository_id, key, kind, number, at, data)
    SELECT r, k, kind, n, to_timestamp(at::double precision / 1000), d::jsonb FROM unnest(
      ${asks.map((ask) => BigInt(ask.repositoryId))}::bigint[], ${asks.map((ask) => askKey(ask.heard))}::text[],
      ${asks.map((ask) => ask.heard.kind)}::text[], ${asks.map((ask) => ask.heard.number)}::int[],
      ${asks.map((ask) => BigInt(ask.heard.atMs))}::bigint[], ${asks.map((ask) => JSON.stringify(ask.heard))}::text[])
      AS t (r, k, kind, n, at, d)
    ON CONFLICT DO NOTHING`
}

/** Open pull requests whose head is one of these commits. */
export async function openPullRequestsAt(
  tx: FactWriter,
  heads: readonly { repositoryId: number; sha: string }[],
): Promise<{ repositoryId: number; number: number }[]> {
  if (heads.length === 0) return []
  const rows = await tx.$queryRaw<{ repository_id: bigint; number: number }[]>`
    SELECT fact.repository_id, fact.number FROM fact
    JOIN unnest(${heads.map((head) => BigInt(head.repositoryId))}::bigint[], ${heads.map((head) => head.sha)}::text[])
      AS h (r, s) ON fact.repository_id = h.r AND fact.sha = h.s
    WHERE fact.kind = 'pull-request' AND fact.data ->> 'state' = 'open' GROUP BY 1, 2`
  return rows.map((row) => ({ repositoryId: Number(row.repository_id), number: row.number }))
}

/** Merge groups that stand and whose commit is one of these. */
export async function mergeGroupsAt(
  tx: FactWriter,
  heads: readonly { repositoryId: number; sha: string }[],
): Promise<{ repositoryId: number; sha: string }[]> {
  if (heads.length === 0) return []
  const rows = await tx.$queryRaw<{ repository_id: bigint; key: string }[]>`
    SELECT DISTINCT fact.repository_id, fact.key FROM fact
    JOIN unnest(${heads.map((head) => BigInt(head.repositoryId))}::bigint[], ${heads.map((head) => head.sha)}::text[])
      AS h (r, s) ON fact.repository_id = h.r AND fact.key = h.s
    WHERE fact.kind = 'merge-group' AND fact.data ->> 'standing' = 'true'`
  return rows.map((row) => ({ repositoryId: Number(row.repository_id), sha: row.key }))
}
