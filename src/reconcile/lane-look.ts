import { readLanded } from "../github/landed.ts"
import { readBranch } from "../github/branch.ts"
import { readGranted } from "../github/branch-rules.ts"
import { readChangedPaths } from "../github/tree.ts"
import { sha } from "../lib/brand.ts"
import { writeFacts } from "../inbox/facts.ts"
import { knownGoodTag } from "../promotion/config/config-rollback.ts"
import type { HeardFact } from "../promotion/hearsay.ts"
import type { TargetSight } from "../promotion/lane/onward.ts"
import type { LaneNeed } from "../promotion/lane/lane-plan.ts"
import type { LaneContext } from "./lane.ts"

/** What was asked of GitHub about a branch in one pass; it is forgotten with the pass. */
export type LaneSeen = {
  /** Where the known-good tag is; undefined: not read. */
  tagAt: string | null | undefined
  /** Run ids of the landings whose evidence was read. */
  evidence: Set<string>
  /** Paths that a landing changed, by run id; null: GitHub does not tell all of them. */
  paths: Map<string, readonly string[] | null>
  /** Null: not asked. */
  mayWriteWorkflows: boolean | null
  /** What the branch that known-good goes on to has of it; null: not asked. */
  onward: TargetSight | null
}

/** Nothing asked yet. */
export function nothingSeenOfLane(): LaneSeen {
  return { tagAt: undefined, evidence: new Set(), paths: new Map(), mayWriteWorkflows: null, onward: null }
}

/** Asks GitHub what a decision about a branch needs to know. `seen` is brought up to date in place. */
export async function lookAtLane(
  context: LaneContext,
  { needs, seen }: { needs: readonly LaneNeed[]; seen: LaneSeen },
): Promise<void> {
  for (const need of needs) await answer(context, need, seen)
}

async function answer({ deps, repository, place, rules }: LaneContext, need: LaneNeed, seen: LaneSeen): Promise<void> {
  const client = await deps.installation(repository.installationId)
  const { address, id: repositoryId } = repository
  switch (need.kind) {
    case "evidence": {
      const seenAt = deps.clock.now()
      const environments = rules.health?.deployments ?? []
      const { checks, deployments, complete } = await readLanded(client, address, { sha: need.sha, environments })
      const heard: HeardFact[] = [
        ...checks.map((fact): HeardFact => ({ kind: "check", fact })),
        ...deployments.map((fact): HeardFact => ({ kind: "deployment", fact })),
      ]
      const facts = heard.map((one) => ({ repositoryId, heard: one }))
      await deps.prisma.$transaction((tx) => writeFacts(tx, facts, { how: "seen", seenAt }))
      if (!complete) deps.log.warn({ repositoryId, sha: need.sha }, "GitHub did not tell all checks of a landed commit")
      seen.evidence.add(need.runId)
      return
    }
    case "tag": {
      const tag = knownGoodTag(rules, place.branch)
      seen.tagAt = (await readBranch(client, address, { branch: place.branch, tag })).tagAt
      return
    }
    case "paths":
      seen.paths.set(
        need.runId,
        need.before === null
          ? null
          : await readChangedPaths(client, address, { from: sha(need.before), to: sha(need.sha) }),
      )
      return
    case "permissions": {
      const granted = await readGranted(await deps.app(), address)
      seen.mayWriteWorkflows = granted?.permissions["workflows"] === "write"
    }
  }
}
