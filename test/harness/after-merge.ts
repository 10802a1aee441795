import { healthCheckName } from "../../src/report/health.ts"
import { readTag } from "../github/git-object.ts"
import { readRef } from "../github/git-ref.ts"
import { resolveRevision } from "../github/git-tree.ts"
import type { MergeMethod, Repository } from "../github/state.ts"
import { steady, type OpenedPullRequest, type Scenario, type ShownGate } from "./verbs.ts"

/** The repository of a scenario, as the test GitHub holds it. */
export function repositoryOf(t: Scenario): Repository {
  const found = t.github.state.repositories.get(t.repositoryId)
  if (found === undefined) throw new Error("no repository")
  return found
}

/** Merges a pull request by hand, and lets the app follow. Returns the commit that landed. */
export async function merges(
  t: Scenario,
  pr: OpenedPullRequest,
  { by = "max", method = "merge" }: { by?: string; method?: MergeMethod } = {},
): Promise<string> {
  await t.people.mergePullRequest({ repo: t.repo, by, number: pr.number, method })
  await t.quiet()
  return landedBy(t, pr)
}

/** The commit that a merged pull request landed with. */
export function landedBy(t: Scenario, pr: OpenedPullRequest): string {
  const sha = repositoryOf(t).pulls.get(pr.number)?.mergeCommitSha ?? null
  if (sha === null) throw new Error(`pull request ${pr.number} is not merged`)
  return sha
}

/** Opens a pull request, has its checks pass, and merges it. */
export async function promotes(
  t: Scenario,
  options: Parameters<Scenario["openPullRequest"]>[0] & { method?: MergeMethod } = {},
): Promise<{ pr: OpenedPullRequest; sha: string }> {
  const { method = "merge", ...opening } = options
  const pr = await t.openPullRequest(opening)
  await t.check(pr)
  await t.quiet()
  return { pr, sha: await merges(t, pr, { method }) }
}

/** Lets time pass, and the app do what follows. */
export async function later(t: Scenario, ms: number): Promise<void> {
  t.clock.advance(ms)
  await t.quiet()
}

/** Our check run on a commit of the branch, as a person sees it; null when there is none. */
export function healthOf(t: Scenario, sha: string): ShownGate | null {
  const run = repositoryOf(t).checkRuns.findLast(
    (one) => one.headSha === sha && one.name === healthCheckName && one.app.id === t.credentials.appId,
  )
  if (run === undefined) return null
  const { status, conclusion, output } = run
  const title = output.title ?? ""
  const line = `${conclusion ?? status} | ${title}`
  return { status, conclusion: conclusion ?? null, title, summary: steady(output.summary ?? ""), line }
}

/** The commit of a tag; null when there is none. */
export async function tagAt(t: Scenario, tag = "known-good/main"): Promise<string | null> {
  const { store } = repositoryOf(t)
  const object = await readRef(store, `refs/tags/${tag}`)
  return object === undefined ? null : ((await readTag(store, object))?.object ?? object)
}

/** The commit at a branch's head. */
export async function headOf(t: Scenario, branch = "main"): Promise<string> {
  const sha = await resolveRevision(repositoryOf(t).store, `refs/heads/${branch}`)
  if (sha === undefined) throw new Error(`no branch ${branch}`)
  return sha
}

/** Reports a deployment of a commit, and how it went. */
export async function deploys(
  t: Scenario,
  {
    sha,
    environment = "production",
    state = "success",
  }: { sha: string; environment?: string; state?: "success" | "failure" | "in_progress" },
): Promise<void> {
  await t.people.deploy({ repo: t.repo, by: "max", ref: sha, environment, state })
  await t.quiet()
}

/** The pull requests that the app itself opened, newest last. */
export function opensBy(t: Scenario): { number: number; title: string; body: string; state: string; head: string }[] {
  return [...repositoryOf(t).pulls.values()]
    .filter((pull) => pull.issue.author.login === "portcullis[bot]")
    .map((pull) => ({
      number: pull.number,
      title: pull.issue.title,
      body: steady(pull.issue.body ?? ""),
      state: pull.mergedAt === null ? pull.issue.state : "merged",
      head: pull.headRef.replace(/rollback-[0-9a-f]{12}$/, "rollback-<id>"),
    }))
}
