import type { Prisma } from "../generated/client.ts"
import type { BranchSight } from "../github/branch.ts"
import { readBranchHistory, type BranchHistory, type RecentCommit } from "../github/branch-history.ts"
import { readNewCommits, readPullsOf } from "../github/new-commits.ts"
import { sha as shaOf } from "../lib/brand.ts"
import { subjectKey, type Subject } from "../inbox/subject.ts"
import type { EntryDraft } from "../ledger/entry.ts"
import { lockLane, type LaneLock } from "../ledger/ledger.ts"
import { modeOf } from "../promotion/gate/verdict.ts"
import { follow, type FoundLanding, type NewCommit } from "../promotion/lane/follow.ts"
import { landingPaths } from "../promotion/landing/landing-paths.ts"
import { landingEntries, overwrittenEntries, type JudgedLanding } from "../promotion/lane/landing-entry.ts"
import type { LandedRun } from "../promotion/rollback/plan-rollback.ts"
import type { PromotionState } from "../promotion/state.ts"
import type { ReconcileDeps } from "./deps.ts"
import { wakeDeployments } from "./deployment-rule-wake.ts"
import { beginningOf } from "./lane-begin.ts"
import { inspectLanding } from "./landing.ts"
import { storeLandingDetails, type DetailedLanding } from "./landing-detail.ts"
import type { LaneContext } from "./lane.ts"
import { landedRuns, readLaneRow, storeFollowed, unfollowedRuns, type LanePlace, type LaneRow } from "./lane-row.ts"
import { look, nothingSeen } from "./look.ts"
import { followPauses } from "./pause-change.ts"
import { record } from "./record.ts"
import type { KnownRepository } from "./repository-row.ts"

/** What a branch is followed with; `tag` is that of its known-good. */
export type Following = LaneContext & { tag: string }

/**
 * Follows what came on a promotion branch: each landing is compared with what was approved, and written down in the order
 * of the branch, once. A push is only a hint to look; what is new is told by the branch's own history.
 *
 * Gives what was seen of the branch; null: there was nothing to look for.
 */
export async function followBranch(following: Following): Promise<BranchSight | null> {
  const { deps, place, tag, repository } = following
  const row = await readLaneRow(deps.prisma, place)
  if (row === null) return null
  const known = await unfollowedRuns(deps.prisma, place)
  if (row.heard <= row.seen && known.length === 0) return null
  const client = await deps.installation(repository.installationId)
  const heads = known.map(({ headSha }) => headSha)
  const history = await readBranchHistory(client, repository.address, { branch: place.branch, tag, heads })
  const { head, tagAt } = history
  // Merges that were written down while GitHub was asked are in what it told.
  const runs = await unfollowedRuns(deps.prisma, place)
  await followTo(following, { row, runs, head, history })
  return { head, tagAt }
}

type Step = { row: LaneRow; runs: readonly PromotionState[]; head: string | null; history: BranchHistory }

async function followTo(following: Following, step: Step): Promise<void> {
  const { row, head } = step
  if (row.followedSha !== null) {
    return head === null
      ? overwritten(following, step)
      : followFrom(following, { ...step, head, from: row.followedSha })
  }
  if (head === null) return seen(following, step)
  const beginning = await beginningOf(following, { ...step, head })
  if (beginning.kind === "here") return seen(following, step)
  if (beginning.kind === "from") return followFrom(following, { ...step, head, from: beginning.sha })
  for (const number of beginning.numbers) await seeMerged(following, number)
}

async function followFrom(following: Following, step: Step & { head: string; from: string }): Promise<void> {
  const { row, head, from } = step
  if (from === head) return seen(following, step)
  const recent = recentCommits(step.history, { from, to: head })
  if (recent !== null) return followCommits(following, { ...step, before: from, commits: recent })
  const client = await following.deps.installation(following.repository.installationId)
  const { address } = following.repository
  const found = await readNewCommits(client, { address, from: shaOf(from), to: shaOf(head) })
  // What its history does not tell any more is followed anew from where the branch is now.
  if (found.kind !== "ahead") return row.followedSha === null ? seen(following, step) : overwritten(following, step)
  const commits = found.commits.map(({ sha }): NewCommit => ({ sha, pulls: null }))
  await followCommits(following, { ...step, before: from, commits })
}

/** What came since a commit along first parents, oldest first, if the branch's newest commits tell; null: they do not. */
function recentCommits({ recent }: BranchHistory, { from, to }: { from: string; to: string }): NewCommit[] | null {
  const commits: NewCommit[] = []
  for (let next: string | null = to; next !== from;) {
    const commit: RecentCommit | undefined = next === null ? undefined : recent.get(next)
    if (commit === undefined) return null
    commits.push({ sha: commit.sha, pulls: commit.pulls.length === 0 ? null : commit.pulls })
    next = commit.before
  }
  return commits.toReversed()
}

/** Nothing came; that it was looked at is stored. */
async function seen({ deps, place }: Following, { row, head }: Step): Promise<void> {
  const to = head
  await storeFollowed(deps.prisma, place, { from: row.followedSha, to, seen: row.heard, at: deps.clock.now() })
}

/** Most commits followed in one pass; the next one goes on. */
const limitCommits = 100

type Found = Step & { before: string; commits: readonly NewCommit[] }

async function followCommits(following: Following, found: Found): Promise<void> {
  const { deps, place } = following
  const commits = found.commits.slice(0, limitCommits)
  const { landings, awaits } = await attribute(following, { ...found, commits })
  for (const number of awaits) await seeMerged(following, number)
  const judged: DetailedLanding[] = []
  for (const landing of landings) judged.push(await inspect(following, { landing, history: found.history }))
  const isAll = awaits.length === 0 && commits.length === found.commits.length
  const stored = await deps.prisma.$transaction((tx) => store(tx, following, { ...found, judged, isAll }))
  if (stored && commits.length < found.commits.length) await markAgain(deps, place)
}

async function markAgain(deps: ReconcileDeps, place: LanePlace): Promise<void> {
  await deps.prisma.$transaction((tx) => deps.queue.mark(tx, [{ kind: "lane", ...place }]))
}

type Attributed = { landings: readonly FoundLanding[]; awaits: readonly number[] }

/** Finds out whose the commits are; GitHub is asked only of those that no merge is known to have made. */
async function attribute(following: Following, { runs, before, commits }: Found): Promise<Attributed> {
  const { deps, repository, place } = following
  const pulls = new Map<string, readonly number[]>()
  const unfollowed = runs.map(({ runId, number, headSha, after }) => {
    return { runId, number, headSha, mergeCommit: after?.mergeCommit ?? null }
  })
  for (;;) {
    const known = commits.map((commit) => ({ ...commit, pulls: pulls.get(commit.sha) ?? commit.pulls }))
    const named = known.flatMap((commit) => commit.pulls ?? [])
    const ended = await endedNumbers(deps.prisma, place, named)
    const followed = follow(known, { before, runs: unfollowed, ended })
    if (followed.kind === "followed") return followed
    const client = await deps.installation(repository.installationId)
    for (const sha of followed.asks) {
      const all = await readPullsOf(client, { address: repository.address, commit: shaOf(sha) })
      const into = all.filter(({ merged, baseRef }) => merged && baseRef === place.branch)
      pulls.set(
        sha,
        into.map(({ number }) => number),
      )
    }
  }
}

/** Pull requests into the branch whose landing was followed before. */
async function endedNumbers(
  db: Pick<Prisma.TransactionClient, "promotion">,
  { repositoryId, branch }: LanePlace,
  numbers: readonly number[],
): Promise<Set<number>> {
  const rows = await db.promotion.findMany({
    where: {
      repositoryId: BigInt(repositoryId),
      baseRef: branch,
      number: { in: [...numbers] },
      landedSha: { not: null },
    },
    select: { number: true },
  })
  return new Set(rows.map(({ number }) => number))
}

/** Its merge was not heard of yet: it is read, and its own pass writes it down and wakes the branch again. */
async function seeMerged({ deps, repository }: Following, number: number): Promise<void> {
  await look(deps, { repository, number }, { needs: [{ kind: "sight" }], seen: nothingSeen() })
  const subject: Subject = { kind: "pull-request", repositoryId: repository.id, number }
  await deps.prisma.$transaction((tx) => deps.queue.mark(tx, [subject]))
}

/**
 * Compares a landing with what was approved. A head that contains what the branch was before is by itself what a merge of
 * both gives, so that equal trees say all there is to say.
 */
async function inspect(
  { deps, repository }: Following,
  { landing, history }: { landing: FoundLanding; history: BranchHistory },
): Promise<DetailedLanding> {
  const { run, before, sha } = landing
  if (run === null || before === null) return { ...landing, integrity: "unasked", mismatch: null, detail: null }
  const [head, landed] = [history.heads.get(run.headSha), history.recent.get(sha)]
  if (head?.contains.has(before) === true && head.tree === landed?.tree) {
    return { ...landing, integrity: "clean", mismatch: null, detail: null }
  }
  const client = await deps.installation(repository.installationId)
  const { address } = repository
  const there = { address, before: shaOf(before), landed: shaOf(sha), head: shaOf(run.headSha) }
  const judged = await inspectLanding(client, there)
  return {
    ...landing,
    integrity: judged.kind,
    mismatch: judged.kind === "mismatch" ? landingPaths(judged) : null,
    detail: judged.kind === "clean" ? null : judged,
  }
}

type ToStore = Step & { judged: readonly DetailedLanding[]; isAll: boolean; before: string }

/** False when somebody else has followed the branch meanwhile. */
async function store(tx: Prisma.TransactionClient, following: Following, found: ToStore): Promise<boolean> {
  const { deps, place, repository } = following
  const { row, judged, isAll, before } = found
  const lock = await lockLane(tx, place.repositoryId)
  const now = deps.clock.now()
  const to = judged.at(-1)?.sha ?? before
  const seenTo = isAll ? row.heard : row.seen
  if (!(await storeFollowed(tx, place, { from: row.followedSha, to, seen: seenTo, at: now }))) return false
  const position = ((await landedRuns(tx, place)).at(-1)?.after.landing.position ?? 0) + 1
  const drafts = landingEntries(judged, {
    branch: place.branch,
    position,
    enforced: isEnforced(repository),
    watched: following.rules.health !== null,
    newRunId: () => deps.newRunId(),
  })
  await storeLandingDetails(tx, place.repositoryId, { landings: judged, at: now })
  await write(tx, following, { lock, drafts, nowMs: now.getTime() })
  return true
}

function isEnforced({ config }: KnownRepository): boolean {
  return config !== null && modeOf(config) === "enforce"
}

type Writing = {
  lock: LaneLock
  drafts: readonly EntryDraft[]
  nowMs: number
}

async function write(tx: Prisma.TransactionClient, { deps, place }: Following, writing: Writing): Promise<void> {
  const { lock, drafts, nowMs } = writing
  const cause = `job:${subjectKey({ kind: "lane", ...place })}`.slice(0, 200)
  await followPauses(deps, tx, await record(tx, lock, { drafts, cause, nowMs }))
  await wakeDeployments(deps, tx, place.repositoryId)
}

/** What was on the branch before is on it no more; it is followed anew from where it is, as if that had been pushed. */
async function overwritten(following: Following, { row, head, runs }: Step): Promise<void> {
  const { deps, place, repository, rules } = following
  const from = row.followedSha
  if (from === null) return
  const known = await landedRuns(deps.prisma, place)
  const lost = await lostRuns(following, { known, head })
  const isKnown = known.some(({ after }) => after.landing.sha === head)
  const position = (known.at(-1)?.after.landing.position ?? 0) + 1
  const enforced = isEnforced(repository)
  const { branch } = place
  const anew: JudgedLanding[] =
    head === null || isKnown
      ? []
      : [{ before: null, sha: head, commits: 1, run: null, integrity: "unasked", mismatch: null }]
  await deps.prisma.$transaction(async (tx) => {
    const lock = await lockLane(tx, place.repositoryId)
    const now = deps.clock.now()
    if (!(await storeFollowed(tx, place, { from, to: head, seen: row.heard, at: now }))) return
    const drafts = [
      ...overwrittenEntries([...lost, ...runs], { branch, from, to: head, enforced }),
      ...landingEntries(anew, {
        branch,
        position,
        enforced,
        watched: rules.health !== null,
        newRunId: () => deps.newRunId(),
      }),
    ]
    await write(tx, following, { lock, drafts, nowMs: now.getTime() })
  })
}

/** Of those that are being observed, those that the branch does not contain any more. */
async function lostRuns(
  { deps, repository }: Following,
  { known, head }: { known: readonly LandedRun[]; head: string | null },
): Promise<LandedRun[]> {
  const observed = known.filter(({ state }) => state === "promoted_pending_health")
  if (head === null) return observed
  const client = await deps.installation(repository.installationId)
  const lost: LandedRun[] = []
  for (const run of observed) {
    const from = run.after.landing.sha
    const found = await readNewCommits(client, { address: repository.address, from: shaOf(from), to: shaOf(head) })
    if (found.kind !== "ahead") lost.push(run)
  }
  return lost
}
