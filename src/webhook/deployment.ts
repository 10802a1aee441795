import { z } from "zod"
import type { DeploymentFact } from "../promotion/fact.ts"
import { accountSchema, instant, objectId, repositorySchema, shaText, text } from "./shape.ts"

/**
 * The shape of a deployment and of its status in webhook payloads.
 *
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment_status
 */
export const deploymentSchema = z.object({
  id: objectId,
  sha: shaText,
  ref: text,
  environment: text,
  task: text,
  production_environment: z.boolean().nullish(),
  creator: accountSchema,
  created_at: instant,
})

const statusSchema = z.object({
  id: objectId,
  state: text,
  created_at: instant,
  log_url: text.nullish(),
  target_url: text.nullish(),
})

/** A status of a deployment, as heard. */
export type HeardDeploymentStatus = z.infer<typeof statusSchema>

const payload = z.object({ deployment_status: statusSchema.nullish() })

/** The status that a payload tells; null: it is of the deployment itself. Throws a `ZodError` on one that is none. */
export function deploymentStatusOf(told: unknown): HeardDeploymentStatus | null {
  return payload.parse(told).deployment_status ?? null
}

/** What a payload tells of a deployment. */
export function deploymentFact(
  deployment: z.infer<typeof deploymentSchema>,
  status: HeardDeploymentStatus | null,
): DeploymentFact {
  const { id, sha, ref, environment, task } = deployment
  const url = status?.log_url ?? status?.target_url ?? null
  return {
    id,
    sha,
    ref,
    environment,
    task,
    production: deployment.production_environment ?? null,
    state: status?.state ?? "pending",
    statusId: status?.id ?? null,
    createdAtMs: deployment.created_at,
    atMs: status?.created_at ?? deployment.created_at,
    url: url === "" ? null : url,
    creator: deployment.creator?.login ?? null,
  }
}

const rulePayload = z.object({
  repository: repositorySchema,
  environment: text,
  deployment_callback_url: text,
  deployment: deploymentSchema,
})

/** Of the address to answer at only the run's id is taken: who is asked is never told by a payload. */
const callback = /\/actions\/runs\/(\d{1,15})\/deployment_protection_rule$/

/** Which deployment waits for an answer. Throws a `ZodError` on a payload that is none, or names no workflow run. */
export function deploymentRuleOf(told: unknown) {
  const { repository, environment, deployment, deployment_callback_url: url } = rulePayload.parse(told)
  const workflowRun = objectId.parse(Number(callback.exec(url)?.[1]))
  return { repository, workflowRun, environment, sha: deployment.sha }
}
