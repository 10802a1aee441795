/** Comparisons of two commits, as JSON and as a diff. https://docs.github.com/en/rest/commits/commits#compare-two-commits */
import { page, refusal } from "../api.ts"
import type { Answer, ApiCall, RepositoryCall, RepositoryRoute } from "../api.ts"
import { headLabel, headRepositoryOf } from "../act/pull.ts"
import { compareCommits, contains, type Comparison } from "../comparison.ts"
import { fetchFrom } from "../git.ts"
import { diffText } from "../git-diff.ts"
import type { Commit } from "../git-object.ts"
import { commitView, fileView } from "../view/commit.ts"
import { repositoryPage, repositoryUrl } from "../view/repository.ts"
import { requireCommit } from "./content.ts"

const read = [{ permission: "contents", level: "read" as const }]

/** Routes below `/repos/{owner}/{repo}`. */
export const compareRoutes: RepositoryRoute[] = [
  { method: "GET", path: "/compare/:range{.+}", needs: read, media: ["diff"], handle: compare },
]

async function compare(call: RepositoryCall): Promise<Answer> {
  const { state, repository } = call
  const [baseName, headName] = String(call.params["range"]).split("...")
  if (!baseName || !headName) throw refusal(404, "Not Found")
  const [base, head] = [await sideOf(call, baseName), await sideOf(call, headName)]
  const result = await compareCommits(repository.store, base.sha, head.sha).catch(() => undefined)
  if (!result) throw refusal(404, `No common ancestor between ${baseName} and ${headName}.`)
  if (wantsDiff(call)) return diffAnswer(call, "Comparison", { result, headSha: head.sha })
  const mergeBase = await requireCommit(call, result.mergeBaseSha)
  const taken = page(call, result.commits)
  const isFirstPage = Number(call.query.get("page") ?? 1) <= 1
  const body = {
    url: `${repositoryUrl(state, repository)}/compare/${baseName}...${headName}`,
    html_url: `${repositoryPage(state, repository)}/compare/${baseName}...${headName}`,
    base_commit: commitView(state, repository, base),
    merge_base_commit: commitView(state, repository, mergeBase),
    status: await comparisonStatus(call, base.sha, head.sha),
    ahead_by: result.commits.length,
    behind_by: result.behindBy,
    total_commits: result.commits.length,
    commits: taken.items.map((commit) => commitView(state, repository, commit)),
    files: isFirstPage
      ? result.files.slice(0, 300).map((file) => fileView({ state, repository, ref: head.sha }, file))
      : [],
  }
  return { status: 200, body, headers: taken.headers }
}

/** One side of a comparison, which may be `owner:branch` of a fork. */
async function sideOf(call: RepositoryCall, name: string): Promise<Commit> {
  const { owner, ref } = headLabel(call.repository, name)
  const other = headRepositoryOf(call, owner)
  if (other && other !== call.repository) {
    await fetchFrom(call.repository.store, other.store, `+refs/heads/${ref}:refs/compare/${other.id}/${ref}`)
    return requireCommit(call, `refs/compare/${other.id}/${ref}`)
  }
  const commit = await requireCommit(call, ref).catch(() => undefined)
  if (!commit) throw refusal(404, "Not Found")
  return commit
}

async function comparisonStatus(call: RepositoryCall, base: string, head: string): Promise<string> {
  const { store } = call.repository
  if (base === head) return "identical"
  if (await contains(store, head, base)) return "ahead"
  return (await contains(store, base, head)) ? "behind" : "diverged"
}

/** Whether a caller asks for the diff media type. https://docs.github.com/en/rest/using-the-rest-api/media-types */
export function wantsDiff(call: ApiCall): boolean {
  return /application\/vnd\.github(\.v3)?\.diff/.test(call.headers.get("accept") ?? "")
}

/** The three-dot diff as text; 406 when it is larger than GitHub serves. `resource` is the thing the error names. */
export async function diffAnswer(
  call: RepositoryCall,
  resource: "Comparison" | "PullRequest",
  range: { result: Comparison; headSha: string },
): Promise<Answer> {
  const { limits } = call.state
  const { files, mergeBaseSha } = range.result
  const tooLarge = (what: string) =>
    refusal(406, `Sorry, the diff exceeded the maximum number of ${what}`, [
      { resource, field: "diff", code: "too_large" },
    ])
  if (files.length > limits.diffFiles) {
    const advice = "Consider using 'List pull requests files' API or locally cloning the repository instead."
    throw tooLarge(`files (${limits.diffFiles}). ${advice}`)
  }
  const diff = await diffText(call.repository.store, mergeBaseSha, range.headSha)
  if (linesIn(diff) > limits.diffLines) throw tooLarge(`lines (${limits.diffLines})`)
  if (diff.length > limits.diffBytes) throw tooLarge(`bytes (${limits.diffBytes})`)
  const headers = {
    "content-type": "application/vnd.github.diff; charset=utf-8",
    "x-github-media-type": "github.v3; param=diff",
  }
  return { status: 200, body: diff, headers }
}

function linesIn(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count += 1
  return count
}
