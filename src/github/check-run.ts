import { z } from "zod"
import { gateCheckName, type GateContent } from "../report/check-run.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"

/** The check run to write: which commit, and whose it is (`<pull request>:<commit>`; GitHub keeps it as `external_id`). */
export type GateTarget = { address: RepositoryAddress; sha: string; externalId: string }

const created = z.object({ id: z.int() })

/**
 * Makes the gate's check run; returns its id.
 *
 * @see https://docs.github.com/en/rest/checks/runs#create-a-check-run
 */
export async function createGate(client: GitHubClient, target: GateTarget, content: GateContent): Promise<number> {
  const { data } = await client.request("POST /repos/{owner}/{repo}/check-runs", {
    owner: target.address.owner,
    repo: target.address.name,
    name: gateCheckName,
    head_sha: target.sha,
    external_id: target.externalId,
    ...body(content),
  })
  return created.parse(data).id
}

/** Brings an existing check run to this content; false when there is no such run any more. */
export async function updateGate(
  client: GitHubClient,
  target: { address: RepositoryAddress; checkRunId: number },
  content: GateContent,
): Promise<boolean> {
  try {
    await client.request("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", {
      owner: target.address.owner,
      repo: target.address.name,
      check_run_id: target.checkRunId,
      ...body(content),
    })
    return true
  } catch (error) {
    if (gitHubFailure(error) === "gone") return false
    throw error
  }
}

function body({ status, conclusion, title, summary }: GateContent) {
  return { status, ...(conclusion === null ? {} : { conclusion }), output: { title, summary } }
}

const listed = z.object({ check_runs: z.array(z.object({ id: z.int(), external_id: z.string().nullish() })) })

/** Finds the newest check run whose creation was never acknowledged; undefined when none ever came into being. */
export async function findGate(
  client: GitHubClient,
  target: GateTarget,
  ownAppId: number,
): Promise<number | undefined> {
  const { data } = await client.request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", {
    owner: target.address.owner,
    repo: target.address.name,
    ref: target.sha,
    check_name: gateCheckName,
    app_id: ownAppId,
    filter: "all",
    per_page: 100,
  })
  const own = listed.parse(data).check_runs.filter((run) => run.external_id === target.externalId)
  return own.length === 0 ? undefined : Math.max(...own.map(({ id }) => id))
}
