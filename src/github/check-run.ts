import { z } from "zod"
import type { GateContent } from "../report/check-run.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"

/** The check run to write: its name, which commit, and whose it is (`<pull request>:<commit>`; GitHub keeps it as `external_id`). */
export type GateTarget = { address: RepositoryAddress; name: string; sha: string; externalId: string }

const created = z.object({ id: z.int() })

/**
 * Makes a check run of ours; returns its id.
 *
 * @see https://docs.github.com/en/rest/checks/runs#create-a-check-run
 */
export async function createGate(client: GitHubClient, target: GateTarget, content: GateContent): Promise<number> {
  const { data } = await client.request("POST /repos/{owner}/{repo}/check-runs", {
    owner: target.address.owner,
    repo: target.address.name,
    name: target.name,
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

/** Buttons that are left out of an update would stay; GitHub's documentation says nothing else, so they are always told. */
function body({ status, conclusion, title, summary, annotations, actions = [] }: GateContent) {
  const remarks = annotations.length === 0 ? {} : { annotations: [...annotations] }
  const output = { title, summary, ...remarks }
  return { status, ...(conclusion === null ? {} : { conclusion }), output, actions: [...actions] }
}

const listed = z.object({
  check_runs: z.array(
    z.object({
      id: z.int(),
      external_id: z.string().nullish(),
      output: z.object({ annotations_count: z.int() }).nullish(),
    }),
  ),
})

/** A check run that is there, and how many annotations it has. */
export type FoundGate = { id: number; annotations: number }

/** Finds the newest check run of this name and commit, if its creation or update was never acknowledged; undefined: there is none. */
export async function findGate(
  client: GitHubClient,
  target: GateTarget,
  ownAppId: number,
): Promise<FoundGate | undefined> {
  const { data } = await client.request("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", {
    owner: target.address.owner,
    repo: target.address.name,
    ref: target.sha,
    check_name: target.name,
    app_id: ownAppId,
    filter: "all",
    per_page: 100,
  })
  const own = listed.parse(data).check_runs.filter((run) => run.external_id === target.externalId)
  const newest = own.toSorted((a, b) => b.id - a.id)[0]
  return newest === undefined ? undefined : { id: newest.id, annotations: newest.output?.annotations_count ?? 0 }
}
