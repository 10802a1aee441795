import { createHash } from "node:crypto"
import { z } from "zod"
import type { BlobReading } from "../promotion/landing/judge-path.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"
import { objectsQuery } from "./landing-tree.ts"

/** Largest file that is compared line by line, in bytes, and files asked for with one request. */
const limitBytes = 1024 * 1024
const blobsPerRequest = 10

const blobSchema = z
  .object({
    byteSize: z.int(),
    isBinary: z.boolean().nullable(),
    isTruncated: z.boolean(),
    text: z.string().nullable(),
  })
  .partial()
  .nullable()

const answerSchema = z.object({ repository: z.record(z.string(), blobSchema) })

/**
 * Reads files by their blob ids, to be compared: each byte is one character of the text, whatever its encoding is. What
 * GitHub does not give is told as such. Throws what Octokit throws.
 */
export async function readBlobs(
  client: GitHubClient,
  address: RepositoryAddress,
  ids: readonly string[],
): Promise<Map<string, BlobReading>> {
  const blobs = new Map<string, BlobReading>()
  for (let from = 0; from < ids.length; from += blobsPerRequest) {
    const part = ids.slice(from, from + blobsPerRequest)
    const query = objectsQuery("Blobs", part.length, "... on Blob { byteSize isBinary isTruncated text }")
    const variables = Object.fromEntries(part.map((id, index) => [`o${index}`, id]))
    const { repository } = answerSchema.parse(await client.graphql(query, { ...address, ...variables }))
    for (const [index, id] of part.entries()) {
      blobs.set(id, readingOf(id, repository[`o${index}`]) ?? (await readBytes(client, address, id)))
    }
  }
  return blobs
}

/** Undefined: the text as GraphQL gives it is cut, or is not what the file is made of. */
function readingOf(id: string, blob: z.infer<typeof blobSchema> | undefined): BlobReading | undefined {
  if (blob?.byteSize === undefined) return { kind: "none", why: "unreadable" }
  if (blob.byteSize > limitBytes) return { kind: "none", why: "too-large" }
  if (blob.isBinary === true) return { kind: "none", why: "no-text" }
  if (typeof blob.text !== "string") return undefined
  const bytes = Buffer.from(blob.text)
  return blobId(bytes, id.length) === id ? textOf(bytes) : undefined
}

/** The id that git gives to a file's content, by SHA-1 or, where ids are longer, SHA-256. */
function blobId(bytes: Buffer, length: number): string {
  const hash = createHash(length === 40 ? "sha1" : "sha256")
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest("hex")
}

/** git's own rule: a NUL in the first 8,000 bytes makes a file binary. */
function textOf(bytes: Buffer): BlobReading {
  if (bytes.subarray(0, 8000).includes(0)) return { kind: "none", why: "no-text" }
  return { kind: "text", text: bytes.toString("latin1") }
}

const bytesSchema = z.object({ content: z.string(), encoding: z.literal("base64") })

async function readBytes(client: GitHubClient, address: RepositoryAddress, id: string): Promise<BlobReading> {
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/git/blobs/{file_sha}", {
      owner: address.owner,
      repo: address.name,
      file_sha: id,
    })
    const bytes = Buffer.from(bytesSchema.parse(data).content, "base64")
    return blobId(bytes, id.length) === id ? textOf(bytes) : { kind: "none", why: "unreadable" }
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    return { kind: "none", why: "unreadable" }
  }
}
