import type { Prisma } from "../generated/client.ts"
import { gitHubFailure } from "../github/error.ts"
import { readIssue, type IssueSight } from "../github/issue.ts"
import { writeAsks, writeFacts } from "../inbox/facts.ts"
import { subjectKey, type Subject } from "../inbox/subject.ts"
import { lockLane } from "../ledger/ledger.ts"
import type { IssueFact } from "../promotion/fact.ts"
import type { HeardFact, HeardLabel } from "../promotion/hearsay.ts"
import { decideIssueLabel, isLabelled, type LabelDecision } from "../promotion/pause/label.ts"
import { issueOfPause } from "../promotion/pause/pause.ts"
import type { LabelAsk } from "../promotion/gate/snapshot.ts"
import type { ReconcileDeps } from "./deps.ts"
import { look, nothingSeen, type Seen } from "./look.ts"
import { followPauses } from "./pause-change.ts"
import { readPauses, record } from "./record.ts"
import { readRepository, type KnownRepository } from "./repository-row.ts"

/** An issue, but no pull request. */
export type IssuePlace = { repositoryId: number; number: number }

/** Rounds of deciding and looking in one pass. */
const limitRounds = 6

/** Changes of the label, and closings, that are looked back at. */
const limitChanges = 40

/**
 * Brings the pause of the repository in line with the pause label on one of its issues. It is considered without the lock
 * first, because nearly every issue pauses nothing.
 */
export async function reconcileIssue(deps: ReconcileDeps, place: IssuePlace): Promise<void> {
  const seen = nothingSeen()
  for (let count = 0; count < limitRounds; count += 1) {
    const repository = await readRepository(deps.prisma, place.repositoryId)
    if (repository === null) return
    const pass = { deps, place, seen, repository }
    const first = await consider(deps.prisma, pass)
    const isIdle = first.needs === null && first.entry === null && first.answered === null
    if (isIdle) return
    const { needs } = first.needs === null ? await deps.prisma.$transaction((tx) => doUnderLock(tx, pass)) : first
    if (needs === null) return
    if (needs.kind === "sight" && repository.config !== null) {
      const sight = await seeIssue(deps, repository, place.number)
      await deps.prisma.$transaction((tx) => storeIssues(tx, place.repositoryId, sight))
      seen.sight = "complete"
    } else await look(deps, { repository, number: place.number }, { needs: [needs], seen })
  }
  throw new Error(`issue ${place.number} of repository ${place.repositoryId} did not settle`)
}

type Pass = { deps: ReconcileDeps; place: IssuePlace; seen: Seen; repository: KnownRepository }

const nothing: LabelDecision = { needs: null, entry: null, answered: null, denied: null }

async function consider(db: Prisma.TransactionClient, pass: Pass): Promise<LabelDecision> {
  const { deps, place, seen, repository } = pass
  if (repository.config === null) return { ...nothing, needs: { kind: "sight" } }
  const issue = await readFact(db, place)
  if (issue === null) return nothing
  const { config } = repository.config
  return decideIssueLabel({
    issue,
    config,
    snapshot: {
      nowMs: deps.clock.now().getTime(),
      pauses: await readPauses(db, place.repositoryId),
      labelAsks: await readChanges(db, place, config.pause.label),
      roles: seen.roles,
      sight: seen.sight,
    },
  })
}

async function doUnderLock(tx: Prisma.TransactionClient, pass: Pass): Promise<LabelDecision> {
  const { deps, place } = pass
  const lock = await lockLane(tx, place.repositoryId)
  const decision = await consider(tx, pass)
  if (decision.needs !== null) return decision
  const cause = `job:${subjectKey({ kind: "issue", ...place })}`
  const drafts = decision.entry === null ? [] : [decision.entry]
  const recorded = await record(tx, lock, { drafts, cause, nowMs: deps.clock.now().getTime() })
  await answer(tx, pass, decision)
  await followPauses(deps, tx, recorded)
  return decision
}

/** An answer that somebody has to be told is settled only when it was: the conversation sees to it. */
async function answer(
  tx: Prisma.TransactionClient,
  { deps, place }: Pass,
  { answered, denied }: LabelDecision,
): Promise<void> {
  if (answered === null) return
  await tx.ask.updateMany({
    where: { repositoryId: BigInt(place.repositoryId), key: answered },
    data: { settledAt: denied === null ? deps.clock.now() : null, answer: denied ?? {} },
  })
  if (denied !== null) await deps.queue.mark(tx, [{ ...place, kind: "conversation" }])
}

async function readFact(tx: Pick<Prisma.TransactionClient, "fact">, place: IssuePlace): Promise<IssueFact | null> {
  const key = { repositoryId: BigInt(place.repositoryId), kind: "issue", key: String(place.number) }
  const row = await tx.fact.findUnique({ where: { repositoryId_kind_key: key } })
  return row === null ? null : (row.data as unknown as IssueFact)
}

async function readChanges(tx: Prisma.TransactionClient, place: IssuePlace, label: string): Promise<LabelAsk[]> {
  const rows = await tx.$queryRaw<{ key: string; at: Date; data: HeardLabel; answered: boolean }[]>`
    SELECT key, at, data, answer IS NOT NULL AS answered FROM ask
    WHERE repository_id = ${BigInt(place.repositoryId)} AND number = ${place.number} AND kind = 'label'
      AND (data ->> 'by' IS NOT NULL OR lower(data ->> 'label') = lower(${label}))
    ORDER BY at DESC, key DESC LIMIT ${limitChanges}`
  return rows.map(({ key, at, data, answered }) => {
    const { on, actor, actorIsBot, cause, by = null } = data
    return { key, atMs: at.getTime(), on, by, actor, actorIsBot, cause, answered }
  })
}

/** What was seen of issues; `at` is the moment before it was asked. */
export type SeenIssues = { issues: readonly IssueSight[]; at: Date }

async function seeIssue(deps: ReconcileDeps, repository: KnownRepository, number: number): Promise<SeenIssues> {
  const at = deps.clock.now()
  const client = await deps.installation(repository.installationId)
  const sight = await readUnlessGone(() => readIssue(client, repository.address, number))
  if (sight !== null) return { issues: [sight], at }
  // Moved to another repository, or deleted: it pauses nothing any more.
  const known = await readFact(deps.prisma, { repositoryId: repository.id, number })
  return { issues: known === null ? [] : [{ fact: { ...known, open: false }, changes: [] }], at }
}

async function readUnlessGone(read: () => Promise<IssueSight>): Promise<IssueSight | null> {
  try {
    return await read()
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    return null
  }
}

async function storeIssues(
  tx: Prisma.TransactionClient,
  repositoryId: number,
  { issues, at }: SeenIssues,
): Promise<void> {
  const facts = issues.map(({ fact }) => ({ repositoryId, heard: { kind: "issue", fact } satisfies HeardFact }))
  await writeFacts(tx, facts, { how: "seen", seenAt: at })
  const asks = issues.flatMap(({ changes }) => changes.map((heard) => ({ repositoryId, heard })))
  await writeAsks(tx, asks)
}

/** Stores what a sweep saw of issues, and has each looked at: the config may name another label by now. */
export async function storeAndMark(deps: ReconcileDeps, repositoryId: number, seen: SeenIssues): Promise<void> {
  if (seen.issues.length === 0) return
  await deps.prisma.$transaction(async (tx) => {
    await storeIssues(tx, repositoryId, seen)
    const subjects = seen.issues.map(({ fact }): Subject => ({ kind: "issue", repositoryId, number: fact.number }))
    await deps.queue.mark(tx, subjects)
  })
}

/** Most issues looked at one by one in a sweep. */
const limitLooks = 20

/** Looks at the issues that pause the repository and were not among those that are open and labelled. */
export async function seeLiftedIssues(
  deps: ReconcileDeps,
  repository: KnownRepository,
  listed: ReadonlySet<number>,
): Promise<void> {
  const pauses = await readPauses(deps.prisma, repository.id)
  const numbers = pauses.map(issueOfPause).filter((number) => number !== null && !listed.has(number))
  for (const number of numbers.slice(0, limitLooks)) {
    if (number === null) continue
    await storeAndMark(deps, repository.id, await seeIssue(deps, repository, number))
  }
}

/** Numbers of the issues that are open and carry the label, of those that pause the repository. */
export async function pausingIssues(
  tx: Pick<Prisma.TransactionClient, "fact">,
  repositoryId: number,
  { numbers, label }: { numbers: readonly number[]; label: string },
): Promise<number[]> {
  if (numbers.length === 0) return []
  const rows = await tx.fact.findMany({
    where: { repositoryId: BigInt(repositoryId), kind: "issue", key: { in: numbers.map(String) } },
  })
  const facts = rows.map(({ data }) => data as unknown as IssueFact)
  return facts.filter(({ open, labels }) => open && isLabelled(labels, label)).map(({ number }) => number)
}
