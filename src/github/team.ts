import { z } from "zod"
import type { GitHubClient } from "./client.ts"
import { gitHubFailure } from "./error.ts"

const answerSchema = z.object({ state: z.string() })

/**
 * Asks whether someone is an active member of a team now. A team that GitHub does not know, or not for this app, has no
 * members.
 *
 * @see https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user
 */
export async function isTeamMember(
  client: GitHubClient,
  team: { org: string; slug: string },
  login: string,
): Promise<boolean> {
  try {
    const { data } = await client.request("GET /orgs/{org}/teams/{team_slug}/memberships/{username}", {
      org: team.org,
      team_slug: team.slug,
      username: login,
    })
    return answerSchema.parse(data).state === "active"
  } catch (error) {
    // Refused: the installation was not granted to read members. Nobody can be shown to be in the team.
    const failure = gitHubFailure(error)
    if (failure === "gone" || failure === "refused") return false
    throw error
  }
}
