import { Prisma } from "../generated/client.ts"
import { comment, hasComment, react } from "../github/comment.ts"
import { gitHubFailure } from "../github/error.ts"
import type { HeardButton, HeardComment } from "../promotion/hearsay.ts"
import { forgetShown } from "../inbox/shown.ts"
import { subjectKey, type Subject } from "../inbox/subject.ts"
import { lockLane } from "../ledger/ledger.ts"
import {
  decideConversation,
  type CommentAsk,
  type ConversationPlan,
  type ConversationSnapshot,
} from "../promotion/command/conversation.ts"
import type { Answer } from "../promotion/command/reply.ts"
import { rulesForBranch } from "../promotion/config/config.ts"
import { isLabelled } from "../promotion/pause/label.ts"
import { issueOfPause, issuePauseId, labelPauseId } from "../promotion/pause/pause.ts"
import type { Need } from "../promotion/gate/snapshot.ts"
import { renderReply, replyMark } from "../report/comment.ts"
import { explainEffect } from "../report/effect.ts"
import { tellDenials } from "./denial.ts"
import { effectsOf, storeEffects } from "./effect.ts"
import type { ReconcileDeps } from "./deps.ts"
import { pausingIssues } from "./issue.ts"
import { readLaneGround } from "./lane-observe.ts"
import { storeLaneEffects } from "./lane-deed.ts"
import { wakeGatesInto } from "./lane-wake.ts"
import { look, nothingSeen, type Seen } from "./look.ts"
import { askWithin, observe, type Observation } from "./observe.ts"
import { followPauses } from "./pause-change.ts"
import { scheduleExpiry } from "./pauses.ts"
import { tellPresses } from "./press.ts"
import { record } from "./record.ts"
import type { KnownRepository } from "./repository-row.ts"
import { tellStatus } from "./status.ts"

/** The issue or pull request whose comments are looked at. */
export type ConversationPlace = { repositoryId: number; number: number }

/** Rounds of deciding and looking in one pass; each round answers what the one before needed. */
const limitRounds = 8

/** Most comments answered in one pass. */
const limitComments = 50

/**
 * Answers the comments that hold commands and the buttons that were pressed, and tells those whose change of the pause
 * label was denied.
 *
 * Named race: *the unanswered reply*. If the process dies between replying and learning of it, GitHub would take the
 * same reply twice. Only the pass that made a decision can know that nobody has told it; every other looks first.
 *
 * A decision is stored with the entries it led to; the reaction and the reply follow it, and only then the comment
 * counts as answered. So after a crash the same decision is told, not made again.
 */
export async function reconcileConversation(deps: ReconcileDeps, place: ConversationPlace): Promise<void> {
  const seen = nothingSeen()
  for (let count = 0; count < limitRounds; count += 1) {
    const round = await deps.prisma.$transaction((tx) => decideUnderLock({ deps, tx, place, seen }))
    if (round === "gone") return
    if (round.needs.length === 0) {
      await answerAll(deps, round.repository, { place, decidedNow: round.decidedNow })
      await tellPresses(deps, round.repository, place)
      return tellDenials(deps, round.repository, place)
    }
    await look(deps, { repository: round.repository, number: place.number }, { needs: round.needs, seen })
  }
  throw new Error(`conversation ${place.number} of repository ${place.repositoryId} did not settle`)
}

type Pass = { deps: ReconcileDeps; tx: Prisma.TransactionClient; place: ConversationPlace; seen: Seen }

type Round = {
  repository: KnownRepository
  needs: readonly Need[]
  /** Keys of the asks decided about in this very transaction. */
  decidedNow: ReadonlySet<string>
}

async function decideUnderLock(pass: Pass): Promise<"gone" | Round> {
  const { deps, tx, place } = pass
  const lock = await lockLane(tx, place.repositoryId)
  const observation = await observe(askWithin(tx), place, pass)
  if (observation === null) return "gone"
  const { repository } = observation
  const snapshot = await snapshotOf(pass, observation)
  const plan = decideConversation(snapshot)
  if (plan.needs.length > 0) return { repository, needs: plan.needs, decidedNow: new Set() }
  const cause = `job:${subjectKey({ kind: "conversation", ...place })}`
  const recorded = await record(tx, lock, { drafts: plan.entries, cause, nowMs: snapshot.nowMs })
  await storeEffects(tx, place, { effects: plan.effects, at: deps.clock.now() })
  if (plan.laneEffects.length > 0) await beginOnLane(pass, plan)
  for (const [key, answer] of plan.answers) await storeAnswer(pass, key, answer)
  if (plan.recheck) await forgetRead(pass, snapshot)
  if (plan.pausesChanged) await scheduleExpiry(tx, place.repositoryId)
  await followPauses(deps, tx, recorded)
  await markConcerned(pass, plan)
  return { repository, needs: [], decidedNow: new Set(plan.answers.keys()) }
}

/** The pull request is looked at that something was said of. */
async function markConcerned({ deps, tx, place }: Pass, plan: ConversationPlan): Promise<void> {
  const { repositoryId, number } = place
  const subjects: Subject[] = []
  const decided = plan.recheck || plan.entries.some(({ runId }) => runId !== null)
  if (decided) subjects.push({ kind: "pull-request", repositoryId, number })
  if (plan.recheck) subjects.push({ kind: "repository", repositoryId })
  await deps.queue.mark(tx, subjects)
}

/** What is to be done on the branch is done by its own pass. */
async function beginOnLane(
  { deps, tx, place: { repositoryId } }: Pass,
  { laneEffects }: ConversationPlan,
): Promise<void> {
  await storeLaneEffects(tx, repositoryId, { effects: laneEffects, at: deps.clock.now() })
  const branches = new Set(laneEffects.map(({ deed }) => deed.branch))
  await deps.queue.mark(
    tx,
    [...branches].map((branch): Subject => ({ kind: "lane", repositoryId, branch })),
  )
  for (const branch of branches) await wakeGatesInto(deps, tx, { repositoryId, branch })
}

/** What was read of the pull request, and shown of it, is read and shown anew. */
async function forgetRead({ deps, tx, place }: Pass, { pullRequest }: ConversationSnapshot): Promise<void> {
  const { repositoryId, number } = place
  deps.standing.forget(repositoryId)
  await tx.change.deleteMany({ where: { repositoryId: BigInt(repositoryId), number } })
  if (pullRequest !== null) await forgetShown(tx, [{ repositoryId, sha: pullRequest.headSha }])
}

/** Read only where somebody may ask for a rollback, or for its end. */
async function laneOf(
  { deps, tx, place }: Pass,
  { repository, snapshot }: Observation,
  comments: readonly CommentAsk[],
): Promise<ConversationSnapshot["lane"]> {
  const isAsked = comments.some(({ body, press }) => press !== undefined || /rollback|abort/i.test(body))
  if (!isAsked || repository.config === null) return null
  const branch = snapshot.pullRequest?.baseRef ?? repository.defaultBranch
  const rules = rulesForBranch(repository.config.config, { name: branch, defaultBranch: repository.defaultBranch })
  if (rules === undefined) return null
  return readLaneGround(tx, { deps, rules, place: { repositoryId: place.repositoryId, branch } })
}

async function snapshotOf(pass: Pass, observation: Observation): Promise<ConversationSnapshot> {
  const { tx, place, seen } = pass
  const { config, nowMs, pullRequest, pauses, change, head, promotion, sight, ...rest } = observation.snapshot
  const rows = await tx.ask.findMany({
    where: { ...whereAsked(place), kind: { in: ["comment", "button"] }, answer: { equals: Prisma.DbNull } },
    orderBy: [{ at: "asc" }, { key: "asc" }],
    take: limitComments,
  })
  const label = config?.config.pause.label ?? ""
  const numbers = pauses.map(issueOfPause).filter((number) => number !== null)
  const issues = await pausingIssues(tx, place.repositoryId, { numbers, label })
  const labelled = config !== null && isLabelled(pullRequest?.labels ?? [], label)
  // GitHub tells the time of a comment to the second; within one, the order is that of their ids.
  const comments = rows
    .map((row) => commentAsk(row.key, row.data as HeardComment | HeardButton))
    .toSorted((a, b) => a.atMs - b.atMs || (a.commentId ?? 0) - (b.commentId ?? 0))
  return {
    nowMs,
    number: place.number,
    config,
    comments,
    lane: await laneOf(pass, observation, comments),
    commits: seen.commits,
    pauses,
    heldByLabel: new Set([...(labelled ? [labelPauseId(place.number)] : []), ...issues.map(issuePauseId)]),
    roles: seen.roles,
    teams: seen.teams,
    defaultBranch: rest.repository.defaultBranch,
    pullRequest,
    seen: sight !== "none",
    gone: seen.gone,
    change,
    head,
    retargetedAtMs: rest.retargetedAtMs,
    promotion,
    voided: new Set(rest.comments.filter(({ standing }) => !standing).map(({ commentId }) => commentId)),
    newRunId: rest.newRunId,
  }
}

function whereAsked(place: ConversationPlace) {
  return { repositoryId: BigInt(place.repositoryId), number: place.number, settledAt: null }
}

function commentAsk(key: string, heard: HeardComment | HeardButton): CommentAsk {
  if (heard.kind === "button") {
    const { kind: _kind, deliveryId: _id, ...ask } = heard
    return { key, commentId: null, onPullRequest: true, body: "", ...ask }
  }
  const { kind: _kind, ...ask } = heard
  return { key, ...ask }
}

async function storeAnswer({ deps, tx, place }: Pass, key: string, answer: Answer | null): Promise<void> {
  await tx.ask.update({
    where: { repositoryId_key: { repositoryId: BigInt(place.repositoryId), key } },
    data: {
      answer: answer === null ? {} : (answer as unknown as Prisma.InputJsonObject),
      settledAt: answer === null ? deps.clock.now() : null,
    },
  })
}

/** Tells GitHub the stored answers: every reaction to what was decided just now, and then what there is to say. */
async function answerAll(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { place, decidedNow }: { place: ConversationPlace; decidedNow: ReadonlySet<string> },
): Promise<void> {
  const rows = await deps.prisma.ask.findMany({
    where: { ...whereAsked(place), kind: "comment", NOT: { answer: { equals: Prisma.DbNull } } },
    orderBy: [{ at: "asc" }, { key: "asc" }],
  })
  const tellings = rows.map((row): Telling => {
    const answered = { ...row, data: row.data as HeardComment, answer: row.answer as unknown as Answer }
    return { row: answered, isNew: decidedNow.has(row.key) }
  })
  for (const { row } of tellings.filter(({ isNew }) => isNew)) {
    await unlessRefused(deps, repository, { place, tell: () => tellReaction(deps, repository, row) })
  }
  for (const telling of tellings) {
    const told = await unlessRefused(deps, repository, { place, tell: () => tellAnswer(deps, repository, telling) })
    if (told === false) continue
    await deps.prisma.ask.update({
      where: { repositoryId_key: { repositoryId: BigInt(repository.id), key: telling.row.key } },
      data: { settledAt: deps.clock.now() },
    })
  }
}

/** What GitHub will not have said here (an archived repository, a locked thread) must not hold up the others. */
async function unlessRefused<Result>(
  deps: ReconcileDeps,
  { id: repositoryId }: KnownRepository,
  { place: { number }, tell }: { place: ConversationPlace; tell(): Promise<Result> },
): Promise<Result | undefined> {
  try {
    return await tell()
  } catch (error) {
    if (gitHubFailure(error) !== "refused") throw error
    deps.log.warn({ repositoryId, number, err: error }, "GitHub refused an answer")
    return undefined
  }
}

type Telling = { row: { key: string; at: Date; data: HeardComment; answer: Answer }; isNew: boolean }

async function tellReaction(
  deps: ReconcileDeps,
  { installationId, address }: KnownRepository,
  { data: { commentId }, answer }: Telling["row"],
): Promise<void> {
  await react(await deps.installation(installationId), { address, commentId }, answer.reaction)
}

/** Returns whether all was told: what is done on GitHub by the command comes before the words about it. */
async function tellAnswer(deps: ReconcileDeps, repository: KnownRepository, { row, isNew }: Telling): Promise<boolean> {
  const client = await deps.installation(repository.installationId)
  const { commentId, number, onPullRequest } = row.data
  const { reply, mark } = row.answer
  const { address } = repository
  if (!isNew) await tellReaction(deps, repository, row)
  const effects = await effectsOf(deps, repository.id, row.key)
  if (effects.some(({ outcome }) => outcome === null)) return false
  const wrong = effects.map(({ deed, outcome }) => explainEffect(deed, outcome)).filter((words) => words !== null)
  const asked = reply.some(({ kind }) => kind === "status")
  const status = asked ? await tellStatus(deps, repository, { number, onPullRequest }) : undefined
  const body = renderReply(reply, commentId, { status, wrong, mark })
  const thread = { address, number }
  const search = { mark: replyMark(commentId, mark), ownAppId: deps.ownAppId, since: row.at }
  const told = body === null || (!isNew && (await hasComment(client, thread, search)))
  if (!told) await comment(client, thread, body)
  return true
}
