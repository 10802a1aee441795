/** Merging one branch into another without a pull request. https://docs.github.com/en/rest/branches/branches#merge-a-branch */
import { optionalText, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall } from "../api.ts"
import { refuseByProtection } from "../act/ref.ts"
import { refMoved } from "../act/push.ts"
import { contains } from "../comparison.ts"
import { mergePullRequest } from "../git-merge.ts"
import { readCommit } from "../git-object.ts"
import { readRef, updateRef } from "../git-ref.ts"
import { resolveRevision } from "../git-tree.ts"
import { commitView } from "../view/commit.ts"

/** 201 with the merge commit, 204 when there is nothing to merge, 404 for a missing side, 409 for a conflict. */
export async function mergeBranches(call: RepositoryCall): Promise<Answer> {
  const { repository, state, actor } = call
  const { store } = repository
  const base = textField(call, "Merge", "base")
  const head = textField(call, "Merge", "head")
  const ref = `refs/heads/${base}`
  const tip = await readRef(store, ref)
  const headSha = await resolveRevision(store, head)
  if (!tip) throw refusal(404, "Base does not exist")
  if (!headSha || !(await readCommit(store, headSha))) throw refusal(404, "Head does not exist")
  if (await contains(store, tip, headSha)) return { status: 204 }
  const author = { name: actor.account.name, email: actor.account.email, date: state.clock.now() }
  const message = optionalText(call, "commit_message") ?? `Merge ${head} into ${base}`
  const merged = await mergePullRequest(store, { base: tip, head: headSha, method: "merge", message, author })
  if ("conflict" in merged) throw refusal(409, "Merge conflict")
  refuseByProtection(call, actor, { ref, sha: merged.sha, force: false })
  const outcome = await updateRef(store, { ref, to: merged.sha, expectedOld: tip })
  if (outcome !== "ok") throw refusal(409, "Merge conflict")
  await refMoved(call, actor, { ref, before: tip, after: merged.sha })
  const commit = await readCommit(store, merged.sha)
  return { status: 201, body: commit && commitView(state, repository, commit) }
}
