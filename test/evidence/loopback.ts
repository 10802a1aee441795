import { once } from "node:events"
import { createServer, type RequestListener, type Server } from "node:http"
import { createServer as createSecureServer } from "node:https"
import { createServer as createRawServer, type AddressInfo, type Server as RawServer, type Socket } from "node:net"
import { onTestFinished } from "vitest"
import { certificate, key } from "./certificate.ts"

/** Starts an HTTP server on 127.0.0.1 until the end of the test; resolves to its port. */
export async function serve(listener: RequestListener): Promise<number> {
  return listening(createServer(listener))
}

/** The same over TLS, with the certificate of `shop.test`. */
export async function serveSecurely(listener: RequestListener): Promise<number> {
  return listening(createSecureServer({ key, cert: certificate }, listener))
}

/** A server that does with its connections what it likes. */
export async function serveRaw(use: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createRawServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => undefined)
    use(socket)
  })
  return listening(server, () => {
    for (const socket of sockets) socket.destroy()
  })
}

async function listening(server: Server | RawServer, disconnect?: () => void): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening")
  onTestFinished(async () => {
    if ("closeAllConnections" in server) server.closeAllConnections()
    disconnect?.()
    await new Promise((closed) => void server.close(closed))
  })
  return (server.address() as AddressInfo).port
}

/** A port of 127.0.0.1 on which nobody listens. */
export async function unusedPort(): Promise<number> {
  const server = createServer()
  const port = await listening(server)
  await new Promise((closed) => void server.close(closed))
  return port
}
