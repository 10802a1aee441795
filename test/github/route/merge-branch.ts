/** Merging one branch into another without a pull request. https://docs.github.com/en/rest/branches/branches#merge-a-branch */
import { optionalText, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall } from "../api.ts"
import { mergeInto } from "../act/merge-branch.ts"
import { readCommit } from "../git-object.ts"
import { readRef } from "../git-ref.ts"
import { resolveRevision } from "../git-tree.ts"
import { commitView } from "../view/commit.ts"

/** 201 with the merge commit, 204 when there is nothing to merge, 404 for a missing side, 409 for a conflict. */
export async function mergeBranches(call: RepositoryCall): Promise<Answer> {
  const { repository, state, actor } = call
  const { store } = repository
  const base = textField(call, "Merge", "base")
  const head = textField(call, "Merge", "head")
  const tip = await readRef(store, `refs/heads/${base}`)
  const headSha = await resolveRevision(store, head)
  if (!tip) throw refusal(404, "Base does not exist")
  if (!headSha || !(await readCommit(store, headSha))) throw refusal(404, "Head does not exist")
  const message = optionalText(call, "commit_message") ?? `Merge ${head} into ${base}`
  const merged = await mergeInto(call, actor, { branch: base, headSha, message })
  if (merged === "conflict") throw refusal(409, "Merge conflict")
  if (merged === "contained") return { status: 204 }
  const commit = await readCommit(store, merged.sha)
  return { status: 201, body: commit && commitView(state, repository, commit) }
}
