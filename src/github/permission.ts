import { z } from "zod"
import { parseRole, type Role } from "../promotion/permission.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

const answerSchema = z.object({ permission: z.string(), role_name: z.string().optional() })

/**
 * Asks what someone may do in a repository now. A custom role is taken for the built-in permission it gives. Someone
 * GitHub does not know there may do nothing.
 *
 * @see https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
 */
export async function readRole(client: GitHubClient, address: RepositoryAddress, login: string): Promise<Role> {
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/collaborators/{username}/permission", {
      owner: address.owner,
      repo: address.name,
      username: login,
    })
    const { permission, role_name: roleName } = answerSchema.parse(data)
    return parseRole(roleName ?? "") ?? parseRole(permission) ?? "none"
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 404) return "none"
    throw error
  }
}
