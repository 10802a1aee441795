import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { promotionConfigSchema, type ConfigInForce } from "../../src/promotion/config/config.ts"
import { readDeployments } from "../../src/reconcile/deployment-row.ts"
import { askPool } from "../../src/reconcile/observe.ts"
import { testDatabase, type TestDatabase } from "../harness/database.ts"
import { deploymentOf } from "../promotion/deployment-world.ts"

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(() => database.reset())
afterAll(() => database.close())

const stages = [{ deployment: { environment: "staging" } }]
const config: ConfigInForce = {
  status: "valid",
  blob: "d".repeat(40),
  config: promotionConfigSchema.parse({ version: 1, branches: { main: { stages }, develop: {} } }),
}

/** Stores deployments of a repository; the times at which they come say nothing. */
async function heard(repositoryId: number, facts: readonly { id: number; environment: string }[]): Promise<void> {
  for (const fact of facts) {
    await database.pool.query(
      `INSERT INTO fact (repository_id, kind, key, sha, version, data, seen_at)
       VALUES ($1, 'deployment', $2, $3, 0, $4, now())`,
      [repositoryId, String(fact.id), deploymentOf().sha, JSON.stringify(deploymentOf(fact))],
    )
  }
}

/** Ids of the deployments that the gate of a branch is judged by, newest first. */
async function read(branch: string | undefined, inForce: ConfigInForce | null = config): Promise<number[]> {
  const found = await readDeployments(askPool(database.pool), { id: 5, config: inForce, defaultBranch: "main" }, branch)
  return found.map(({ id }) => id)
}

test("the newest few to the environment that the branch asks about are read, however it is spelled", async () => {
  const ids = [9, 99, 100, 8, 101]
  await heard(5, [
    ...ids.map((id) => ({ id, environment: id === 100 ? "Staging" : "staging" })),
    { id: 200, environment: "production" },
  ])
  await heard(6, [{ id: 300, environment: "staging" }])
  expect(await read("main")).toEqual([101, 100, 99])
})

test("nothing is read where no environment is asked about", async () => {
  await heard(5, [{ id: 1, environment: "staging" }])
  expect(await read("develop")).toEqual([])
  expect(await read("feature")).toEqual([])
  expect(await read(undefined)).toEqual([])
  expect(await read("main", null)).toEqual([])
})

test("they are found by their index", async () => {
  const client = await database.pool.connect()
  try {
    await client.query("SET enable_seqscan = off")
    const { rows } = await client.query<{ "QUERY PLAN": string }>(
      `EXPLAIN SELECT f.data FROM fact f WHERE f.repository_id = 5 AND f.kind = 'deployment'
         AND lower(f.data ->> 'environment') = 'staging' ORDER BY (f.data ->> 'id')::bigint DESC LIMIT 3`,
    )
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n")
    expect(plan).toContain("fact_deployment_idx")
    expect(plan).not.toContain("Sort")
  } finally {
    await client.query("RESET enable_seqscan")
    client.release()
  }
})
