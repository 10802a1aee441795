import { readBranch } from "../github/branch.ts"
import type { OwnPullRequest } from "../github/branch-pull-request.ts"
import { patchDigest, readPatch } from "../github/patch.ts"
import { restoreTree } from "../github/restore.ts"
import { revertByGitHub, revertByTree } from "../github/revert.ts"
import { sha, type Sha } from "../lib/brand.ts"
import { knownGoodTag } from "../promotion/config/config-rollback.ts"
import type { PullRequestFact } from "../promotion/fact.ts"
import type { LaneOutcome, LaneProblem, OpenRollback } from "../promotion/lane/lane-deed.ts"
import type { LaneContext } from "./lane.ts"

/**
 * Opens the pull request of a rollback. A revert is asked of GitHub first; where GitHub cannot, because of a conflict that
 * is none for the paths concerned, or because nothing of it was a pull request, it is computed here. Safe to repeat: what
 * an earlier attempt made is found by its branch.
 */
export async function openRollback(context: LaneContext, deed: OpenRollback): Promise<LaneOutcome> {
  const outcome = await open(context, deed)
  return outcome.how === "done" ? { ...outcome, brought: await broughtBy(context, deed) } : outcome
}

/** By this the same change is known when somebody wants to land it again. */
async function broughtBy({ deps, repository }: LaneContext, { before, after }: OpenRollback): Promise<string | null> {
  if (before === null) return null
  const client = await deps.installation(repository.installationId)
  const text = await readPatch(client, repository.address, { base: sha(before), head: sha(after) })
  return text === null ? null : patchDigest(text)
}

async function open(context: LaneContext, deed: OpenRollback): Promise<LaneOutcome> {
  if (deed.target !== null) return restore(context, { deed, target: deed.target })
  const byGitHub = deed.number === 0 ? null : await revertThere(context, deed)
  return byGitHub ?? revertHere(context, deed)
}

/** Null: GitHub cannot, or its name for the branch is taken. */
async function revertThere(context: LaneContext, deed: OpenRollback): Promise<LaneOutcome | null> {
  const { deps, repository, place } = context
  const fact = await deps.prisma.fact.findUnique({
    where: {
      repositoryId_kind_key: {
        repositoryId: BigInt(place.repositoryId),
        kind: "pull-request",
        key: String(deed.number),
      },
    },
  })
  const headRef = (fact?.data as PullRequestFact | undefined)?.headRef
  if (headRef === undefined) return null
  const { number, title, body } = deed
  const client = await deps.installation(repository.installationId)
  const wish = { address: repository.address, number, headRef, baseRef: place.branch, title, body }
  const answer = await revertByGitHub(client, wish)
  if (answer.how === "done") return opened(answer.pullRequest)
  if (answer.how === "refused") return { how: "refused", why: answer.why, words: answer.words }
  return null
}

/** What the app proposes by itself: the branch, and what it is to stand on. */
async function proposal(context: LaneContext, { head: newBranch, title, body }: OpenRollback) {
  const { deps, repository, place, rules } = context
  const client = await deps.installation(repository.installationId)
  const { address } = repository
  const { head } = await readBranch(client, address, { branch: place.branch, tag: knownGoodTag(rules, place.branch) })
  if (head === null) return null
  const wish = { address, branch: place.branch, headSha: sha(head), newBranch, message: title, title, body }
  return { client, wish }
}

const noBranch: LaneOutcome = { how: "refused", why: "unknown", words: "the branch is gone" }

async function restore(
  context: LaneContext,
  { deed, target }: { deed: OpenRollback; target: string },
): Promise<LaneOutcome> {
  const proposed = await proposal(context, deed)
  if (proposed === null) return noBranch
  const answer = await restoreTree(proposed.client, { ...proposed.wish, target: sha(target) })
  if (answer.how === "nothing") return refuse("empty", "the branch has that content already")
  if (answer.how === "commit-gone") return refuse("unknown", `GitHub has no commit ${target}`)
  return outcomeOf(answer)
}

async function revertHere(context: LaneContext, deed: OpenRollback): Promise<LaneOutcome> {
  const { before, after } = deed
  if (before === null) return refuse("unknown", "nobody knows what was there before")
  const proposed = await proposal(context, deed)
  if (proposed === null) return noBranch
  const answer = await revertByTree(proposed.client, { ...proposed.wish, before: sha(before), after: sha(after) })
  switch (answer.how) {
    case "conflict":
      return { how: "refused", why: "conflict", words: "it was changed again since", paths: answer.paths.slice(0, 20) }
    case "nothing":
      return refuse("empty", "all of it was taken back already")
    case "unknown":
      return refuse("unknown", answer.why)
    default:
      return outcomeOf(answer)
  }
}

type Proposed = Exclude<
  Awaited<ReturnType<typeof restoreTree>> | Awaited<ReturnType<typeof revertByTree>>,
  { how: "nothing" | "commit-gone" | "conflict" | "unknown" }
>

/** One that stands on an older head is good still: what landed since is merged with it, and compared when it lands. */
function outcomeOf(answer: Proposed): LaneOutcome {
  switch (answer.how) {
    case "done":
    case "outdated":
      return opened(answer.pullRequest)
    case "closed":
      return refuse("other", `its pull request #${answer.pullRequest.number} was closed`)
    case "taken":
      return refuse("other", "a branch of its name is there, and was not made by this app")
    case "moved":
      throw new Error("the branch moved while its rollback was being opened")
    case "refused":
      return { how: "refused", why: answer.why, words: answer.words }
  }
}

function refuse(why: LaneProblem, words: string): LaneOutcome {
  return { how: "refused", why, words }
}

function opened({ number, headSha }: OwnPullRequest & { headSha: Sha }): LaneOutcome {
  return { how: "done", number, sha: headSha }
}
