/**
 * GraphQL mutations: a `Mutation` entry with `args: ["input"]` for each, and its payload type beside it. The work is
 * done in `act/`, from which a thrown `refusal` becomes an error of the answer. A mutation that is not here fails the
 * request as unknown.
 */
import { demand } from "./access.ts"
import { refuseArchived } from "./act/archive.ts"
import { disableAutoMerge, enableAutoMerge } from "./act/auto-merge.ts"
import { dequeue, enqueue, entryOf } from "./act/merge-queue.ts"
import { revertPull } from "./act/revert.ts"
import { actorOf, refusal } from "./api.ts"
import { type FieldCall, type Fields, optionalTextArg, properties, textArg } from "./graphql-field.ts"
import {
  type AccountNode,
  accountNode,
  pullNode,
  type PullRequestNode,
  type QueueEntryNode,
  queueEntryNode,
} from "./graphql-node.ts"
import { pullById } from "./graphql-query.ts"
import { refMutations, refPayloads } from "./graphql-ref.ts"
import type { Actor, MergeMethod, PullRequest, World } from "./state.ts"

/** A mutation on a pull request by somebody who may merge it. */
type Landing = { world: World; actor: Actor; pull: PullRequest; input: FieldCall; clientMutationId: string | undefined }

type AutoMergePayload = { clientMutationId: string | undefined; actor: AccountNode; pullRequest: PullRequestNode }
type RevertPayload = {
  clientMutationId: string | undefined
  pullRequest: PullRequestNode
  revertPullRequest: PullRequestNode
}
type QueuePayload = { clientMutationId: string | undefined; mergeQueueEntry: QueueEntryNode }

/** What merging takes: both permissions, or the write role. */
function landingOf(call: FieldCall, idName: "pullRequestId" | "id"): Landing {
  const { state, caller } = call.asked
  const input: FieldCall = { ...call, args: call.args["input"] as Record<string, unknown> }
  const { repository, pull } = pullById(call, textArg(input, idName))
  demand([{ permission: "contents", level: "write" }], caller, repository)
  demand([{ permission: "pull_requests", level: "write" }], caller, repository)
  refuseArchived(repository)
  const clientMutationId = optionalTextArg(input, "clientMutationId")
  return { world: { state, repository }, actor: actorOf(caller), pull, input, clientMutationId }
}

function autoMergePayload({ world, actor, pull, clientMutationId }: Landing): AutoMergePayload {
  return { clientMutationId, actor: accountNode(actor.account), pullRequest: pullNode(world.repository, pull) }
}

async function enable(_root: undefined, call: FieldCall): Promise<AutoMergePayload> {
  const landing = landingOf(call, "pullRequestId")
  const { world, actor, pull, input } = landing
  await enableAutoMerge(world, actor, {
    pull,
    method: textArg(input, "mergeMethod").toLowerCase() as MergeMethod,
    title: optionalTextArg(input, "commitHeadline"),
    message: optionalTextArg(input, "commitBody"),
    expectedHead: optionalTextArg(input, "expectedHeadOid"),
  })
  return autoMergePayload(landing)
}

async function disable(_root: undefined, call: FieldCall): Promise<AutoMergePayload> {
  const landing = landingOf(call, "pullRequestId")
  await disableAutoMerge(landing.world, landing.actor, landing.pull)
  return autoMergePayload(landing)
}

async function enqueuePull(_root: undefined, call: FieldCall): Promise<QueuePayload> {
  const { world, actor, pull, input, clientMutationId } = landingOf(call, "pullRequestId")
  const expectedHead = optionalTextArg(input, "expectedHeadOid")
  const entry = await enqueue(world, actor, { pull, expectedHead, jump: input.args["jump"] === true })
  return { clientMutationId, mergeQueueEntry: queueEntryNode(world.repository, entry) }
}

async function dequeuePull(_root: undefined, call: FieldCall): Promise<QueuePayload> {
  const { world, actor, pull, clientMutationId } = landingOf(call, "id")
  demand([{ permission: "merge_queues", level: "write" }], call.asked.caller, world.repository)
  const entry = entryOf(world, pull)
  if (!entry) throw refusal(422, "Pull request is not in the merge queue")
  await dequeue(world, actor, { entry, reason: "MANUAL" })
  return { clientMutationId, mergeQueueEntry: queueEntryNode(world.repository, entry) }
}

async function revert(_root: undefined, call: FieldCall): Promise<RevertPayload> {
  const { world, actor, pull, input, clientMutationId } = landingOf(call, "pullRequestId")
  const made = await revertPull(world, actor, {
    pull,
    title: optionalTextArg(input, "title"),
    body: optionalTextArg(input, "body"),
    draft: input.args["draft"] === true,
  })
  const { repository } = world
  return { clientMutationId, pullRequest: pullNode(repository, pull), revertPullRequest: pullNode(repository, made) }
}

const autoMergePayloadFields = properties<AutoMergePayload>("clientMutationId", "actor", "pullRequest")
const queuePayloadFields = properties<QueuePayload>("clientMutationId", "mergeQueueEntry")

/** Types of this file by name. */
export const mutationTypes = {
  Mutation: {
    enablePullRequestAutoMerge: { args: ["input"], resolve: enable },
    disablePullRequestAutoMerge: { args: ["input"], resolve: disable },
    enqueuePullRequest: { args: ["input"], resolve: enqueuePull },
    dequeuePullRequest: { args: ["input"], resolve: dequeuePull },
    revertPullRequest: { args: ["input"], resolve: revert },
    ...refMutations,
  } satisfies Fields<undefined>,
  EnablePullRequestAutoMergePayload: autoMergePayloadFields,
  DisablePullRequestAutoMergePayload: autoMergePayloadFields,
  EnqueuePullRequestPayload: queuePayloadFields,
  DequeuePullRequestPayload: queuePayloadFields,
  RevertPullRequestPayload: properties<RevertPayload>("clientMutationId", "pullRequest", "revertPullRequest"),
  ...refPayloads,
}
