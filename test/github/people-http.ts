/**
 * `/_people`: the acts of people over HTTP, for the demo and for trying things by hand with curl.
 *
 * - `GET /_people`: what there is and the names of the acts; `POST /_people/ACT` with the act's arguments as JSON.
 * - `GET /_people/state?repo=owner/name`: pull requests, checks, comments, issues, deployments and tags
 *   as short plain data.
 * - `GET /_people/calls`, `DELETE /_people/calls`: the log of API calls.
 * - `GET /_people/deliveries`: webhooks and what became of them.
 * - `POST /_people/faults` with `{match, fault}`, `DELETE /_people/faults`; `GET /_people/unknown`.
 */
import { answerOf, refusal, refused } from "./api.ts"
import type { Answer } from "./api.ts"
import { findRepository, fullNameOf } from "./access.ts"
import type { Deployment } from "./deployment.ts"
import type { RequestFault, RequestMatch } from "./faults.ts"
import { readTag } from "./git-object.ts"
import { listRefs } from "./git-ref.ts"
import type { TestGitHub } from "./github.ts"
import { deploymentRequests } from "./people/deploy.ts"
import { needs } from "./people/needs.ts"
import type { CheckRun, PullRequest, Repository } from "./state.ts"

/** Makes the handler of `/_people` requests. Never rejects for a wrong request: it answers with an error in words. */
export function createPeopleHandler(github: TestGitHub): (request: Request) => Promise<Response> {
  return async (request) => {
    const answer = await answerPeople(github, request).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      return answerOf(error) ?? refused(400, message)
    })
    return Response.json(answer.body ?? {}, { status: answer.status })
  }
}

async function answerPeople(github: TestGitHub, request: Request): Promise<Answer> {
  const url = new URL(request.url)
  const name = url.pathname.replace(/^\/_people\/?/, "")
  const text = await request.text()
  const args = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>
  const listing = listings[`${request.method} ${name}`]
  if (listing) return { status: 200, body: await listing(github, { url, args }) }
  const act = Object.entries(github.people).find(([known]) => known === name)?.[1]
  if (request.method !== "POST" || !act) throw refusal(404, `No act ${request.method} ${name}: see GET /_people`)
  const missing = missingFor(name, args)
  if (missing.length > 0) throw refusal(422, `${name} needs: ${missing.join(", ")}`)
  const result: unknown = await act(args as never)
  return { status: 200, body: result ?? {} }
}

/** Names of the arguments that the act cannot do without, and was not given. */
function missingFor(name: string, args: unknown): string[] {
  const given = new Map(Object.entries(args ?? {}))
  const needed = Object.entries(needs).find(([act]) => act === name)?.[1] ?? {}
  return Object.keys(needed).filter((argument) => (given.get(argument) ?? null) === null)
}

type Asked = { url: URL; args: Record<string, unknown> }

const listings: Record<string, (github: TestGitHub, asked: Asked) => unknown> = {
  "GET ": (github) => ({
    repositories: [...github.state.repositories.values()].map(fullNameOf),
    accounts: [...github.state.accounts.values()].map((account) => account.login),
    apps: [...github.state.apps.values()].map(({ id, slug, hookUrl }) => ({ id, slug, hookUrl })),
    acts: Object.keys(github.people),
  }),
  "GET state": (github, { url }) => repositoryState(github, url.searchParams.get("repo")),
  "GET calls": (github) => github.calls.all(),
  "DELETE calls": (github) => {
    github.calls.clear()
    return {}
  },
  "GET deliveries": (github) =>
    github.deliveries.log().map(({ guid, event, action, app, status, statusCode }) => ({
      guid,
      event,
      action,
      app: app.slug,
      status,
      statusCode,
    })),
  "GET unknown": (github) => github.unknownRequests,
  "POST faults": (github, { args }) => {
    const { match, fault } = args as { match: Omit<RequestMatch, "path"> & { path?: string }; fault: RequestFault }
    const { path, ...rest } = match
    github.faults.requests({ ...rest, ...(path === undefined ? {} : { path: new RegExp(path) }) }, fault)
    return {}
  },
  "DELETE faults": (github) => {
    github.faults.clear()
    return {}
  },
}

async function repositoryState(github: TestGitHub, name: string | null): Promise<unknown> {
  const only = [...github.state.repositories.values()]
  const repository = name === null ? only[0] : findRepository(github.state, name)
  if (!repository) throw refusal(404, `No repository ${name ?? ""}`)
  return {
    repo: fullNameOf(repository),
    pulls: [...repository.pulls.values()].map((pull) => pullState(repository, pull)),
    issues: [...repository.issues.values()]
      .filter((issue) => !repository.pulls.has(issue.number))
      .map(({ number, title, state, labels }) => ({ number, title, state, labels: labels.map((label) => label.name) })),
    deployments: repository.deployments.map(deploymentState),
    requests: deploymentRequests(github.state, { repo: fullNameOf(repository) }),
    tags: await tagStates(repository),
  }
}

/** Where each tag leads in the end, and what an annotated one says. */
async function tagStates({ store }: Repository) {
  const refs = await listRefs(store, "refs/tags/")
  return Promise.all(
    refs.map(async ({ ref, sha }) => {
      const tag = await readTag(store, sha)
      return { name: ref.replace("refs/tags/", ""), sha: tag?.object ?? sha, message: tag?.message ?? null }
    }),
  )
}

function pullState(repository: Repository, pull: PullRequest) {
  const { number, issue, headSha, headRef, baseRef, draft, mergedAt, mergeCommitSha } = pull
  const comments = repository.comments.filter((comment) => comment.issueNumber === number)
  return {
    number,
    title: issue.title,
    state: mergedAt ? "merged" : issue.state,
    draft,
    author: issue.author.login,
    head: headRef,
    headSha,
    base: baseRef,
    mergeCommitSha,
    body: issue.body ?? "",
    labels: issue.labels.map((label) => label.name),
    checks: repository.checkRuns.filter((run) => run.headSha === headSha).map(checkState),
    landedChecks: repository.checkRuns.filter((run) => run.headSha === mergeCommitSha).map(checkState),
    comments: comments.map(({ id, author, body, reactions }) => ({
      id,
      author: author.login,
      body,
      reactions: reactions.map((reaction) => reaction.content),
    })),
  }
}

function deploymentState({ id, environment, ref, sha, creator, statuses }: Deployment) {
  return { id, environment, ref, sha, creator: creator.login, states: statuses.map((status) => status.state) }
}

function checkState(run: CheckRun) {
  const { id, name, app, status, conclusion, output } = run
  return { id, name, app: app.slug, status, conclusion, title: output.title, summary: output.summary }
}
