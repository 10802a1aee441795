import type { GitHubClient } from "./client.ts"

/** How long GitHub may take to answer at the start; it is asked again by everything that comes later. */
const patienceMs = 5000

/**
 * Asks GitHub whether it takes the app's id and key. `unknown`: it could not be asked now. The client acts as the app.
 *
 * @see https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
 */
export async function checkCredentials(app: GitHubClient): Promise<"accepted" | "refused" | "unknown"> {
  try {
    await app.request("GET /app", { request: { retries: 0, signal: AbortSignal.timeout(patienceMs) } })
    return "accepted"
  } catch (error) {
    const status = error instanceof Error && "status" in error ? error.status : undefined
    // 404 is what an id has that no app has.
    return status === 401 || status === 404 ? "refused" : "unknown"
  }
}
