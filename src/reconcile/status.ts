import { decide, type Plan } from "../promotion/gate/decide.ts"
import type { MergeAttempt } from "../promotion/merge/merge.ts"
import { pullRequestStatus, repositoryStatus } from "../report/status.ts"
import type { ReconcileDeps } from "./deps.ts"
import { look, nothingSeen } from "./look.ts"
import { askPool, observe } from "./observe.ts"
import { promotionsUnderWay, readPauses } from "./record.ts"
import type { KnownRepository } from "./repository-row.ts"

/** Rounds of deciding and looking. */
const limitRounds = 8

/** What holds the gate of a pull request now, or on an issue, the whole repository. Nothing is written down. */
export async function tellStatus(
  deps: ReconcileDeps,
  repository: KnownRepository,
  thread: { number: number; onPullRequest: boolean },
): Promise<string> {
  if (!thread.onPullRequest) {
    const open = await promotionsUnderWay(deps.prisma, repository.id)
    return repositoryStatus({ pauses: await readPauses(deps.prisma, repository.id), open: open.length })
  }
  return pullRequestStatus(await decideNow(deps, repository, thread.number))
}

type Now = Pick<Plan, "verdict" | "promotion"> & { merge: MergeAttempt | null }

async function decideNow(deps: ReconcileDeps, repository: KnownRepository, number: number): Promise<Now> {
  const unknown: Now = { verdict: null, promotion: null, merge: null }
  const seen = nothingSeen()
  for (let count = 0; count < limitRounds && !seen.gone; count += 1) {
    const observation = await observe(askPool(deps.pool), { repositoryId: repository.id, number }, { deps, seen })
    if (observation === null) return unknown
    const plan = decide(observation.snapshot)
    const { promotion, mergeAttempt: merge } = observation.snapshot
    if (plan.needs.length === 0) return { verdict: plan.verdict, promotion: plan.promotion ?? promotion, merge }
    await look(deps, { repository: observation.repository, number }, { needs: plan.needs, seen })
  }
  return unknown
}
