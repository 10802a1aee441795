/** Whether a pull request merges cleanly: worked out late, as on GitHub, so that the first reads see `null`. */
import { tryMerge } from "../git-merge.ts"
import { writeCommit } from "../git-object.ts"
import { readRef, setRef } from "../git-ref.ts"
import type { Mergeability, PullRequest, World } from "../state.ts"
import { unknownMergeability } from "../view/pull.ts"
import type { MergeabilityView } from "../view/pull.ts"
import { latestRuns } from "../view/check.ts"
import { isBehind, landingProblems } from "./rules.ts"

/**
 * What one read of a pull request says. A new head or base starts it over: `state.nullMergeableReads` reads answer
 * `null`, then the truth, with `refs/pull/N/merge` made.
 * https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-your-git-database#checking-mergeability-of-pull-requests
 */
export async function readMergeability(world: World, pull: PullRequest): Promise<MergeabilityView> {
  if (pull.issue.state === "closed") return unknownMergeability
  const known = await currentMergeability(world, pull)
  if (known.nullReadsLeft > 0) {
    known.nullReadsLeft -= 1
    return unknownMergeability
  }
  if (known.mergeable === undefined) await workOut(world, pull, known)
  return mergeabilityView(world, pull, known)
}

/** The truth at once, whether or not anybody has asked before: what GitHub itself goes by. */
export async function trueMergeability(world: World, pull: PullRequest): Promise<MergeabilityView> {
  const known = await currentMergeability(world, pull)
  known.nullReadsLeft = 0
  return readMergeability(world, pull)
}

/** What a webhook payload says: the truth if some read has brought it about already, else unknown. */
export async function peekMergeability(world: World, pull: PullRequest): Promise<MergeabilityView> {
  if (pull.issue.state === "closed" || pull.mergeability?.mergeable === undefined) return unknownMergeability
  const known = await currentMergeability(world, pull)
  return known.mergeable === undefined ? unknownMergeability : mergeabilityView(world, pull, known)
}

async function currentMergeability(world: World, pull: PullRequest): Promise<Mergeability> {
  const baseSha = (await readRef(world.repository.store, `refs/heads/${pull.baseRef}`)) ?? pull.baseSha
  const known = pull.mergeability
  if (known?.headSha === pull.headSha && known.baseSha === baseSha) return known
  const fresh = {
    headSha: pull.headSha,
    baseSha,
    nullReadsLeft: world.state.nullMergeableReads,
    mergeable: undefined,
    mergeSha: undefined,
  }
  pull.mergeability = fresh
  return fresh
}

async function workOut(world: World, pull: PullRequest, known: Mergeability): Promise<void> {
  const { store } = world.repository
  const merged = await tryMerge(store, { base: known.baseSha, head: known.headSha })
  known.mergeable = !("conflict" in merged)
  if ("conflict" in merged) return
  const author = { name: "GitHub", email: "noreply@github.com", date: world.state.clock.now() }
  const message = `Merge ${known.headSha} into ${known.baseSha}`
  known.mergeSha = await writeCommit(store, {
    tree: merged.tree,
    parents: [known.baseSha, known.headSha],
    message,
    author,
  })
  setRef(store, `refs/pull/${pull.number}/merge`, known.mergeSha)
}

async function mergeabilityView(world: World, pull: PullRequest, known: Mergeability): Promise<MergeabilityView> {
  const mergeable = known.mergeable ?? null
  return {
    mergeable,
    rebaseable: mergeable,
    mergeable_state: await mergeableState(world, pull, known),
    merge_commit_sha: known.mergeSha ?? null,
  }
}

/** https://docs.github.com/en/graphql/reference/enums#mergestatestatus, in lower case. */
async function mergeableState(world: World, pull: PullRequest, known: Mergeability): Promise<string> {
  const { repository } = world
  if (!known.mergeable) return "dirty"
  if (pull.draft) return "draft"
  const actor = { account: pull.issue.author, app: undefined }
  const landing = { branch: pull.baseRef, sha: pull.headSha, actor, pull, waits: true }
  if (landingProblems(repository, landing).length > 0) return "blocked"
  if (await isBehind(repository, landing, known.baseSha)) return "behind"
  const runs = latestRuns(repository.checkRuns.filter((run) => run.headSha === pull.headSha))
  const isFine = (conclusion: string | null) => ["success", "neutral", "skipped"].includes(conclusion ?? "")
  return runs.every((run) => run.status === "completed" && isFine(run.conclusion)) ? "clean" : "unstable"
}
