/** Refs moved by GraphQL. https://docs.github.com/en/graphql/reference/mutations#updaterefs */
import { z } from "zod"
import { demand } from "./access.ts"
import { applyRefChange, judgeRefChange, type RefPlan } from "./act/ref.ts"
import { actorOf } from "./api.ts"
import { type FieldCall, type Fields, graphFault, optionalTextArg, properties, textArg } from "./graphql-field.ts"
import { repositoryById } from "./graphql-query.ts"
import { readRef } from "./git-ref.ts"

type RefsPayload = { clientMutationId: string | undefined }

const nothing = "0".repeat(40)

const updateSchema = z.object({
  name: z.string(),
  afterOid: z.string(),
  beforeOid: z.string().nullish(),
  force: z.boolean().nullish(),
})

/**
 * Moves several refs, or none of them. One that is not where `beforeOid` says is answered with GitHub's error that tells
 * nothing, not even that. https://github.com/orgs/community/discussions/213655
 */
async function updateRefs(_root: undefined, call: FieldCall): Promise<RefsPayload> {
  const { state, caller } = call.asked
  const input: FieldCall = { ...call, args: call.args["input"] as Record<string, unknown> }
  const { repository } = repositoryById(call, textArg(input, "repositoryId"))
  demand([{ permission: "contents", level: "write" }], caller, repository)
  const world = { state, repository }
  const plans: RefPlan[] = []
  for (const update of z.array(updateSchema).parse(input.args["refUpdates"])) {
    const before = (await readRef(repository.store, update.name)) ?? null
    if (update.beforeOid != null && update.beforeOid !== (before ?? nothing)) throw graphFault()
    const after = update.afterOid === nothing ? null : update.afterOid
    if (before === null && after === null) throw graphFault()
    plans.push({ ref: update.name, before, after, force: update.force === true })
  }
  const actor = actorOf(caller)
  for (const plan of plans) await judgeRefChange(world, actor, plan)
  for (const plan of plans) await applyRefChange(world, actor, plan)
  return { clientMutationId: optionalTextArg(input, "clientMutationId") }
}

/** Mutations of this file. */
export const refMutations: Fields<undefined> = { updateRefs: { args: ["input"], resolve: updateRefs } }

/** Their payload types by name. */
export const refPayloads = { UpdateRefsPayload: properties<RefsPayload>("clientMutationId") }
