import { systemActor, type Actor, type EntryDraft } from "../../ledger/entry.ts"
import type { PullRequestFact } from "../fact.ts"
import type { Snapshot } from "./snapshot.ts"
import { foldPromotion, type PromotionState } from "../state.ts"

/** The payload of one type of entry. */
export type PayloadOf<T extends EntryDraft["type"]> = Extract<EntryDraft, { type: T }>["payload"]

/** Entries of a plan so far, and the promotion as they leave it. */
export type Journal = {
  runId: string
  entries: EntryDraft[]
  promotion(): PromotionState | null
  /** Writes an entry about the promotion, by Portcullis itself unless told. */
  write<T extends EntryDraft["type"]>(type: T, payload: PayloadOf<T>, actor?: Actor): void
  add(entry: EntryDraft): void
}

/** Opens the journal of a pull request's promotion; a new promotion begins where the known one cannot go on. */
export function openJournal(
  snapshot: Pick<Snapshot, "promotion" | "nowMs" | "newRunId">,
  pullRequest: PullRequestFact,
): Journal {
  const current = continues(snapshot.promotion, pullRequest) ? snapshot.promotion : null
  const runId = current?.runId ?? snapshot.newRunId
  let promotion = current ?? undefined
  const entries: EntryDraft[] = []
  const add = (entry: EntryDraft): void => {
    entries.push(entry)
    promotion = foldPromotion(promotion, { ...entry, occurredAtMs: snapshot.nowMs })
  }
  return {
    runId,
    entries,
    promotion: () => promotion ?? null,
    add,
    write: (type, payload, actor = systemActor) => {
      const { headSha, baseRef, number } = pullRequest
      const key = `${runId}:${(promotion?.version ?? 0) + 1}:${type}`
      const common = { key, runId, actor, pullRequest: number, sha: headSha, branch: baseRef, cause: null }
      add({ ...common, type, payload } as EntryDraft)
    },
  }
}

/**
 * Whether the known promotion is the one to go on with. One that was closed is followed by a new one on reopening; one
 * that was ended by a decision is ended for that head, and a push begins anew.
 */
function continues(promotion: PromotionState | null, pullRequest: PullRequestFact): boolean {
  if (promotion === null) return false
  if (pullRequest.merged) return true
  if (!hasEnded(promotion)) return true
  return promotion.endedBy === "decision" && promotion.headSha === pullRequest.headSha
}

/** Whether a promotion ended unmerged. */
function hasEnded({ state }: PromotionState): boolean {
  return state === "aborted" || state === "rejected" || state === "expired"
}

/** Begins the promotion, or begins it anew for another head or base. */
export function propose(journal: Journal, pullRequest: PullRequestFact): void {
  const why = whyProposed(journal.promotion(), pullRequest)
  if (why === null) return
  journal.write("proposed", { why, author: pullRequest.author.login, from: pullRequest.headRef })
}

function whyProposed(known: PromotionState | null, pullRequest: PullRequestFact): PayloadOf<"proposed">["why"] | null {
  if (known === null) return "opened"
  if (known.headSha !== pullRequest.headSha) return "pushed"
  return known.baseRef === pullRequest.baseRef || hasEnded(known) ? null : "retargeted"
}
