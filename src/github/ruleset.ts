import { z } from "zod"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"

/** Name of the ruleset that refuses every update while promotions are paused. */
const hardStopName = "Portcullis hard stop"

/** A repository, and the app that may update its branches all the same. */
export type HardStopPlace = { address: RepositoryAddress; ownAppId: number }

/** A ruleset of ours on GitHub; `refs` are null when it is not as we made it. */
export type HardStopThere = { id: number; refs: readonly string[] | null }

const rulesetSchema = z.object({
  id: z.int(),
  name: z.string(),
  target: z.string().nullish(),
  source_type: z.string().nullish(),
  enforcement: z.string(),
  bypass_actors: z.array(z.object({ actor_id: z.int().nullish(), actor_type: z.string() })).nullish(),
  conditions: z
    .object({ ref_name: z.object({ include: z.array(z.string()), exclude: z.array(z.string()) }) })
    .nullish(),
  rules: z.array(z.object({ type: z.string() })).nullish(),
})

type Ruleset = z.infer<typeof rulesetSchema>

const pageSize = 100
const limitPages = 5

/** Reads a ruleset by its id; null when it is gone. */
export async function readHardStop(
  client: GitHubClient,
  { address, ownAppId }: HardStopPlace,
  id: number,
): Promise<HardStopThere | null> {
  const found = await read(client, address, id)
  return found === null ? null : { id, refs: isAsMade(found, ownAppId) ? refsOf(found) : null }
}

/** Looks for a ruleset that this app made and never learned of: of this name, and with a way past it for this app alone. */
export async function findHardStop(client: GitHubClient, place: HardStopPlace): Promise<HardStopThere | null> {
  for (let page = 1; page <= limitPages; page += 1) {
    const { data } = await client.request("GET /repos/{owner}/{repo}/rulesets", {
      owner: place.address.owner,
      repo: place.address.name,
      includes_parents: false,
      per_page: pageSize,
      page,
    })
    const listed = z.array(z.object({ id: z.int(), name: z.string() })).parse(data)
    for (const { id } of listed.filter(({ name }) => name === hardStopName)) {
      const found = await read(client, place.address, id)
      if (found !== null && isAsMade(found, place.ownAppId)) return { id, refs: refsOf(found) }
    }
    if (listed.length < pageSize) return null
  }
  return null
}

/** @see https://docs.github.com/en/rest/repos/rules#create-a-repository-ruleset */
export async function createHardStop(
  client: GitHubClient,
  place: HardStopPlace,
  refs: readonly string[],
): Promise<number> {
  const { owner, name: repo } = place.address
  const { data } = await client.request("POST /repos/{owner}/{repo}/rulesets", { owner, repo, ...bodyOf(place, refs) })
  return z.object({ id: z.int() }).parse(data).id
}

/** Makes a ruleset of ours as it must be; false when it is gone. */
export async function updateHardStop(
  client: GitHubClient,
  place: HardStopPlace,
  { id, refs }: { id: number; refs: readonly string[] },
): Promise<boolean> {
  const { owner, name: repo } = place.address
  return unlessGone(() =>
    client.request("PUT /repos/{owner}/{repo}/rulesets/{ruleset_id}", {
      owner,
      repo,
      ruleset_id: id,
      ...bodyOf(place, refs),
    }),
  )
}

/** Deletes a ruleset of ours; one that is gone needs no deleting. */
export async function deleteHardStop(client: GitHubClient, { address }: HardStopPlace, id: number): Promise<void> {
  await unlessGone(() =>
    client.request("DELETE /repos/{owner}/{repo}/rulesets/{ruleset_id}", {
      owner: address.owner,
      repo: address.name,
      ruleset_id: id,
    }),
  )
}

function bodyOf({ ownAppId }: HardStopPlace, refs: readonly string[]) {
  return {
    name: hardStopName,
    target: "branch" as const,
    enforcement: "active" as const,
    bypass_actors: [{ actor_id: ownAppId, actor_type: "Integration" as const, bypass_mode: "always" as const }],
    conditions: { ref_name: { include: [...refs], exclude: [] } },
    rules: [{ type: "update" as const }],
  }
}

async function read(client: GitHubClient, address: RepositoryAddress, id: number): Promise<Ruleset | null> {
  let found: unknown = null
  const there = await unlessGone(async () => {
    const { data } = await client.request("GET /repos/{owner}/{repo}/rulesets/{ruleset_id}", {
      owner: address.owner,
      repo: address.name,
      ruleset_id: id,
      includes_parents: false,
    })
    found = data
  })
  return there ? rulesetSchema.parse(found) : null
}

/** GitHub tells who may pass only to those who may change it; without that nothing is taken for ours. */
function isAsMade({ name, source_type: source, enforcement, bypass_actors: bypass, rules }: Ruleset, ownAppId: number) {
  const [only, ...others] = bypass ?? []
  const ours = only?.actor_type === "Integration" && only.actor_id === ownAppId && others.length === 0
  const updates = rules?.length === 1 && rules[0]?.type === "update"
  return name === hardStopName && source === "Repository" && enforcement === "active" && ours && updates
}

function refsOf({ conditions }: Ruleset): string[] | null {
  const names = conditions?.ref_name
  return names === undefined || names.exclude.length > 0 ? null : names.include.toSorted()
}

async function unlessGone(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call()
    return true
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    return false
  }
}
