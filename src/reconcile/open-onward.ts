import { bringOnward, endOnward } from "../github/onward.ts"
import { sha } from "../lib/brand.ts"
import type { LaneOutcome } from "../promotion/lane/lane-deed.ts"
import type { CloseOnward, OpenOnward } from "../promotion/lane/onward-deed.ts"
import type { LaneContext } from "./lane.ts"

/** Opens the promotion pull request, or brings the open one forward. */
export async function openOnward({ deps, repository }: LaneContext, deed: OpenOnward): Promise<LaneOutcome> {
  const client = await deps.installation(repository.installationId)
  const { target, commit, head, title, body } = deed
  const wish = { address: repository.address, target, commit: sha(commit), head, title, body }
  const answer = await bringOnward(client, wish)
  switch (answer.how) {
    case "done":
    case "closed":
      return { how: "done", number: answer.number, sha: commit }
    case "taken": {
      const words = `somebody else pushed to the branch ${head}, or opened a pull request from it: delete that branch`
      return { how: "refused", why: "other", words }
    }
    case "gone":
      return { how: "refused", why: "unknown", words: `there is no branch ${target}` }
    case "refused":
      return answer
  }
}

/** Closes it, if it is open. */
export async function closeOnward({ deps, repository }: LaneContext, deed: CloseOnward): Promise<LaneOutcome> {
  const client = await deps.installation(repository.installationId)
  const { target, head, body } = deed
  return { how: await endOnward(client, { address: repository.address, target, head, body }) }
}
