import fc from "fast-check"
import type { DeploymentFact } from "../../src/promotion/fact.ts"
import { head, nowMs, olderHead } from "./world.ts"

/** A deployment of the head to `staging` that has been well for an hour, unless told. */
export function deploymentOf(fact: Partial<DeploymentFact> = {}): DeploymentFact {
  const atMs = nowMs - 3_600_000
  return {
    id: 10,
    sha: head,
    ref: "feature",
    environment: "staging",
    production: false,
    state: "success",
    statusId: 11,
    createdAtMs: atMs,
    atMs,
    url: null,
    creator: "ci[bot]",
    task: "deploy",
    ...fact,
  }
}

/** Every word of GitHub for a deployment's state, and one that is none. */
export const deploymentStates: readonly string[] = [
  "error",
  "failure",
  "inactive",
  "in_progress",
  "queued",
  "pending",
  "success",
  "waiting",
  "entangled",
]

/** Deployments to several environments, of several commits. */
export const deployments: fc.Arbitrary<readonly DeploymentFact[]> = fc.uniqueArray(
  fc
    .record({
      id: fc.integer({ min: 1, max: 30 }),
      sha: fc.constantFrom(head, head, head, olderHead),
      environment: fc.constantFrom("staging", "Staging", "staging", "production"),
      state: fc.oneof(fc.constant("success"), fc.constantFrom(...deploymentStates)),
      // In the future as well: clocks differ.
      agoMs: fc.constantFrom(-60_000, 30_000, 3 * 60_000, 3_600_000),
    })
    .map(({ agoMs, ...fact }) => deploymentOf({ ...fact, atMs: nowMs - agoMs })),
  { maxLength: 5, selector: ({ id }) => id },
)
