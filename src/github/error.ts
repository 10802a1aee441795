import { clip } from "../lib/clip.ts"

/**
 * What an error of GitHub means for us.
 *
 * - `gone`: the repository, pull request or commit is not there, or not for us (404, 410, 451)
 * - `refused`: GitHub understood and says no (401, 403, 409, 422 …); asking again changes nothing by itself
 * - `later`: rate limits, 5xx, network; ask again later
 */
export type GitHubFailure = "gone" | "refused" | "later"

/** Classifies an error thrown by a call to GitHub; undefined when it is none (a bug of ours, the database, …). */
export function gitHubFailure(error: unknown): GitHubFailure | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.name === "GraphqlResponseError") return graphqlFailure(error)
  if (error.name !== "HttpError" || !("status" in error) || typeof error.status !== "number") return undefined
  const { status } = error
  if (status === 404 || status === 410 || status === 451) return "gone"
  if (status === 429 || status >= 500) return "later"
  if (status === 403 && /rate limit|abuse/i.test(error.message)) return "later"
  return "refused"
}

function graphqlFailure(error: Error): GitHubFailure {
  const errors = "errors" in error && Array.isArray(error.errors) ? error.errors : []
  const types = errors.map((one: { type?: unknown }) => one.type)
  if (types.includes("NOT_FOUND")) return "gone"
  return types.includes("FORBIDDEN") ? "refused" : "later"
}

/** Whether a mutation was refused as it stands: what it asks for is not so, or not allowed here. */
export function isUnprocessable(error: unknown): error is Error {
  if (!(error instanceof Error) || error.name !== "GraphqlResponseError") return false
  const errors = "errors" in error && Array.isArray(error.errors) ? error.errors : []
  return errors.some((one: { type?: unknown }) => one.type === "UNPROCESSABLE")
}

/** Whether GitHub could not compare two commits because they have none in common. */
export function isUnrelated(error: Error): boolean {
  return /no common ancestor/i.test(error.message)
}

/**
 * What GitHub refuses until a person changes something there; asking again soon is of no use.
 *
 * - `suspended`: the app's installation is suspended
 * - `archived`: the repository is archived, so nothing in it can be written
 * - `permission`: the app was not granted what the request needs
 */
export type StandingRefusal = {
  why: "suspended" | "archived" | "permission"
  /** The permission that GitHub asks for (`checks=write`); null when it does not say. */
  needs: string | null
  /** What was asked for: method and path. */
  request: string
  words: string
}

/** Reads such a refusal from an error; undefined for every other one. */
export function standingRefusal(error: unknown): StandingRefusal | undefined {
  if (gitHubFailure(error) !== "refused" || !(error instanceof Error)) return undefined
  const { status, request, response } = error as Error & Partial<RefusedCall>
  if (error.name === "HttpError" && status !== 403) return undefined
  const why = whyOf(error.message)
  if (why === undefined) return undefined
  const words = gitHubWords(error)
  const asked = request === undefined ? "a query" : `${request.method} ${pathOf(request.url)}`
  const needs = response?.headers?.["x-accepted-github-permissions"] ?? null
  return { why, needs, request: asked, words }
}

/**
 * Why GitHub refuses to write what was asked for; asking the same again is of no use.
 *
 * - `permission`: the app was not granted what it takes
 * - `workflows`: it would change a workflow file, for which the app lacks `workflows: write`
 * - `protected`: a ruleset or a protection forbids it
 * - `other`: what GitHub says and no more
 */
export type WriteRefusal = { why: "permission" | "workflows" | "protected" | "other"; words: string }

/**
 * Reads such a refusal from an error; undefined for every other one, for a bad token, and where the whole installation
 * or repository takes no writes (see {@link standingRefusal}). An app that lacks `workflows: write` may also be told
 * `permission`: GitHub words it so for trees.
 */
export function writeRefusal(error: unknown): WriteRefusal | undefined {
  if (!(error instanceof Error) || ("status" in error && error.status === 401)) return undefined
  if (!isUnprocessable(error) && gitHubFailure(error) !== "refused") return undefined
  const standing = whyOf(error.message)
  if (standing === "suspended" || standing === "archived") return undefined
  const words = gitHubWords(error).trim()
  if (/`workflows` permission/i.test(words)) return { why: "workflows", words }
  if (standing === "permission") return { why: "permission", words }
  return { why: /rule violations|protected/i.test(words) ? "protected" : "other", words }
}

/** A refusal as the outcome of what was tried. */
export type Refused = { how: "refused" } & WriteRefusal

/** Does something on GitHub, and turns its refusal into an outcome; every other error is thrown on. */
export async function orRefused<T>(work: () => Promise<T>): Promise<T | Refused> {
  try {
    return await work()
  } catch (error) {
    const refusal = writeRefusal(error)
    if (refusal === undefined) throw error
    return { how: "refused", ...refusal }
  }
}

/** Whether GraphQL answered with an error that says neither why nor what kind it is; the data may have changed or not. */
export function isUnexplained(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== "GraphqlResponseError") return false
  const errors = "errors" in error && Array.isArray(error.errors) ? error.errors : []
  return errors.every((one: { type?: unknown }) => one.type === undefined)
}

type RefusedCall = {
  status: number
  request: { method: string; url: string }
  response: { headers?: Record<string, string | undefined> }
}

function whyOf(words: string): StandingRefusal["why"] | undefined {
  if (/suspended/i.test(words)) return "suspended"
  if (/archived/i.test(words)) return "archived"
  return /not accessible by integration/i.test(words) ? "permission" : undefined
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url
}

/** What GitHub said, without the link to its documentation; 300 UTF-16 units at most. */
export function gitHubWords(error: Error): string {
  const words = error.message.replace(/^Request failed due to following response errors:\n - /, "")
  return clip(words.replace(/ - https:\/\/\S*$/, ""), 300)
}
