/** The demo's child processes: every one that is started is stopped, whatever happens. */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { performance } from "node:perf_hooks"
import { setTimeout as sleep } from "node:timers/promises"

/** A program of this project to run with Node. Of the demo's own environment it gets only what any program needs. */
export type Program = { script: string; args?: string[]; env: Record<string, string>; cwd: string; talks?: boolean }

/** How a process ended. */
export type Ending = { code: number | null; signal: NodeJS.Signals | null }

/** How a process ended, in words. */
export function endingWords({ code, signal }: Ending): string {
  return code === null ? `was ended by ${signal ?? "an error"}` : `ended with exit code ${code}`
}

/** A running program. */
export type Child = {
  process: ChildProcess
  /** What it printed, both streams; of very much the last part. */
  output(): string
  /** Resolves when it has ended and its output is complete. */
  ended: Promise<Ending>
  /** How it ended, once it has. */
  ending(): Ending | undefined
}

/** All children of the demo. */
export type Children = {
  start(program: Program): Child
  /** Asks it to stop, and ends it by force after the grace; resolves to how it went and how long that took. */
  stop(child: Child, graceMs: number): Promise<Ending & { tookMs: number }>
  /** Stops all that run, last started first, and lets no other start. */
  stopAll(): Promise<void>
  /** Ends all that run by force, without waiting. */
  killAll(): void
}

const passedOn = new Set(["PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "SystemRoot"])
const outputLimit = 100_000
const graceMs = 10_000

/** Makes the registry of the demo's children. */
export function createChildren(): Children {
  const running = new Set<Child>()
  let closed = false
  const start = (program: Program): Child => {
    if (closed) throw new Error("the demo is ending")
    const child = run(program)
    running.add(child)
    void child.ended.then(() => running.delete(child))
    return child
  }
  return {
    start,
    stop,
    async stopAll() {
      closed = true
      for (const child of [...running].toReversed()) await stop(child, graceMs)
    },
    killAll() {
      closed = true
      for (const child of running) child.process.kill("SIGKILL")
    },
  }
}

function run({ script, args = [], env, cwd, talks = false }: Program): Child {
  const given = Object.entries(process.env).filter(([name]) => passedOn.has(name))
  const started = spawn(process.execPath, [script, ...args], {
    cwd,
    env: { ...Object.fromEntries(given), ...env },
    stdio: ["ignore", "pipe", "pipe", ...(talks ? ["ipc" as const] : [])],
  })
  let output = ""
  const keep = (chunk: string): void => {
    output = (output + chunk).slice(-outputLimit)
  }
  started.stdout?.setEncoding("utf8").on("data", keep)
  started.stderr?.setEncoding("utf8").on("data", keep)
  let ending: Ending | undefined
  const ended = new Promise<Ending>((resolve) => {
    const end = (how: Ending): void => {
      ending = how
      resolve(how)
    }
    started.once("error", (error) => {
      keep(`${error.message}\n`)
      end({ code: null, signal: null })
    })
    started.once("close", (code, signal) => end({ code, signal }))
  })
  return { process: started, output: () => output, ended, ending: () => ending }
}

async function stop(child: Child, patienceMs: number): Promise<Ending & { tookMs: number }> {
  const askedAt = performance.now()
  child.process.kill("SIGTERM")
  const impatient = new AbortController()
  void sleep(patienceMs, undefined, { signal: impatient.signal }).then(
    () => child.process.kill("SIGKILL"),
    () => undefined,
  )
  const ending = await child.ended
  impatient.abort()
  return { ...ending, tookMs: performance.now() - askedAt }
}
