import type { NamedStatement } from "../lib/db/query.ts"
import { rulesForBranch } from "../promotion/config/config.ts"
import type { DeploymentFact } from "../promotion/fact.ts"
import type { KnownRepository } from "./repository-row.ts"

/** Deployments that are read of each environment: the newest is judged, the others are for people. */
const limitOfEach = 3

const selection: NamedStatement = {
  name: "read-deployments",
  text: `
    SELECT d.data FROM (SELECT DISTINCT lower(name) AS name FROM jsonb_array_elements_text($2::jsonb) AS t (name)) AS e
    CROSS JOIN LATERAL (
      SELECT f.data FROM fact f
      WHERE f.repository_id = $1 AND f.kind = 'deployment' AND lower(f.data ->> 'environment') = e.name
      ORDER BY (f.data ->> 'id')::bigint DESC LIMIT ${limitOfEach}) d`,
}

/**
 * Reads the newest deployments, of whatever commit, to the environments that the gate of a branch asks about. Most branches
 * ask for none, and cost no question. GitHub takes no account of upper and lower case in the names of environments.
 */
export async function readDeployments(
  ask: <Row>(statement: NamedStatement, values: readonly unknown[]) => Promise<Row[]>,
  repository: Pick<KnownRepository, "id" | "config" | "defaultBranch">,
  branch: string | undefined,
): Promise<DeploymentFact[]> {
  const { id, config, defaultBranch } = repository
  if (config === null || branch === undefined) return []
  const stages = rulesForBranch(config.config, { name: branch, defaultBranch })?.stages ?? []
  const environments = stages.flatMap((stage) => (stage.kind === "deployment" ? [stage.environment] : []))
  if (environments.length === 0) return []
  const rows = await ask<{ data: DeploymentFact }>(selection, [id, JSON.stringify(environments)])
  return rows.map(({ data }) => data)
}
