import type pg from "pg"
import type { PrismaClient } from "../generated/client.ts"
import type { EvidenceSources } from "../evidence/sources.ts"
import type { GitHubClient } from "../github/client.ts"
import type { SubjectQueue } from "../inbox/queue.ts"
import type { Clock } from "../lib/clock.ts"
import type { Standing } from "./standing.ts"

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
  /** Evidence from elsewhere than GitHub. */
  evidence: EvidenceSources
  /** What GitHub lately said people may do. */
  standing: Standing
  /** When this process began to listen, milliseconds since 1970: silence from before is nobody's but ours. */
  listeningSinceMs: number
  /** Whether it is time to tell something again that stays as it is; the key says what. */
  mayComplain(key: string): boolean
  log: ReconcileLog
}

/** Structured log; never given a payload, a body of a comment or a token. */
export type ReconcileLog = {
  info(fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
}
