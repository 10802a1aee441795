import { Prisma } from "../generated/client.ts"
import { gitHubFailure } from "../github/error.ts"
import { readOpenPullRequests } from "../github/open-pull-requests.ts"
import { subjectKey, type Subject } from "../inbox/subject.ts"
import { systemActor, type EntryDraft, type EntryType, type LedgerEntry } from "../ledger/entry.ts"
import { lockLane, readNewest } from "../ledger/ledger.ts"
import { builtInConfig, type ConfigInForce } from "../promotion/config/config.ts"
import { modeOf } from "../promotion/gate/verdict.ts"
import { withBase, type SeenConfig } from "./config-base.ts"
import { confirmRepository } from "./confirm.ts"
import { wakeDeployments } from "./deployment-rule-wake.ts"
import type { ReconcileDeps } from "./deps.ts"
import { standingGroups } from "./standing-groups.ts"
import { inspectGuards } from "./guard.ts"
import { seeLiftedIssues, storeAndMark } from "./issue.ts"
import { branchesOfPromotions, followBranches, namedBranches } from "./lane-row.ts"
import { look, nothingSeen, storeSight } from "./look.ts"
import { mayStop } from "./pause-change.ts"
import { scheduleExpiry } from "./pauses.ts"
import { promotionsUnderWay, record } from "./record.ts"
import { readRepository, type KnownRepository } from "./repository-row.ts"

/** Most pages of twenty open pull requests read in one sweep of a repository. */
const limitPages = 50

/**
 * Looks at a repository as a whole: confirms where it is if that is in doubt, reads the config and every open pull request, records a changed config or
 * installation, and marks all promotions dirty that this may concern. This is what heals lost webhooks.
 */
export async function reconcileRepository(deps: ReconcileDeps, repositoryId: number): Promise<void> {
  await confirmRepository(deps, repositoryId)
  const repository = await readRepository(deps.prisma, repositoryId)
  const listed = repository === null ? null : await readOpen(deps, repository)
  const open = listed?.open ?? null
  if (repository !== null && listed !== null) {
    await seeClosed(deps, repository, new Set(open))
    await seeLiftedIssues(deps, repository, listed.issues)
  }
  await deps.prisma.$transaction(async (tx) => {
    const lock = await lockLane(tx, repositoryId)
    const now = await readRepository(tx, repositoryId)
    const nowMs = deps.clock.now().getTime()
    const drafts = [...(await installationEntry(tx, { repositoryId, installed: now !== null }))]
    if (now?.config != null) drafts.push(...(await configEntry(tx, { repositoryId, config: now.config })))
    const cause = `job:${subjectKey({ kind: "repository", repositoryId })}`
    await record(tx, lock, { drafts, cause, nowMs })
    if (now === null) return
    const known = [...(await promotionsUnderWay(tx, repositoryId)), ...(await undone(tx, repositoryId))]
    const numbers = new Set([...(open ?? []), ...known])
    const subjects = [...numbers].map((number): Subject => ({ kind: "pull-request", repositoryId, number }))
    await scheduleExpiry(tx, repositoryId)
    await wakeDeployments(deps, tx, repositoryId)
    await deps.queue.mark(tx, [
      ...(await lanesOf(tx, now)),
      ...((await mayStop(tx, now)) ? [{ kind: "hard-stop", repositoryId } as const] : []),
      ...(await standingGroups(tx, repositoryId)),
      ...subjects,
      ...(await unanswered(tx, repositoryId)),
    ])
  })
  // The last of all: what it costs in failed requests must hold up nothing else.
  if (listed !== null) await inspectGuards(deps, repositoryId)
}

/** Every promotion branch that is known by name is followed, and looked at again. */
async function lanesOf(
  tx: Prisma.TransactionClient,
  { id, config, defaultBranch }: KnownRepository,
): Promise<Subject[]> {
  if (config === null) return []
  const known = await branchesOfPromotions(tx, id)
  return followBranches(tx, id, namedBranches(config, { defaultBranch, known }))
}

/** Most pull requests looked at one by one in a pass, because they are open no more; the next sweep goes on. */
const limitClosed = 50

/** Looks at those that were on their way to the merge and are open no more: their closing was never heard of. */
async function seeClosed(deps: ReconcileDeps, repository: KnownRepository, open: ReadonlySet<number>): Promise<void> {
  const underWay = await promotionsUnderWay(deps.prisma, repository.id)
  for (const number of underWay.filter((one) => !open.has(one)).slice(0, limitClosed)) {
    const now = await readRepository(deps.prisma, repository.id)
    if (now === null) return
    await look(deps, { repository: now, number }, { needs: [{ kind: "sight" }], seen: nothingSeen() })
  }
}

/** Numbers of all open pull requests, and of the open issues with the pause label. */
type Listed = { open: number[]; issues: Set<number> }

/** Lists them, after storing what was seen of them; null when not all could be listed. */
async function readOpen(deps: ReconcileDeps, repository: KnownRepository): Promise<Listed | null> {
  const { label } = (repository.config?.config ?? builtInConfig).pause
  const issues = new Set<number>()
  const client = await deps.installation(repository.installationId)
  const numbers: number[] = []
  let next: string | null = null
  let config: SeenConfig | null = null
  for (let page = 0; page < limitPages; page += 1) {
    const at = deps.clock.now()
    try {
      const read = await readOpenPullRequests(client, repository.address, { page: next, label })
      const pullRequests = read.pullRequests.map((one) => ({
        ...one,
        complete: one.coherent && one.nextChecks === null,
      }))
      config = await withBase(deps, repository, { config: read.config, known: config })
      await storeSight(deps, repository, { config, pullRequests, at })
      await storeAndMark(deps, repository.id, { issues: read.issues, at })
      for (const { fact } of read.issues) issues.add(fact.number)
      numbers.push(...read.pullRequests.map(({ fact }) => fact.number))
      next = read.next
    } catch (error) {
      if (gitHubFailure(error) !== "gone") throw error
      deps.log.warn(
        { repositoryId: repository.id },
        "GitHub does not know the repository any more, or not for this app",
      )
      await deps.prisma.repository.update({ where: { id: BigInt(repository.id) }, data: { active: false } })
      return null
    }
    if (next === null) return { open: numbers, issues }
  }
  return null
}

/** Comments and buttons that have no answer yet, and answers that were not told. */
async function unanswered(tx: Prisma.TransactionClient, repositoryId: number): Promise<Subject[]> {
  const untold = [{ kind: { in: ["comment", "button"] } }, { answer: { not: Prisma.DbNull } }]
  const rows = await tx.ask.findMany({
    where: { repositoryId: BigInt(repositoryId), settledAt: null, OR: untold },
    distinct: ["number"],
    select: { number: true },
  })
  return rows.map(({ number }): Subject => ({ kind: "conversation", repositoryId, number }))
}

/** Pull requests on which something was intended that is not done yet. */
async function undone(tx: Prisma.TransactionClient, repositoryId: number): Promise<number[]> {
  const where = { repositoryId: BigInt(repositoryId), doneAt: null }
  const rows = await tx.effect.findMany({ where, distinct: ["number"], select: { number: true } })
  // What is done on a branch has no number, and the branch's own pass.
  return rows.map(({ number }) => number).filter((number) => number > 0)
}

type Newest<T extends EntryType> = Extract<LedgerEntry, { type: T }> | undefined

async function installationEntry(
  tx: Prisma.TransactionClient,
  state: { repositoryId: number; installed: boolean },
): Promise<EntryDraft[]> {
  const newest: Newest<"installation_changed"> = await readNewest(tx, state.repositoryId, "installation_changed")
  const known = newest?.payload.change === "installed"
  if (known === state.installed) return []
  const change = state.installed ? "installed" : "removed"
  const key = `installation:${newest?.seq ?? 0}:${change}`
  return [{ ...aboutRepository, key, type: "installation_changed", payload: { change } }]
}

async function configEntry(
  tx: Prisma.TransactionClient,
  state: { repositoryId: number; config: ConfigInForce },
): Promise<EntryDraft[]> {
  const { config, repositoryId } = state
  const newest: Newest<"config_changed"> = await readNewest(tx, repositoryId, "config_changed")
  // The blob of the organisation's file stands in the key, where the chain holds it as well.
  const base = "base" in config ? `:${config.base}` : ""
  const same = newest?.payload.blob === config.blob && newest.payload.status === config.status
  if (same && (/:[0-9a-f]{40,}$/.exec(newest.key)?.[0] ?? "") === base) return []
  const problems = config.status === "invalid" ? config.problems.length + config.more : 0
  const payload = { blob: config.blob, status: config.status, mode: modeOf(config), problems }
  return [{ ...aboutRepository, key: `config:${newest?.seq ?? 0}${base}`, type: "config_changed", payload }]
}

const aboutRepository = {
  runId: null,
  actor: systemActor,
  pullRequest: null,
  sha: null,
  branch: null,
  cause: null,
} as const
