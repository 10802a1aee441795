import { Prisma } from "../generated/client.ts"
import { comment, hasComment, react } from "../github/comment.ts"
import { gitHubFailure } from "../github/error.ts"
import type { HeardComment } from "../promotion/hearsay.ts"
import { subjectKey, type Subject } from "../inbox/subject.ts"
import { lockLane } from "../ledger/ledger.ts"
import {
  decideConversation,
  type Answer,
  type CommentAsk,
  type ConversationSnapshot,
} from "../promotion/conversation.ts"
import { isLabelled } from "../promotion/label.ts"
import type { Need } from "../promotion/snapshot.ts"
import { renderReply, replyMark } from "../report/comment.ts"
import type { ReconcileDeps } from "./deps.ts"
import { look, nothingSeen, type Seen } from "./look.ts"
import { promotionsUnderWay, readPauses, record } from "./record.ts"
import { readRepository, type KnownRepository } from "./repository-row.ts"

/** The issue or pull request whose comments are looked at. */
export type ConversationPlace = { repositoryId: number; number: number }

const limitRounds = 4

/** Most comments answered in one pass. */
const limitComments = 50

/**
 * Answers the comments that hold commands.
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
    if (round.needs.length === 0) return answerAll(deps, round.repository, { place, decidedNow: round.decidedNow })
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
  const repository = await readRepository(tx, place.repositoryId)
  if (repository === null) return "gone"
  const lock = await lockLane(tx, place.repositoryId)
  const snapshot = await observe(pass, repository)
  const plan = decideConversation(snapshot)
  if (plan.needs.length > 0) return { repository, needs: plan.needs, decidedNow: new Set() }
  const cause = `job:${subjectKey({ kind: "conversation", ...place })}`
  await record(tx, lock, { drafts: plan.entries, cause, nowMs: snapshot.nowMs })
  for (const [key, answer] of plan.answers) await storeAnswer(pass, key, answer)
  if (plan.pausesChanged) {
    const numbers = await promotionsUnderWay(tx, place.repositoryId)
    const { repositoryId } = place
    await deps.queue.mark(
      tx,
      numbers.map((number): Subject => ({ kind: "pull-request", repositoryId, number })),
    )
  }
  return { repository, needs: [], decidedNow: new Set(plan.answers.keys()) }
}

async function observe({ deps, tx, place, seen }: Pass, repository: KnownRepository): Promise<ConversationSnapshot> {
  const rows = await tx.ask.findMany({
    where: { ...whereComments(place), answer: { equals: Prisma.DbNull } },
    orderBy: [{ at: "asc" }, { key: "asc" }],
    take: limitComments,
  })
  const label = repository.config?.config.pause.label
  const pullRequest = await tx.fact.findUnique({
    where: {
      repositoryId_kind_key: {
        repositoryId: BigInt(place.repositoryId),
        kind: "pull-request",
        key: String(place.number),
      },
    },
  })
  const labels = (pullRequest?.data as { labels?: string[] } | undefined)?.labels ?? []
  return {
    nowMs: deps.clock.now().getTime(),
    number: place.number,
    config: repository.config,
    // GitHub tells the time of a comment to the second; within one, the order is that of their ids.
    comments: rows
      .map((row) => commentAsk(row.key, row.data as HeardComment))
      .toSorted((a, b) => a.commentId - b.commentId),
    pauses: await readPauses(tx, place.repositoryId),
    labelledNumbers: new Set(label !== undefined && isLabelled(labels, label) ? [place.number] : []),
    roles: seen.roles,
  }
}

function whereComments(place: ConversationPlace) {
  return { repositoryId: BigInt(place.repositoryId), number: place.number, kind: "comment", settledAt: null }
}

function commentAsk(key: string, heard: HeardComment): CommentAsk {
  const { commentId, number, onPullRequest, body, actor, actorIsBot, cause } = heard
  return { key, commentId, number, onPullRequest, body, actor, actorIsBot, cause }
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

/** Tells GitHub the stored answers, reaction first. */
async function answerAll(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { place, decidedNow }: { place: ConversationPlace; decidedNow: ReadonlySet<string> },
): Promise<void> {
  const rows = await deps.prisma.ask.findMany({
    where: { ...whereComments(place), NOT: { answer: { equals: Prisma.DbNull } } },
    orderBy: [{ at: "asc" }, { key: "asc" }],
  })
  const client = rows.length === 0 ? null : await deps.installation(repository.installationId)
  for (const row of rows) {
    if (client === null) continue
    const { commentId } = row.data as HeardComment
    const { reaction, reply } = row.answer as unknown as Answer
    const { address } = repository
    const thread = { address, number: place.number }
    const body = renderReply(reply, commentId)
    try {
      await react(client, { address, commentId }, reaction)
      const search = { mark: replyMark(commentId), ownAppId: deps.ownAppId, since: row.at }
      const told = body === null || (!decidedNow.has(row.key) && (await hasComment(client, thread, search)))
      if (!told) await comment(client, thread, body)
    } catch (error) {
      // What GitHub will not have said here (an archived repository, a locked thread) must not hold up the others.
      if (gitHubFailure(error) !== "refused") throw error
      deps.log.warn({ repositoryId: repository.id, number: place.number, err: error }, "GitHub refused an answer")
    }
    await deps.prisma.ask.update({
      where: { repositoryId_key: { repositoryId: row.repositoryId, key: row.key } },
      data: { settledAt: deps.clock.now() },
    })
  }
}
