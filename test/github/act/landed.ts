/** What of a base branch's history a pull request made there. */
import { type Commit, readCommit } from "../git-object.ts"
import type { PullRequest, Repository } from "../state.ts"

/**
 * The commits that a landing made on the base branch, newest first: one, or as many as were rebased. Of a pull request
 * that somebody pushed there by hand only the newest is known; none of one that has not landed.
 */
export async function landedCommits(
  repository: Repository,
  { mergeCommitSha, landedOn }: PullRequest,
): Promise<Commit[]> {
  const landed: Commit[] = []
  for (let sha = mergeCommitSha ?? undefined; sha !== undefined && sha !== landedOn;) {
    const commit = await readCommit(repository.store, sha)
    if (!commit) return landed
    landed.push(commit)
    sha = landedOn === null ? undefined : commit.parents[0]
  }
  return landed
}
