import type pg from "pg"
import type { PrismaClient } from "../generated/client.ts"
import type { GitHubClient } from "../github/client.ts"
import type { SubjectQueue } from "../inbox/queue.ts"
import type { Clock } from "../lib/clock.ts"

/** What reconciling works with. */
export type ReconcileDeps = {
  prisma: PrismaClient
  /** The same connections, for the one statement that every wake costs. */
  pool: pg.Pool
  queue: SubjectQueue
  clock: Clock
  /** A new UUIDv7; random in life, counted in tests. */
  newRunId(): string
  /** GitHub's id of our own app: its check runs never count as evidence. */
  ownAppId: number
  /** A client acting as an installation. */
  installation(installationId: number): Promise<GitHubClient>
  /** A client acting as the app itself. */
  app(): Promise<GitHubClient>
  log: ReconcileLog
}

/** Structured log; never given a payload, a body of a comment or a token. */
export type ReconcileLog = {
  info(fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
}
