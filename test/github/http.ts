/** A test GitHub on a real port: its API at the root, `/_people` beside it, webhooks posted to the apps' hook URLs. */
import type { AddressInfo } from "node:net"
import { inspect } from "node:util"
import { serve } from "@hono/node-server"
import type { Http2Bindings, HttpBindings } from "@hono/node-server"
import { createTestGitHub } from "./github.ts"
import type { TestGitHub } from "./github.ts"
import { startIdsAt } from "./ids.ts"
import { createPeopleHandler } from "./people-http.ts"
import { brokenNetwork } from "./server.ts"

/** A running server. */
export type TestGitHubServer = {
  /** Root of the API, such as `http://127.0.0.1:3999`, without trailing slash. */
  url: string
  github: TestGitHub
  /** Stops listening and removes the repositories. */
  close(): Promise<void>
}

/**
 * How to start one. `port` 0: any free one. `seed` fills it before the first webhook goes out. `firstId`: where ids
 * begin, so that an application that outlives this server never meets an old id or GUID again (default: by the clock).
 */
export type ServerOptions = {
  port: number
  clock?: { now(): Date }
  seed?: (github: TestGitHub) => Promise<void>
  host?: string
  firstId?: number
}

/** Starts a test GitHub on a port. Rejects when the port is taken. */
export async function startTestGitHubServer(options: ServerOptions): Promise<TestGitHubServer> {
  const clock = options.clock ?? { now: () => new Date() }
  const firstId = options.firstId ?? Math.floor(clock.now().getTime() / 1000) - 1_700_000_000
  startIdsAt(firstId)
  const github = await createTestGitHub({ clock })
  github.state.nextGuid = firstId
  const people = createPeopleHandler(github)
  const host = options.host ?? "127.0.0.1"
  const { close, port } = await listen({ port: options.port, host }, (request) =>
    new URL(request.url).pathname.startsWith("/_people") ? people(request) : github.fetch(request),
  )
  const url = `http://${host}:${port}`
  Object.assign(github.state.urls, { api: url, html: url })
  await options.seed?.(github)
  github.deliveries.sendAtOnce()
  return {
    url,
    github,
    async close() {
      await close()
      await github.close()
    },
  }
}

type Listening = { port: number; close: () => Promise<void> }

/** Listens, and cuts the connection of a request whose handler rejects: to the client the network broke. */
function listen(
  where: { port: number; host: string },
  handle: (request: Request) => Promise<Response>,
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({
      port: where.port,
      hostname: where.host,
      async fetch(request: Request, env: HttpBindings | Http2Bindings) {
        try {
          return await handle(request)
        } catch (error) {
          if (!(error instanceof TypeError && error.cause === brokenNetwork))
            process.stderr.write(`${inspect(error)}\n`)
          env.outgoing.socket?.destroy()
          return new Response(null, { status: 500 })
        }
      },
    })
    const close = () =>
      new Promise<void>((closed) => {
        server.close(() => closed())
        if ("closeAllConnections" in server) server.closeAllConnections()
      })
    server.on("error", reject)
    server.on("listening", () => resolve({ port: (server.address() as AddressInfo).port, close }))
  })
}
