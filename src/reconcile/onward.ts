import type { Prisma } from "../generated/client.ts"
import { readContained } from "../github/onward.ts"
import { sha } from "../lib/brand.ts"
import { lockLane } from "../ledger/ledger.ts"
import { decideOnward, type CarriedPull, type OnwardGround, type TargetSight } from "../promotion/lane/onward.ts"
import type { LaneSnapshot } from "../promotion/lane/lane-plan.ts"
import { storeLaneEffects } from "./lane-deed.ts"
import type { LaneContext } from "./lane.ts"
import { landedRuns } from "./lane-row.ts"
import { readKnownGood } from "./record-lane.ts"

/** What is known of the branch, and what was seen of the target in this pass; that is brought up to date in place. */
type Pass = {
  snapshot: Pick<LaneSnapshot, "enforced" | "deeds">
  seen: { onward: TargetSight | null }
  looked: boolean
}

/**
 * Intends what follows for promoting the known-good commit of a branch into the next one; true when there is something to
 * be done now. `looked`: the branch was looked at in this pass, by a push or the sweep, so the target is as well. Most
 * branches lead nowhere, and cost nothing.
 */
export async function carryOnward(context: LaneContext, pass: Pass): Promise<boolean> {
  const { deps, repository, place, rules } = context
  if (rules.promote_to === null) return false
  const { look } = decideOnward(await groundOf(deps.prisma, context, pass))
  if (look !== null) {
    const client = await deps.installation(repository.installationId)
    const asked = { address: repository.address, target: look.target, commit: sha(look.commit) }
    pass.seen.onward = { ...look, ...(await readContained(client, asked)) }
  }
  return deps.prisma.$transaction(async (tx) => {
    await lockLane(tx, place.repositoryId)
    const { effect } = decideOnward(await groundOf(tx, context, pass))
    if (effect === null) return false
    await storeLaneEffects(tx, place.repositoryId, { effects: [effect], at: deps.clock.now() })
    return true
  })
}

type Tables = Pick<Prisma.TransactionClient, "$queryRaw" | "promotion" | "knownGood">

async function groundOf(
  tx: Tables,
  { place, rules, repository }: LaneContext,
  { snapshot, seen, looked }: Pass,
): Promise<OnwardGround> {
  const to = rules.promote_to
  return {
    branch: place.branch,
    enforced: snapshot.enforced,
    to,
    runs: await landedRuns(tx, place),
    knownGood: await readKnownGood(tx, place.repositoryId, place.branch),
    carried: to === null ? [] : await readCarried(tx, { ...place, target: to.branch }),
    deeds: snapshot.deeds,
    target: seen.onward,
    again: looked,
    sections: repository.config?.config.policy.description.require_sections ?? [],
  }
}

type CarriedRow = Omit<CarriedPull, "state"> & { open: boolean; merged: boolean }

/** The newest promotion pull requests from a branch into another; one that nobody told of yet is open. */
async function readCarried(
  tx: Pick<Tables, "$queryRaw">,
  { repositoryId, branch, target }: LaneContext["place"] & { target: string },
): Promise<CarriedPull[]> {
  const rows = await tx.$queryRaw<CarriedRow[]>`
    SELECT DISTINCT ON (number) c.*, coalesce(f.data ->> 'state' = 'open', true) AS open,
      coalesce((f.data ->> 'merged')::boolean, false) AS merged
    FROM (
      SELECT (outcome ->> 'number')::int AS number, deed ->> 'commit' AS commit, (deed ->> 'since')::int AS since,
        intended_at FROM effect
      WHERE repository_id = ${BigInt(repositoryId)} AND number = 0 AND deed ->> 'kind' = 'open-onward'
        AND deed ->> 'branch' = ${branch} AND deed ->> 'target' = ${target} AND outcome ->> 'how' = 'done') c
    LEFT JOIN fact f ON f.repository_id = ${BigInt(repositoryId)} AND f.kind = 'pull-request' AND f.key = c.number::text
    ORDER BY number DESC, intended_at DESC LIMIT 50`
  return rows.map(({ number, commit, since, open, merged }) => {
    return { number, commit, since, state: open ? "open" : merged ? "merged" : "closed" }
  })
}
