import { z } from "zod"
import type { WithdrawalKind } from "../promotion/pause/withdraw.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure, gitHubWords, isUnprocessable } from "./error.ts"

const answerSchema = z.object({
  repository: z.object({
    pullRequest: z.object({
      id: z.string(),
      state: z.string(),
      isInMergeQueue: z.boolean(),
      autoMergeRequest: z.object({ enabledAt: z.string().nullable() }).nullable(),
    }),
  }),
})

type Landing = z.infer<typeof answerSchema>["repository"]["pullRequest"]

const query = `
  query Landing($owner: String!, $name: String!, $number: Int!) {
    repository(owner: $owner, name: $name) { pullRequest(number: $number) {
      id state isInMergeQueue autoMergeRequest { enabledAt }
    } }
  }`

/**
 * The mutations; GitHub asks for the right to merge, and for the queue also for `merge_queues: write`.
 *
 * @see https://docs.github.com/en/graphql/reference/mutations#dequeuepullrequest
 * @see https://docs.github.com/en/graphql/reference/mutations#disablepullrequestautomerge
 */
const mutations: Readonly<Record<WithdrawalKind, string>> = {
  dequeue: `mutation Dequeue($id: ID!) { dequeuePullRequest(input: { id: $id }) { clientMutationId } }`,
  "disable-auto-merge": `mutation DisableAutoMerge($id: ID!) {
    disablePullRequestAutoMerge(input: { pullRequestId: $id }) { clientMutationId } }`,
}

/** What came of it. `not-needed`: GitHub would not land it so anyway, or it is closed or gone. */
export type Withdrawn = { how: "done" | "not-needed" } | { how: "refused"; words: string }

/** Takes a pull request out of the merge queue, or its auto-merge off, after a look whether that is needed. */
export async function withdrawPullRequest(
  client: GitHubClient,
  { address, number }: { address: RepositoryAddress; number: number },
  kind: WithdrawalKind,
): Promise<Withdrawn> {
  const place = { owner: address.owner, name: address.name, number }
  const look = async (): Promise<Landing | null> => {
    try {
      return answerSchema.parse(await client.graphql(query, place)).repository.pullRequest
    } catch (error) {
      if (gitHubFailure(error) !== "gone") throw error
      return null
    }
  }
  const found = await look()
  if (found === null || !lands(found, kind)) return { how: "not-needed" }
  try {
    await client.graphql(mutations[kind], { id: found.id })
    return { how: "done" }
  } catch (error) {
    if (!isUnprocessable(error)) throw error
    // Somebody was quicker, or GitHub will not (an entry that is being merged): a look tells.
    const now = await look()
    return now === null || !lands(now, kind) ? { how: "not-needed" } : { how: "refused", words: gitHubWords(error) }
  }
}

function lands({ state, isInMergeQueue, autoMergeRequest }: Landing, kind: WithdrawalKind): boolean {
  if (state !== "OPEN") return false
  return kind === "dequeue" ? isInMergeQueue : autoMergeRequest !== null
}
