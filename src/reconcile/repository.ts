import type { Prisma } from "../generated/client.ts"
import { gitHubFailure } from "../github/error.ts"
import { readOpenPullRequests } from "../github/open-pull-requests.ts"
import { subjectKey, type Subject } from "../inbox/subject.ts"
import { systemActor, type EntryDraft, type EntryType, type LedgerEntry } from "../ledger/entry.ts"
import { lockLane, readNewest } from "../ledger/ledger.ts"
import type { ConfigInForce } from "../promotion/config.ts"
import { modeOf } from "../promotion/verdict.ts"
import type { ReconcileDeps } from "./deps.ts"
import { look, nothingSeen, storeSight } from "./look.ts"
import { promotionsUnderWay, record } from "./record.ts"
import { readRepository, type KnownRepository } from "./repository-row.ts"

/** Most pages of twenty open pull requests read in one sweep of a repository. */
const limitPages = 50

/**
 * Looks at a repository as a whole: reads the config and every open pull request, records a changed config or
 * installation, and marks all promotions dirty that this may concern. This is what heals lost webhooks.
 */
export async function reconcileRepository(deps: ReconcileDeps, repositoryId: number): Promise<void> {
  const repository = await readRepository(deps.prisma, repositoryId)
  const open = repository === null ? null : await readOpen(deps, repository)
  if (repository !== null && open !== null) await seeClosed(deps, repository, new Set(open))
  await deps.prisma.$transaction(async (tx) => {
    const lock = await lockLane(tx, repositoryId)
    const now = await readRepository(tx, repositoryId)
    const nowMs = deps.clock.now().getTime()
    const drafts = [...(await installationEntry(tx, { repositoryId, installed: now !== null }))]
    if (now?.config != null) drafts.push(...(await configEntry(tx, { repositoryId, config: now.config })))
    const cause = `job:${subjectKey({ kind: "repository", repositoryId })}`
    await record(tx, lock, { drafts, cause, nowMs })
    if (now === null) return
    const numbers = new Set([...(open ?? []), ...(await promotionsUnderWay(tx, repositoryId))])
    const subjects = [...numbers].map((number): Subject => ({ kind: "pull-request", repositoryId, number }))
    await deps.queue.mark(tx, [...subjects, ...(await unanswered(tx, repositoryId))])
  })
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

/** Numbers of all open pull requests, after storing what was seen of them; null when not all could be listed. */
async function readOpen(deps: ReconcileDeps, repository: KnownRepository): Promise<number[] | null> {
  const client = await deps.installation(repository.installationId)
  const numbers: number[] = []
  let next: string | null = null
  for (let page = 0; page < limitPages; page += 1) {
    const at = deps.clock.now()
    try {
      const read = await readOpenPullRequests(client, repository.address, next)
      await storeSight(deps, repository, { config: read.config, pullRequests: read.pullRequests, at })
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
    if (next === null) return numbers
  }
  return null
}

async function unanswered(tx: Prisma.TransactionClient, repositoryId: number): Promise<Subject[]> {
  const rows = await tx.ask.findMany({
    where: { repositoryId: BigInt(repositoryId), kind: "comment", settledAt: null },
    distinct: ["number"],
    select: { number: true },
  })
  return rows.map(({ number }): Subject => ({ kind: "conversation", repositoryId, number }))
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
  if (newest !== undefined && newest.payload.blob === config.blob && newest.payload.status === config.status) return []
  const problems = config.status === "invalid" ? config.problems.length : 0
  const payload = { blob: config.blob, status: config.status, mode: modeOf(config), problems }
  return [{ ...aboutRepository, key: `config:${newest?.seq ?? 0}`, type: "config_changed", payload }]
}

const aboutRepository = {
  runId: null,
  actor: systemActor,
  pullRequest: null,
  sha: null,
  branch: null,
  cause: null,
} as const
