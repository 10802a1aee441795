import { spawn, type ChildProcess } from "node:child_process"
import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { Client } from "pg"

/** The two databases the figures are for. */
export type DatabaseKind = "embedded" | "postgresql"

/** The real server, in a process of its own. */
export type BenchServer = {
  port: number
  pid: number
  /** Resident memory of the process, in MB of 10^6 bytes. */
  memoryMb(): number
  /** Processor time the process has used so far, all threads, in milliseconds. */
  cpuMs(): number
  /** Stops it and answers what `sql` gives on its database afterwards. */
  stopAndAsk<Row>(sql: string): Promise<Row[]>
}

/** What the server needs to act as the app. */
export type ServerIdentity = { appId: number; privateKeyPem: string; webhookSecret: string; githubUrl: string }

/** PostgreSQL server for the figures; a database of their own is made in it and dropped again. */
const postgresUrl =
  process.env["BENCH_DATABASE_URL"] ?? process.env["TEST_DATABASE_URL"] ?? "postgres://postgres@127.0.0.1:5432/postgres"

const root = resolve(import.meta.dirname, "..")

/** The heap's limits that `npm start` sets. */
function heapLimits(): string[] {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  const { start } = (manifest as { scripts: { start: string } }).scripts
  return start.split(" ").filter((word) => word.includes("-size="))
}

/** A TCP port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.on("error", failed)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => done(port))
    })
  })
}

/** Makes an empty database on the PostgreSQL server; `drop` removes it. */
export async function freshPostgres(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `portcullis_bench_${process.pid}_${Date.now()}`
  await onServer(`CREATE DATABASE ${name}`)
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  return { url: url.toString(), drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** Starts the server on an empty database and waits until it is ready. */
export async function startServer(kind: DatabaseKind, identity: ServerIdentity, port: number): Promise<BenchServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "portcullis-bench-"))
  const postgres = kind === "postgresql" ? await freshPostgres() : null
  const child = spawn(process.execPath, [...heapLimits(), join(root, "src/main.ts")], {
    cwd: dataDir,
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env["PATH"],
      APP_ID: String(identity.appId),
      PRIVATE_KEY: identity.privateKeyPem,
      WEBHOOK_SECRET: identity.webhookSecret,
      GITHUB_API_URL: identity.githubUrl,
      HOST: "127.0.0.1",
      PORT: String(port),
      DATA_DIR: join(dataDir, "data"),
      LOG_LEVEL: "error",
      SWEEP_INTERVAL: "1h",
      ...(postgres === null ? {} : { DATABASE_URL: postgres.url }),
    },
  })
  // A benchmark that fails must not leave it running beside the next one.
  process.once("exit", () => child.kill("SIGKILL"))
  await ready(port, child)
  const pid = child.pid ?? 0
  return {
    port,
    pid,
    memoryMb: () => memoryOf(pid),
    cpuMs: () => cpuOf(pid),
    async stopAndAsk<Row>(sql: string) {
      await stopped(child)
      const where = postgres === null ? { dataDir: join(dataDir, "data") } : { databaseUrl: postgres.url }
      const { openDatabase } = await import("../src/lib/db/database.ts")
      const database = await openDatabase(where)
      const rows = await database.prisma.$queryRawUnsafe<Row[]>(sql)
      await database.close()
      await postgres?.drop()
      await rm(dataDir, { recursive: true, force: true })
      return rows
    },
  }
}

async function ready(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
    if (answer?.ok === true) return
    await pause(100)
  }
  throw new Error("the server did not become ready within two minutes")
}

/** Ends a process in order; resolves when it is gone. */
export async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const gone = new Promise((done) => child.once("exit", done))
  child.kill("SIGTERM")
  await gone
}

function memoryOf(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))
  return Math.round((Number(line?.[1] ?? 0) * 1024) / 1e6)
}

/** Linux counts in ticks of 10 ms. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}
