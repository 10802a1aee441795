import { mergePullRequest, type MergeAnswer } from "../github/merge.ts"
import type { MergePlan } from "../promotion/merge/merge.ts"
import type { ReconcileDeps } from "./deps.ts"
import { look, nothingSeen, type Seen } from "./look.ts"
import { giveBack, takeLease } from "./merge-lease.ts"
import type { PullRequestPlace } from "./observe.ts"
import type { KnownRepository } from "./repository-row.ts"

/** What a merge works with: the repository, the pull request, and how to decide once more under the lane's lock. */
export type Merging = {
  repository: KnownRepository
  place: PullRequestPlace
  /** Decides again on what was seen; writes down what follows, and gives the merge that still follows, if one does. */
  decideAgain(seen: Seen): Promise<MergePlan | null>
}

/**
 * Merges a pull request, if that still follows when everything was read once more while nobody can pause.
 *
 * The attempt is stored before the request and its answer after it. An answer that never came is not taken for a no:
 * GitHub is asked what became of it before anybody tries again.
 */
export async function mergeNow(deps: ReconcileDeps, merging: Merging): Promise<void> {
  const { place, repository } = merging
  const lease = await takeLease(deps, { kind: "pull-request", repositoryId: place.repositoryId, number: place.number })
  if (lease === null) return
  try {
    const seen = nothingSeen()
    await look(deps, { repository, number: place.number }, { needs: [{ kind: "sight" }], seen })
    const plan = seen.gone ? null : await merging.decideAgain(seen)
    if (plan === null || !plan.sure) return
    await storeBegun(deps, place, plan)
    const client = await deps.installation(repository.installationId)
    const answer = await mergePullRequest(client, repository.address, { number: place.number, ...plan })
    await storeAnswer(deps, place, { plan, answer })
    if (answer.kind === "unanswered") throw answer.error
  } finally {
    await giveBack(deps, lease)
  }
}

function keyOf(place: PullRequestPlace, plan: MergePlan) {
  return { repositoryId: BigInt(place.repositoryId), number: place.number, headSha: plan.headSha }
}

async function storeBegun(deps: ReconcileDeps, place: PullRequestPlace, plan: MergePlan): Promise<void> {
  const key = keyOf(place, plan)
  const begun = { outcome: "unanswered", status: null, message: null, at: deps.clock.now() }
  await deps.prisma.mergeAttempt.upsert({
    where: { repositoryId_number_headSha: key },
    create: { ...key, ...begun, count: 1 },
    update: { ...begun, count: { increment: 1 } },
  })
}

type Answered = { plan: MergePlan; answer: MergeAnswer }

/**
 * Stores what GitHub said: a no, to be told and not to be repeated at once, or a yes, which is believed for a while even
 * where GitHub still tells that the pull request is open.
 */
async function storeAnswer(deps: ReconcileDeps, place: PullRequestPlace, { plan, answer }: Answered): Promise<void> {
  const { repositoryId, number } = place
  if (answer.kind === "unanswered") return
  const { status, message } = answer.kind === "refused" ? answer : { status: null, message: null }
  await deps.prisma.$transaction(async (tx) => {
    await tx.mergeAttempt.update({
      where: { repositoryId_number_headSha: keyOf(place, plan) },
      data: { outcome: answer.kind, status, message, at: deps.clock.now() },
    })
    await deps.queue.mark(tx, [{ kind: "pull-request", repositoryId, number }])
  })
}
