import { z } from "zod"
import type { HeardRepository } from "../promotion/hearsay.ts"
import type { GitHubClient } from "./client.ts"
import { gitHubFailure } from "./error.ts"

const installation = z.object({ id: z.int(), suspended_at: z.string().nullish() })
const installations = z.array(installation)
const repositories = z.object({
  repositories: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      owner: z.object({ login: z.string() }),
      default_branch: z.string(),
      archived: z.boolean().optional(),
    }),
  ),
})

const pageSize = 100
const limitPages = 100

/** Ids of all installations that are not suspended. The client acts as the app itself. */
export async function readInstallations(app: GitHubClient): Promise<number[]> {
  const found: number[] = []
  for (let page = 1; page <= limitPages; page += 1) {
    const { data } = await app.request("GET /app/installations", { per_page: pageSize, page })
    const listed = installations.parse(data)
    found.push(...listed.filter((one) => (one.suspended_at ?? null) === null).map((one) => one.id))
    if (listed.length < pageSize) break
  }
  return found
}

/** Whether an installation is there and not suspended. The client acts as the app itself. */
export async function isInstallationLive(app: GitHubClient, installationId: number): Promise<boolean> {
  try {
    const { data } = await app.request("GET /app/installations/{installation_id}", { installation_id: installationId })
    return (installation.parse(data).suspended_at ?? null) === null
  } catch (error) {
    if (gitHubFailure(error) === "gone") return false
    throw error
  }
}

/**
 * Repositories an installation covers, or of them only as many as lead to the one with the id `until`. The client acts as
 * that installation.
 */
export async function readRepositories(
  client: GitHubClient,
  installationId: number,
  until?: number,
): Promise<HeardRepository[]> {
  const found: HeardRepository[] = []
  for (let page = 1; page <= limitPages; page += 1) {
    const { data } = await client.request("GET /installation/repositories", { per_page: pageSize, page })
    const listed = repositories.parse(data).repositories
    for (const { id, name, owner, default_branch: defaultBranch } of listed) {
      found.push({ id, installationId, owner: owner.login, name, defaultBranch, active: true })
    }
    if (listed.length < pageSize || listed.some(({ id }) => id === until)) break
  }
  return found
}
