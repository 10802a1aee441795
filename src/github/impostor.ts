import { z } from "zod"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

const pulls = z.array(z.object({ base: z.object({ ref: z.string() }), head: z.object({ sha: z.string() }) }))
const runs = z.object({ check_runs: z.array(z.object({ app: z.object({ id: z.int(), slug: z.string() }).nullish() })) })

/** Most pull requests looked at. */
const limitHeads = 10

/** Slugs of other apps that reported a check of this name on the newest open pull requests into a branch. */
export async function readImpostors(
  client: GitHubClient,
  place: { address: RepositoryAddress; branch: string },
  gate: { name: string; ownAppId: number },
): Promise<string[]> {
  const { owner, name: repo } = place.address
  const { data } = await client.request("GET /repos/{owner}/{repo}/pulls", {
    owner,
    repo,
    state: "open",
    base: place.branch,
    sort: "updated",
    direction: "desc",
    per_page: limitHeads,
  })
  const found: string[] = []
  for (const { head } of pulls.parse(data)) {
    const answer = await client.request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", {
      owner,
      repo,
      ref: head.sha,
      check_name: gate.name,
      per_page: 100,
    })
    for (const { app } of runs.parse(answer.data).check_runs) {
      if (app != null && app.id !== gate.ownAppId) found.push(app.slug)
    }
  }
  return found
}
