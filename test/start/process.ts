import { spawn } from "node:child_process"
import { createServer, type AddressInfo } from "node:net"
import { resolve } from "node:path"

const main = resolve(import.meta.dirname, "../../src/main.ts")

/** A process of the real server. */
export type ServerProcess = {
  port: number
  /** Resolves once `/readyz` says so; rejects with what it printed if the process ends before. */
  ready(): Promise<void>
  signal(name: NodeJS.Signals): void
  /** Exit code, once it has ended. */
  ended: Promise<number | null>
  /** Everything it printed so far. */
  printed(): string
}

/** Starts `src/main.ts`, or what the command says, with these variables and no others, in a folder without `.env`. */
export async function startProcess(
  variables: Record<string, string>,
  cwd: string,
  [program, ...args]: readonly [string, ...string[]] = [process.execPath, main],
): Promise<ServerProcess> {
  const port = await freePort()
  const environment = { PATH: process.env["PATH"] ?? "", HOST: "127.0.0.1", PORT: String(port), ...variables }
  const child = spawn(program, args, { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] })
  let text = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8")
    stream.on("data", (chunk: string) => {
      text += chunk
    })
  }
  const ended = new Promise<number | null>((done) => child.once("close", done))
  let over = false
  void ended.then(() => {
    over = true
  })
  return {
    port,
    ended,
    printed: () => text,
    signal: (name) => void child.kill(name),
    async ready() {
      while (!over) {
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
        if (answer?.ok === true) return
        await new Promise((again) => {
          setTimeout(again, 50)
        })
      }
      throw new Error(`ended before it was ready:\n${text}`)
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.on("error", failed)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => done(port))
    })
  })
}
