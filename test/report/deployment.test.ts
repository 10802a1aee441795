import { describe, expect, test } from "vitest"
import type { DeploymentFact } from "../../src/promotion/fact.ts"
import { verdictCore } from "../../src/report/check-run.ts"
import { deploymentOf } from "../promotion/deployment-world.ts"
import { nowMs, olderHead } from "../promotion/world.ts"
import { shown, verdictOf } from "./verdict.ts"

const stages = [{ deployment: { environment: "staging" } }]

/** The gate after these deployments: its title, the reason with the next step, and the row of the stage. */
function told(...facts: readonly Partial<DeploymentFact>[]): string {
  const text = shown({ stages, deployments: facts.map(deploymentOf) })
  const lines = text.split("\n")
  return lines.filter((line, at) => at === 0 || /^(?:- \*\*|\| deployment)/.test(line)).join("\n")
}

describe("a gate that asks for a deployment, read by a newcomer", () => {
  test("none is known", () => {
    expect(told()).toMatchInlineSnapshot(`
      "in_progress | Waiting: not deployed to staging yet, 0 of 1 stage passed
      - **deployment-pending** — no deployment to \`staging\` is known, and one of this commit must have succeeded. Next: deploy this commit there.
      | deployment | ⏳ pending | \`staging\`: no deployment known |"
    `)
  })

  test("the newest is of another commit", () => {
    expect(told({}, { id: 11, sha: olderHead })).toMatchInlineSnapshot(`
      "in_progress | Waiting: not deployed to staging yet, 0 of 1 stage passed
      - **deployment-pending** — the newest deployment to \`staging\` is of \`bbbbbbbbbbbb\`, not of this commit. Next: deploy this commit there.
      | deployment | ⏳ pending | \`staging\`: newest of \`bbbbbbbbbbbb\`, succeeded |"
    `)
  })

  test("it is being deployed", () => {
    expect(told({ state: "in_progress" })).toMatchInlineSnapshot(`
      "in_progress | Waiting: not deployed to staging yet, 0 of 1 stage passed
      - **deployment-pending** — the newest deployment to \`staging\` is of this commit, and it is running. Next: wait for it to succeed, or deploy it again.
      | deployment | ⏳ running | \`staging\`: newest of \`aaaaaaaaaaaa\`, running |"
    `)
  })

  test("it failed, although an earlier one did not", () => {
    expect(told({}, { id: 11, state: "failure" })).toMatchInlineSnapshot(`
      "failure | Blocked: the deployment to staging failed, 0 of 1 stage passed
      - **deployment-failed** — the newest deployment to \`staging\` is of this commit, and it failed. Next: mend it and push, or deploy it again.
      | deployment | ❌ failed | \`staging\`: newest of \`aaaaaaaaaaaa\`, failed |"
    `)
  })

  test("it is well, but not for long enough", () => {
    expect(told({ atMs: nowMs - 60_000 })).toMatchInlineSnapshot(`
      "in_progress | Waiting: staging is observed until 2026-11-20 12:04 UTC, 0 of 1 stage passed
      - **observation-running** — this commit is deployed to \`staging\`, and must stay so until 2026-11-20 12:04 UTC, without another deployment. Next: nothing, the gate goes on by itself.
      | deployment | ⏳ running | \`staging\`: newest of \`aaaaaaaaaaaa\`, succeeded, observed until 2026-11-20 12:04 UTC |"
    `)
  })

  test("it has been well for long enough", () => {
    expect(told({})).toMatchInlineSnapshot(`
      "success | Open: 1 of 1 stage passed
      | deployment | ✅ passed | \`staging\`: newest of \`aaaaaaaaaaaa\`, succeeded |"
    `)
  })

  test("hostile names and words stay text", () => {
    const environment = "a|b`[x](http://x) @olga\n# Big"
    const text = shown({
      stages: [{ deployment: { environment } }],
      deployments: [deploymentOf({ environment, state: "<img>|@olga" })],
    })
    expect(
      text
        .split("\n")
        .filter((line) => /^(?:- \*\*|\| deployment)/.test(line))
        .join("\n"),
    ).toMatchInlineSnapshot(`
      "- **deployment-pending** — the newest deployment to \`\`a¦b\`[x](http://x) @olga # Big\`\` is of this commit, and it is &#60;img&#62;&#124;&#64;olga. Next: wait for it to succeed, or deploy it again.
      | deployment | ⏳ pending | \`\`a¦b\`[x](http://x) @olga # Big\`\`: newest of \`aaaaaaaaaaaa\`, &#60;img&#62;&#124;&#64;olga |"
    `)
  })
})

test("progress of a deployment is no news, but that it failed is", () => {
  const core = (fact: Partial<DeploymentFact>): string =>
    verdictCore(verdictOf({ stages, deployments: [deploymentOf(fact)] }))
  expect(core({ state: "queued" })).toBe(core({ state: "in_progress", atMs: nowMs }))
  expect(core({ state: "failure" })).not.toBe(core({ state: "queued" }))
})
