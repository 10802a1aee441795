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
