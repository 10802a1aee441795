import { offeredButtons, type Button } from "../promotion/command/button.ts"
import { rulesForBranch } from "../promotion/config/config.ts"
import { impostorsAmong } from "../promotion/gate/diagnosis.ts"
import { judgeReversal, type Reversal } from "../promotion/merge/reversal.ts"
import type { PromotionState } from "../promotion/state.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { gateCheckName, type GateContext } from "../report/check-run.ts"
import type { Observation } from "./observe.ts"

type Decided = { verdict: Verdict; promotion: PromotionState }

/** What the gate's report tells beside the verdict, as it was observed. */
export function contextOf(observation: Observation, decided: Decided): GateContext {
  const { snapshot } = observation
  const around = { gateName: gateCheckName, ownAppId: snapshot.ownAppId }
  return {
    runId: decided.promotion.runId,
    merge: snapshot.mergeAttempt,
    buttons: buttonsOf(observation, decided),
    findings: [...observation.findings, ...impostorsAmong(snapshot.checks, around)],
    reversal: reversalOf(observation),
    landing: { ...snapshot.landing, autoMerge: snapshot.pullRequest?.autoMerge ?? false },
    hardStop: observation.hardStop,
  }
}

/** Null where no stage asks for what it changes. */
function reversalOf({ snapshot, dependants }: Observation): Reversal | null {
  const { pullRequest, change } = snapshot
  if (pullRequest === null || change === null) return null
  return judgeReversal({ mergeable: pullRequest.mergeable, change, dependants })
}

function buttonsOf({ snapshot }: Observation, { verdict, promotion }: Decided): Button[] {
  const branch = { name: verdict.baseRef, defaultBranch: snapshot.repository.defaultBranch }
  const auto = rulesForBranch(verdict.config.config, branch)?.merge.auto ?? []
  const byConfig = verdict.risk !== null && auto.includes(verdict.risk.level)
  const mergesItself = byConfig || snapshot.pullRequest?.autoMerge === true
  return offeredButtons({ verdict, promotion, attempt: snapshot.mergeAttempt, mergesItself })
}
