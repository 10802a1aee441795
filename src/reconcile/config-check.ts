import {
  effortOf,
  isSameOutcome,
  outcomesUnder,
  type VerdictDifference,
  type VerdictDifferences,
} from "../promotion/config/config-outcome.ts"
import type { PromotionConfig } from "../promotion/config/config.ts"
import type { Plan } from "../promotion/gate/decide.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { configCheckName, renderConfigCheck } from "../report/config-check.ts"
import type { ReconcileDeps } from "./deps.ts"
import { nothing, planContent, writeGate, type GatePlan, type GateWrite } from "./gate.ts"
import { nothingSeen } from "./look.ts"
import { askPool, observe, type Observation, type PullRequestPlace } from "./observe.ts"
import { promotionsUnderWay } from "./record.ts"

/**
 * The check run about a change of the gate's own config. It is intended, written and acknowledged as the gate is; only
 * what it would mean for the other open promotions is found out when it is written, since that is much to judge and
 * may be another the next moment. So its content is intended without it.
 */

/** Decides whether it is written: where the config is changed, and where it was said to be before. */
export function planConfigCheck(observation: Observation, { verdict, promotion }: Plan): GatePlan {
  if (verdict === null || promotion === null) return nothing
  const { snapshot, configReport: report } = observation
  const { number, runId } = promotion
  const isKnown = snapshot.headConfig !== null
  if (verdict.proposal === null && !(isKnown && report !== null)) return nothing
  const content = renderConfigCheck(verdict, null)
  return planContent({
    place: { name: configCheckName, runId, number, sha: verdict.headSha },
    subject: { kind: "pull-request", repositoryId: snapshot.repository.id, number },
    content,
    core: JSON.stringify(content),
    report,
    nowMs: snapshot.nowMs,
  })
}

/** Writes it, with what would change for the open promotions. */
export async function writeConfigCheck(
  deps: ReconcileDeps,
  { repository }: Observation,
  { verdict, write }: { verdict: Verdict | null; write: GateWrite },
): Promise<void> {
  const proposal = verdict?.proposal ?? null
  const becomes = proposal !== null && "config" in proposal ? proposal.config : null
  const effects =
    becomes === null ? null : await judgeOthers(deps, { repositoryId: repository.id, number: write.number }, becomes)
  const content = verdict === null ? write.content : renderConfigCheck(verdict, effects)
  await writeGate(deps, repository, { ...write, content })
}

/** Most open promotions that are judged under another config. */
const limitJudged = 200

/** Most effort spent on that, about a second's; whoever may open a pull request may have it spent. */
const limitEffort = 5_000_000

/** Of the pull request itself it would mean nothing: its config holds when it is merged. */
async function judgeOthers(
  deps: ReconcileDeps,
  { repositoryId, number: own }: PullRequestPlace,
  becomes: PromotionConfig,
): Promise<VerdictDifferences> {
  const numbers = (await promotionsUnderWay(deps.prisma, repositoryId)).filter((number) => number !== own)
  const different: VerdictDifference[] = []
  const unknown: number[] = []
  let [same, effort] = [0, 0]
  for (const number of numbers.slice(0, limitJudged)) {
    const observed = await observe(askPool(deps.pool), { repositoryId, number }, { deps, seen: nothingSeen() })
    effort += observed === null ? 0 : effortOf(observed.snapshot, becomes)
    const outcomes = observed === null || effort > limitEffort ? null : outcomesUnder(observed.snapshot, becomes)
    if (outcomes === null) unknown.push(number)
    else if (isSameOutcome(outcomes.was, outcomes.becomes)) same += 1
    else different.push({ number, ...outcomes })
  }
  return { different, same, unknown, left: Math.max(0, numbers.length - limitJudged) }
}
