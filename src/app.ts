import type { Logger } from "pino"
import type { Probot } from "probot"
import { makeSignalDoor, type SignalDoor } from "./evidence/signal-door.ts"
import type { MarkLanes } from "./evidence/signal-row.ts"
import type { EvidenceSources } from "./evidence/sources.ts"
import { observedLanes } from "./inbox/lanes.ts"
import { drainOnce, type DrainDeps } from "./inbox/drain.ts"
import { openInbox } from "./inbox/inbox.ts"
import { openQueue, type SubjectQueue } from "./inbox/queue.ts"
import type { WorkerDeps } from "./inbox/worker.ts"
import type { Clock } from "./lib/clock.ts"
import type { Database } from "./lib/db/database.ts"
import { seldom } from "./lib/seldom.ts"
import type { ReconcileDeps } from "./reconcile/deps.ts"
import { reconcile } from "./reconcile/reconcile.ts"
import { openStanding } from "./reconcile/standing.ts"
import { makeSweep, wakeDue } from "./reconcile/sweep.ts"
import { readDelivery } from "./webhook/payload.ts"
import { makeDoor, type Door } from "./webhook/receive.ts"

/** Where deliveries arrive, as with any Probot app. */
export const webhookPath = "/api/github/webhooks"

/** How often one and the same standing trouble is told of. */
const complaintPeriodMs = 3600 * 1000

/** What the app is made from. */
export type AppParts = {
  database: Database
  /** Holds the app's credentials and makes clients for its installations. */
  probot: Probot
  appId: number
  webhookSecret: string
  evidence: EvidenceSources
  /** What the keys of repositories' signals are derived from; undefined: no signals are taken. */
  signalsSecret: string | undefined
  clock: Clock
  newRunId(): string
  log: Logger
  /** Seconds before something that failed is tried again, growing each time; 0: at once. */
  retryDelaySeconds: number
  /** Whether the queue keeps itself in order by timers. */
  supervise: boolean
}

/** Portcullis, composed: a door for deliveries, and the work behind it. It does nothing by itself until worked. */
export type App = {
  door: Door
  signalDoor: SignalDoor
  work: WorkerDeps
  queue: SubjectQueue
  /** Marks everything dirty and asks for what was lost; returns how many repositories it marked. */
  sweep(): Promise<number>
  /** Called when a delivery or a signal was stored, so that a sleeping worker wakes. */
  onStored(listener: () => void): void
  /** Shuts the door: deliveries are refused from now on, for GitHub to bring again. */
  shut(): void
  isOpen(): boolean
  /** Puts the queue away; the database stays open. */
  close(): Promise<void>
}

/** Composes the app on an open, migrated database. */
export async function composeApp(parts: AppParts): Promise<App> {
  const { database, clock, log } = parts
  const queue = await openQueue({
    pool: database.pool,
    embedded: database.kind === "embedded",
    retryDelaySeconds: parts.retryDelaySeconds,
    supervise: parts.supervise,
    onError: (error) => log.error({ err: error }, "the queue reports an error"),
  })
  const deps = reconcileDeps(parts, queue)
  const drain = drainDeps(parts, queue)
  let open = true
  let stored = (): void => undefined
  const inbox = openInbox(database.pool, () => stored())
  const door = makeDoor({
    inbox,
    clock,
    webhookSecret: parts.webhookSecret,
    appId: parts.appId,
    isOpen: () => open,
    onRefused: (reason, guid, error) =>
      log.warn({ reason, guid, ...(error === undefined ? {} : { err: error }) }, "delivery refused"),
  })
  const signalDoor = makeSignalDoor({
    prisma: database.prisma,
    clock,
    secret: parts.signalsSecret,
    isOpen: () => open,
    markLanes: markLanes(queue),
    onStored: () => stored(),
    onRefused: (reason, repository) => log.warn({ reason, repository }, "signals refused"),
    onFailed: (error) => log.error({ err: error }, "signals could not be stored; their sender is told to come again"),
  })
  return {
    door,
    signalDoor,
    queue,
    work: {
      queue,
      drain: () => drainOnce(drain),
      wakeDue: () => wakeDue(deps),
      reconcile: (subject) => reconcile(deps, subject),
      onFailure: (subject, error) => log.error({ subject, err: error }, "could not be done now; it comes back"),
    },
    sweep: makeSweep(deps),
    onStored: (listener) => {
      stored = listener
    },
    shut: () => {
      open = false
    },
    isOpen: () => open,
    close: () => queue.stop(),
  }
}

/** What a running system reports of itself is evidence for every promotion that is being observed on the branch. */
function markLanes(queue: SubjectQueue): MarkLanes {
  return async (tx, repositoryId, branch) => queue.mark(tx, await observedLanes(tx, repositoryId, branch))
}

function reconcileDeps(parts: AppParts, queue: SubjectQueue): ReconcileDeps {
  const { database, probot, clock, newRunId, appId, evidence, log } = parts
  return {
    prisma: database.prisma,
    pool: database.pool,
    queue,
    clock,
    newRunId,
    ownAppId: appId,
    installation: (installationId) => probot.auth(installationId),
    app: () => probot.auth(),
    evidence,
    standing: openStanding(clock),
    listeningSinceMs: clock.now().getTime(),
    mayComplain: seldom(clock, complaintPeriodMs),
    log,
  }
}

function drainDeps({ database, clock, appId, log }: AppParts, queue: SubjectQueue): DrainDeps {
  return {
    prisma: database.prisma,
    queue,
    clock,
    read: (delivery) => readDelivery(delivery, appId),
    onUnprocessable: ({ id, guid }, error) =>
      log.error({ delivery: String(id), guid, err: error }, "delivery set aside: the database refuses it"),
  }
}
