import { SaidTooMuch } from "../github/octokit.ts"
import { standingRefusal, type StandingRefusal } from "../github/error.ts"
import { subjectKey, type Subject } from "../inbox/subject.ts"
import { reconcileConversation } from "./conversation.ts"
import type { ReconcileDeps } from "./deps.ts"
import { reconcileDeploymentRule } from "./deployment-rule.ts"
import { reconcileMergeGroup } from "./merge-group.ts"
import { reconcileHardStop } from "./hard-stop.ts"
import { awaitMerge, MergeUnderWay } from "./merge-lease.ts"
import { reconcileIssue } from "./issue.ts"
import { reconcileLane } from "./lane.ts"
import { reconcilePauses } from "./pauses.ts"
import { reconcilePullRequest } from "./pull-request.ts"
import { reconcileReceipts } from "./receipt.ts"
import { reconcileRepository } from "./repository.ts"

/**
 * Looks at one dirty subject and brings what it stands for up to date. Never asks why it was woken, and may be run
 * again at any time. Throws when it could not be done now; the queue brings it back.
 *
 * What GitHub refuses until a person changes something there is told once an hour, and left to the sweep: trying again
 * and again would change nothing, and hide what else goes wrong.
 */
export async function reconcile(deps: ReconcileDeps, subject: Subject): Promise<void> {
  try {
    await bringUpToDate(deps, subject)
  } catch (error) {
    if (error instanceof MergeUnderWay) return awaitMerge(deps, subject)
    if (error instanceof SaidTooMuch) return awaitRoom(deps, subject)
    const refusal = standingRefusal(error)
    if (refusal === undefined) throw error
    const { repositoryId } = subject
    if (deps.mayComplain(`${repositoryId} ${refusal.why}`)) {
      const { why, ...told } = refusal
      deps.log.warn({ repositoryId, ...told }, complaints[why])
    }
  }
}

const complaints: Readonly<Record<StandingRefusal["why"], string>> = {
  suspended: "the app's installation is suspended: its gates stay as they are until somebody lifts the suspension",
  archived: "the repository is archived: nothing can be shown in it",
  permission:
    "the app lacks a permission here (the gate needs checks: write): somebody must grant it on the installation's page",
}

/** How long until what could not be said for want of room is tried again. */
const roomMs = 5000

/** Has this subject looked at again soon: a worker that waited would keep everybody else waiting. */
async function awaitRoom(deps: ReconcileDeps, subject: Subject): Promise<void> {
  const [key, dueAt] = [subjectKey(subject), new Date(deps.clock.now().getTime() + roomMs)]
  await deps.prisma.$executeRaw`
    INSERT INTO look_again (subject, due_at) VALUES (${key}, ${dueAt})
    ON CONFLICT (subject) DO UPDATE SET due_at = LEAST(look_again.due_at, excluded.due_at)`
}

async function bringUpToDate(deps: ReconcileDeps, subject: Subject): Promise<void> {
  switch (subject.kind) {
    case "pull-request":
      return reconcilePullRequest(deps, subject)
    case "conversation":
      return reconcileConversation(deps, subject)
    case "merge-group":
      return reconcileMergeGroup(deps, subject)
    case "issue":
      return reconcileIssue(deps, subject)
    case "pauses":
      return reconcilePauses(deps, subject.repositoryId)
    case "hard-stop":
      return reconcileHardStop(deps, subject.repositoryId)
    case "receipts":
      return reconcileReceipts(deps, subject.repositoryId)
    case "deployment-rule":
      return reconcileDeploymentRule(deps, subject)
    case "lane":
      return reconcileLane(deps, subject)
    case "repository":
      return reconcileRepository(deps, subject.repositoryId)
  }
}
