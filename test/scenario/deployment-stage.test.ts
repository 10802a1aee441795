import { expect } from "vitest"
import { deploys, later, repositoryOf } from "../harness/after-merge.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

const minute = 60_000

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }, { deployment: { environment: staging, observe: 5m } }]
`

scenario(
  "a gate opens when exactly this commit was deployed to staging and stayed well, and shuts when a newer deployment fails",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting: not deployed to staging yet, 1 of 2 stages passed"`,
    )
    const head = repositoryOf(t).pulls.get(pr.number)?.headSha ?? ""
    await deploys(t, { sha: head, environment: "staging" })
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting: staging is observed until 2026-11-20 12:05 UTC, 1 of 2 stages passed"`,
    )
    await later(t, 6 * minute)
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    const other = await t.openPullRequest()
    await deploys(t, { sha: repositoryOf(t).pulls.get(other.number)?.headSha ?? "", environment: "staging" })
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting: not deployed to staging yet, 1 of 2 stages passed"`,
    )
    await deploys(t, { sha: head, environment: "staging", state: "failure" })
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"failure | Blocked: the deployment to staging failed, 1 of 2 stages passed"`,
    )
  },
  { config },
)
