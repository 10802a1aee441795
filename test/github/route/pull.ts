/** Pull requests and their merging. https://docs.github.com/en/rest/pulls/pulls */
import { participation } from "../access.ts"
import { invalidField, numberParam, optionalText, pageOf, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { mergePull } from "../act/merge.ts"
import { readMergeability } from "../act/mergeability.ts"
import { closePull, editPull, headLabel, headRepositoryOf, openPull, reopenPull, requestReview } from "../act/pull.ts"
import { compareCommits } from "../comparison.ts"
import type { MergeMethod, PullRequest } from "../state.ts"
import { commitView, fileView } from "../view/commit.ts"
import { pullView, simplePullView } from "../view/pull.ts"
import { diffAnswer, wantsDiff } from "./compare.ts"
import { mergeBranches } from "./merge-branch.ts"

const read = [{ permission: "pull_requests", level: "read" as const }]
const write = [{ permission: "pull_requests", level: "write" as const }]
const open = [...write, { permission: participation, level: "write" as const }]
const land = [{ permission: "contents", level: "write" as const }]

/** Routes below `/repos/{owner}/{repo}`. */
export const pullRoutes: RepositoryRoute[] = [
  { method: "GET", path: "/pulls", needs: read, handle: listPulls },
  { method: "POST", path: "/pulls", needs: open, handle: createPull },
  { method: "GET", path: "/pulls/:number", needs: read, media: ["diff"], handle: getPull },
  { method: "PATCH", path: "/pulls/:number", needs: open, handle: patchPull },
  { method: "GET", path: "/pulls/:number/files", needs: read, handle: listFiles },
  { method: "GET", path: "/pulls/:number/commits", needs: read, handle: listPullCommits },
  { method: "GET", path: "/pulls/:number/merge", needs: read, handle: isMerged },
  { method: "PUT", path: "/pulls/:number/merge", needs: land, handle: putMerge },
  { method: "POST", path: "/pulls/:number/requested_reviewers", needs: write, handle: askReviewers },
  { method: "POST", path: "/merges", needs: land, handle: mergeBranches },
]

/** The pull request a path names; 404 when there is none. */
export function requirePull(call: RepositoryCall): PullRequest {
  const pull = call.repository.pulls.get(numberParam(call, "number"))
  if (!pull) throw refusal(404, "Not Found")
  return pull
}

function listPulls(call: RepositoryCall): Answer {
  const wanted = call.query.get("state") ?? "open"
  const head = call.query.get("head")
  const base = call.query.get("base")
  const ascending = call.query.get("direction") === "asc"
  const all = [...call.repository.pulls.values()].filter(
    (pull) =>
      (wanted === "all" || pull.issue.state === wanted) &&
      (!base || pull.baseRef === base) &&
      (!head || head === `${pull.headRepository.owner.login}:${pull.headRef}`),
  )
  const key = call.query.get("sort") === "updated" ? "updatedAt" : "createdAt"
  all.sort((a, b) => a.issue[key].localeCompare(b.issue[key]) || a.number - b.number)
  return pageOf(call, ascending ? all : all.toReversed(), (pull) => simplePullView(call.state, call.repository, pull))
}

async function createPull(call: RepositoryCall): Promise<Answer> {
  const { owner, ref } = headLabel(call.repository, textField(call, "PullRequest", "head"))
  const headRepository = headRepositoryOf(call, owner)
  if (!headRepository) throw invalidField("PullRequest", "head")
  const pull = await openPull(call, call.actor, {
    title: textField(call, "PullRequest", "title"),
    body: optionalText(call, "body") ?? null,
    headRepository,
    headRef: ref,
    baseRef: textField(call, "PullRequest", "base"),
    draft: call.body["draft"] === true,
  })
  return { status: 201, body: await pullView(call, pull) }
}

async function getPull(call: RepositoryCall): Promise<Answer> {
  const pull = requirePull(call)
  if (wantsDiff(call)) {
    const result = await compareCommits(call.repository.store, pull.baseSha, pull.headSha)
    return diffAnswer(call, "PullRequest", { result, headSha: pull.headSha })
  }
  return { status: 200, body: await pullView(call, pull, await readMergeability(call, pull)) }
}

async function patchPull(call: RepositoryCall): Promise<Answer> {
  const pull = requirePull(call)
  const title = optionalText(call, "title")
  const body = optionalText(call, "body")
  const base = optionalText(call, "base")
  await editPull(call, call.actor, {
    pull,
    ...(title ? { title } : {}),
    ...(body === undefined ? {} : { body }),
    ...(base ? { base } : {}),
  })
  if (call.body["state"] === "closed") await closePull(call, call.actor, pull)
  if (call.body["state"] === "open") await reopenPull(call, call.actor, pull)
  return { status: 200, body: await pullView(call, pull, await readMergeability(call, pull)) }
}

/** 3,000 files at most, as on GitHub. */
async function listFiles(call: RepositoryCall): Promise<Answer> {
  const { state, repository } = call
  const pull = requirePull(call)
  const { files } = await compareCommits(repository.store, pull.baseSha, pull.headSha)
  return pageOf(call, files.slice(0, 3000), (file) => fileView({ state, repository, ref: pull.headSha }, file))
}

/** 250 commits at most, oldest first, as on GitHub. */
async function listPullCommits(call: RepositoryCall): Promise<Answer> {
  const pull = requirePull(call)
  const { commits } = await compareCommits(call.repository.store, pull.baseSha, pull.headSha)
  return pageOf(call, commits.slice(0, 250), (commit) => commitView(call.state, call.repository, commit))
}

function isMerged(call: RepositoryCall): Answer {
  if (!requirePull(call).mergedAt) throw refusal(404, "Not Found")
  return { status: 204 }
}

async function putMerge(call: RepositoryCall): Promise<Answer> {
  const method = optionalText(call, "merge_method") ?? "merge"
  if (!isMethod(method)) throw invalidField("PullRequest", "merge_method", "merge_method is invalid")
  const sha = await mergePull(call, call.actor, {
    pull: requirePull(call),
    method,
    sha: optionalText(call, "sha") ?? undefined,
    title: optionalText(call, "commit_title") ?? undefined,
    message: optionalText(call, "commit_message") ?? undefined,
  })
  return { status: 200, body: { sha, merged: true, message: "Pull Request successfully merged" } }
}

function isMethod(text: string): text is MergeMethod {
  return text === "merge" || text === "squash" || text === "rebase"
}

async function askReviewers(call: RepositoryCall): Promise<Answer> {
  const pull = requirePull(call)
  const logins = Array.isArray(call.body["reviewers"]) ? call.body["reviewers"].map(String) : []
  for (const login of logins) {
    const reviewer = call.state.accounts.get(login.toLowerCase())
    if (!reviewer) throw refusal(422, "Reviews may only be requested from collaborators.")
    await requestReview(call, call.actor, { pull, reviewer })
  }
  return { status: 201, body: simplePullView(call.state, call.repository, pull) }
}
