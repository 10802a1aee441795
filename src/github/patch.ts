import { createHash } from "node:crypto"
import type { Sha } from "../lib/brand.ts"
import { changeText, parseDiff } from "../promotion/change/patch.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"

/**
 * What a commit changes against where it left another one, as one text that is equal for equal changes. Null when
 * GitHub does not give the whole diff, or it cannot be read. Throws what Octokit throws when it is to be asked later.
 *
 * @see https://docs.github.com/en/rest/commits/commits#compare-two-commits
 */
export async function readPatch(
  client: GitHubClient,
  address: RepositoryAddress,
  { base, head }: { base: Sha; head: Sha },
): Promise<string | null> {
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
      owner: address.owner,
      repo: address.name,
      basehead: `${base}...${head}`,
      mediaType: { format: "diff" },
    })
    // With this media type the answer is text, whatever the types say.
    const told: unknown = data
    const reading = typeof told === "string" ? parseDiff(told) : null
    return reading !== null && "files" in reading ? changeText(reading.files) : null
  } catch (error) {
    const failure = gitHubFailure(error)
    if (failure === undefined || failure === "later") throw error
    return null
  }
}

/** Digest of a change's text, by which equal changes are known: SHA-256, lower-case hex. */
export function patchDigest(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
