import { z } from "zod"
import type { BranchGuard, Granted, RequiredCheck } from "../promotion/gate/diagnosis.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"

/** A branch of a repository. */
export type BranchPlace = { address: RepositoryAddress; branch: string }

/**
 * Reads what must pass before a merge into a branch. What the app may not read is null.
 *
 * @throws what Octokit throws when GitHub cannot answer now.
 */
export async function readBranchGuard(client: GitHubClient, place: BranchPlace): Promise<BranchGuard> {
  const rules = await unlessRefused(() => readRules(client, place))
  const byProtection = await unlessRefused(() => readProtection(client, place))
  const queued = await unlessRefused(() => hasQueue(client, place))
  return {
    byRules: rules?.required ?? null,
    byProtection,
    mergeQueue: rules?.queued === true ? true : queued,
  }
}

async function unlessRefused<Result>(read: () => Promise<Result>): Promise<Result | null> {
  try {
    return await read()
  } catch (error) {
    const failure = gitHubFailure(error)
    if (failure === "gone" || failure === "refused") return null
    throw error
  }
}

const ruleSchema = z.object({ type: z.string(), parameters: z.unknown().optional() })
const checksRule = z.object({
  required_status_checks: z.array(z.object({ context: z.string(), integration_id: z.int().nullish() })),
})
const pageSize = 100
const limitPages = 5

/** @see https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch */
async function readRules(
  client: GitHubClient,
  { address, branch }: BranchPlace,
): Promise<{ required: RequiredCheck[]; queued: boolean }> {
  const required: RequiredCheck[] = []
  let queued = false
  for (let page = 1; page <= limitPages; page += 1) {
    const { data } = await client.request("GET /repos/{owner}/{repo}/rules/branches/{branch}", {
      owner: address.owner,
      repo: address.name,
      branch,
      per_page: pageSize,
      page,
    })
    const rules = z.array(ruleSchema).parse(data)
    for (const { type, parameters } of rules) {
      if (type === "merge_queue") queued = true
      if (type !== "required_status_checks") continue
      for (const { context, integration_id: id } of checksRule.parse(parameters).required_status_checks) {
        required.push({ context, appId: id ?? null })
      }
    }
    if (rules.length < pageSize) break
  }
  return { required, queued }
}

const branchSchema = z.object({
  protection: z
    .object({
      required_status_checks: z
        .object({ checks: z.array(z.object({ context: z.string(), app_id: z.int().nullish() })).nullish() })
        .nullish(),
    })
    .nullish(),
})

/** The summary that everybody who may read the branch is told. GitHub writes an app that does not matter as null or -1. */
async function readProtection(client: GitHubClient, { address, branch }: BranchPlace): Promise<RequiredCheck[]> {
  const { data } = await client.request("GET /repos/{owner}/{repo}/branches/{branch}", {
    owner: address.owner,
    repo: address.name,
    branch,
  })
  const checks = branchSchema.parse(data).protection?.required_status_checks?.checks ?? []
  return checks.map(({ context, app_id: id }) => ({ context, appId: id == null || id < 0 ? null : id }))
}

const queueAnswer = z.object({ repository: z.object({ mergeQueue: z.object({ id: z.string() }).nullable() }) })

/** Queues of classic branch protection stand in no list of rules. */
async function hasQueue(client: GitHubClient, { address, branch }: BranchPlace): Promise<boolean> {
  const query = `
    query MergeQueue($owner: String!, $name: String!, $branch: String!) {
      repository(owner: $owner, name: $name) { mergeQueue(branch: $branch) { id } }
    }`
  const answer = await client.graphql(query, { owner: address.owner, name: address.name, branch })
  return queueAnswer.parse(answer).repository.mergeQueue !== null
}

const grantedSchema = z.object({
  id: z.int(),
  permissions: z.record(z.string(), z.string()),
  events: z.array(z.string()),
})

/** Reads what the app was granted on a repository, and by which installation; null when it is not installed there. */
export async function readGranted(
  app: GitHubClient,
  address: RepositoryAddress,
): Promise<(Granted & { installationId: number }) | null> {
  const data = await unlessRefused(async () => {
    const answer = await app.request("GET /repos/{owner}/{repo}/installation", {
      owner: address.owner,
      repo: address.name,
    })
    return answer.data
  })
  if (data === null) return null
  const { id: installationId, permissions, events } = grantedSchema.parse(data)
  return { installationId, permissions, events }
}
