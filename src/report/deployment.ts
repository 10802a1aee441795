import type { DeploymentReason, DeploymentStage } from "../promotion/deployment/deployment-stage.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { bare, code, plain } from "./markdown.ts"
import { moment } from "./moment.ts"

/** Words for the stage `deployment`: what became of the newest deployment to its environment. */

/** A reason in a few words, for the title: one line without Markdown. */
export function deploymentHeadline(reason: DeploymentReason, verdict: Verdict): string {
  const stage = stageOf(verdict)
  const where = bare(stage?.environment ?? "the environment", 40)
  if (reason === "deployment-failed") return `the deployment to ${where} failed`
  if (reason === "deployment-pending") return `not deployed to ${where} yet`
  return `${where} is observed ${until(stage)}`
}

/** A reason in a sentence or two, with the next step, in Markdown. */
export function explainDeployment(reason: DeploymentReason, verdict: Verdict): string {
  const stage = stageOf(verdict)
  const where = code(stage?.environment ?? "the environment", 60)
  if (reason === "observation-running") {
    return `this commit is deployed to ${where}, and must stay so ${until(stage)}, without another deployment. Next: nothing, the gate goes on by itself.`
  }
  if (reason === "deployment-failed") {
    return `the newest deployment to ${where} is of this commit, and it failed. Next: mend it and push, or deploy it again.`
  }
  const newest = stage?.newest ?? null
  if (newest === null) {
    return `no deployment to ${where} is known, and one of this commit must have succeeded. Next: deploy this commit there.`
  }
  if (newest.sha !== verdict.headSha) {
    return `the newest deployment to ${where} is of ${code(newest.sha.slice(0, 12))}, not of this commit. Next: deploy this commit there.`
  }
  return `the newest deployment to ${where} is of this commit, and it is ${stateWords(newest.state)}. Next: wait for it to succeed, or deploy it again.`
}

/** What was found, for the table of stages, in Markdown. */
export function deploymentDetail(stage: DeploymentStage): string {
  const { environment, newest, reason } = stage
  const where = code(environment, 60)
  if (newest === null) return `${where}: no deployment known`
  const observed = reason === "observation-running" ? `, observed ${until(stage)}` : ""
  return `${where}: newest of ${code(newest.sha.slice(0, 12))}, ${stateWords(newest.state)}${observed}`
}

function stageOf({ stages }: Verdict): DeploymentStage | undefined {
  return stages.find((stage) => stage.kind === "deployment")
}

function until(stage: DeploymentStage | undefined): string {
  return stage?.observedAtMs == null ? "for a while" : `until ${moment(stage.observedAtMs)}`
}

/** Words of GitHub that people would otherwise take for others. */
const words = new Map(
  Object.entries({
    success: "succeeded",
    failure: "failed",
    error: "failed (with an error)",
    inactive: "not active any more",
    in_progress: "running",
  }),
)

function stateWords(state: string): string {
  return words.get(state) ?? plain(state, 40)
}
