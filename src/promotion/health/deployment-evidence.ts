import type { DeploymentFact } from "../fact.ts"
import { evidence, unreported, unsettled, type EvidenceItem, type EvidenceReason, type Span } from "./evidence.ts"
import type { HealthFacts } from "./reported.ts"

/**
 * Whether the commit is deployed to an environment. A deployment is of this commit when it is of exactly this one, or of
 * a later commit that contains it, if that succeeded: then what runs there is this change, too. A later commit's
 * deployment that did not succeed says something about that commit, and nothing about this one. The other way round, a
 * later success does not mend a failure of this commit's own newest deployment: as it was merged, it did not run.
 */

type DeploymentFacts = Pick<HealthFacts, "sha" | "laterShas" | "deployments">

/**
 * GitHub's words for a deployment that went wrong.
 *
 * @see https://docs.github.com/en/rest/deployments/statuses
 */
const failures: readonly string[] = ["failure", "error"]

/**
 * When the environment had the commit for the first time; null when it had not by `latestMs`. Of a deployment that was
 * retired (`inactive`) GitHub tells no more when it succeeded, only that it had; the moment is never too early.
 */
export function whenDeployed(environment: string, facts: DeploymentFacts, latestMs: number): number | null {
  const moments = deploymentsTo(environment, facts)
    .filter((one) => isOwn(one, facts) || isLater(one, facts))
    .filter(({ state, atMs, createdAtMs }) => {
      if (state === "success") return atMs <= latestMs
      return state === "inactive" && createdAtMs <= latestMs
    })
    .map(({ atMs }) => Math.min(atMs, latestMs))
  return moments.length === 0 ? null : Math.min(...moments)
}

/** Judges one named environment. A failure counts whenever it is heard of, everything else as it stood at the end. */
export function judgeDeployment(environment: string, facts: DeploymentFacts, span: Span): EvidenceItem {
  const all = deploymentsTo(environment, facts)
  const inTime = all.filter(({ createdAtMs }) => createdAtMs <= span.endMs)
  const ours = inTime.find((one) => isOwn(one, facts))
  const failed = [ours, ...all.filter((one) => isOwn(one, facts) && one.createdAtMs > span.endMs)].find(
    (one) => one !== undefined && failures.includes(one.state),
  )
  const item = { kind: "deployment", name: environment } as const
  if (failed !== undefined) return evidence({ ...item, state: "bad", reason: "deployment-failed", ...told(failed) })
  const newest = inTime.find((one) => isOwn(one, facts) || (isLater(one, facts) && one.state === "success"))
  if (newest === undefined) return evidence({ ...item, state: unreported(span), reason: "nothing-reported" })
  const other = inTime.find((one) => !isOwn(one, facts) && !isLater(one, facts))
  if (other !== undefined && other.id > newest.id) {
    return evidence({ ...item, state: "inconclusive", reason: "deployment-replaced", which: other.sha, ...told(other) })
  }
  const which = isOwn(newest, facts) ? null : newest.sha
  return evidence({ ...item, ...standing(newest, facts, span), which, ...told(newest) })
}

function standing(
  newest: DeploymentFact,
  facts: DeploymentFacts,
  span: Span,
): Pick<EvidenceItem, "state"> & { reason: EvidenceReason } {
  if (newest.state === "inactive") return { state: "inconclusive", reason: "deployment-inactive" }
  if (newest.state !== "success") return { state: unsettled(span), reason: "deployment-running" }
  if (newest.atMs > span.endMs) return { state: "inconclusive", reason: "deployment-late" }
  return { state: "good", reason: isOwn(newest, facts) ? "deployed" : "deployed-later" }
}

/** The newest first: GitHub counts deployments up, and takes no account of upper and lower case in an environment's name. */
function deploymentsTo(environment: string, { deployments }: DeploymentFacts): DeploymentFact[] {
  const wanted = environment.toLowerCase()
  return deployments.filter((one) => one.environment.toLowerCase() === wanted).toSorted((a, b) => b.id - a.id)
}

function isOwn(one: DeploymentFact, { sha }: DeploymentFacts): boolean {
  return one.sha === sha
}

function isLater(one: DeploymentFact, { sha, laterShas }: DeploymentFacts): boolean {
  return one.sha !== sha && laterShas.includes(one.sha)
}

function told({ state, atMs, url }: DeploymentFact): Pick<EvidenceItem, "word" | "atMs" | "url"> {
  return { word: state, atMs, url }
}
