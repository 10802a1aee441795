import type { IncomingMessage, ServerResponse } from "node:http"

/** What the health pages ask. */
export type HealthDeps = {
  /** Whether the process takes and works off deliveries. */
  isOpen(): boolean
  /** Resolves when the database answers; rejects otherwise. */
  pingDatabase(): Promise<unknown>
}

/**
 * `/healthz`: the process runs. `/readyz`: it also takes work and its database answers. Resolves to false for other
 * requests.
 */
export function healthHandler(
  deps: HealthDeps,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  return async (request, response) => {
    const path = request.url?.split("?")[0]
    if (request.method !== "GET" || (path !== "/healthz" && path !== "/readyz")) return false
    const problem = path === "/healthz" ? null : await whyNotReady(deps)
    response.writeHead(problem === null ? 200 : 503, { "content-type": "application/json" })
    response.end(`${JSON.stringify(problem === null ? { status: "ok" } : { status: "not-ready", why: problem })}\n`)
    return true
  }
}

async function whyNotReady(deps: HealthDeps): Promise<string | null> {
  if (!deps.isOpen()) return "stopping"
  try {
    await deps.pingDatabase()
    return null
  } catch {
    return "the database does not answer"
  }
}
