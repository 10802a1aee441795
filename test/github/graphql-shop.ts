/** A small world for the tests of GraphQL: one repository, one pull request, two people, two apps. */
import { createApp, installApp } from "./act/app.ts"
import { openPull } from "./act/pull.ts"
import { createAccount, createRepository } from "./act/repository.ts"
import { actorOfPerson } from "./api.ts"
import { createToken } from "./auth.ts"
import { readRef } from "./git-ref.ts"
import { commitFiles } from "./git-tree.ts"
import { createTestGitHub, type TestGitHub } from "./github.ts"
import type { Account, App, Permissions, PullRequest, World } from "./state.ts"

/** What GraphQL answers, tolerant in types so that tests can reach into it. */
export type Reply = { data?: Record<string, never> | null; errors?: Record<string, never>[] }

/** The world and the ways to ask about it. */
export type Shop = {
  github: TestGitHub
  world: World
  pull: PullRequest
  /** Owner of the repositories. */
  ada: Account
  /** May write. */
  olga: Account
  /** The app that asks. */
  portcullis: App
  ci: App
  /** Sends a body as given; without `token` with the full one of `portcullis`, with "" as nobody. */
  post: (body: Record<string, unknown>, token?: string) => Promise<{ status: number; headers: Headers; body: Reply }>
  /** A token of `portcullis` with just these permissions. */
  tokenWith: (permissions: Permissions) => string
  /** Asks about the repository `ada/shop`; the status must be 200. */
  ask: (selection: string, token?: string) => Promise<Reply>
  /** The same about the pull request; there must be no errors. */
  askPull: (selection: string) => Promise<unknown>
  /** Commits on a branch, which begins at `main`. */
  commit: (branch: string, files: Record<string, string>) => Promise<string>
  openPull: (branch: string) => Promise<PullRequest>
}

const permissions: Permissions = {
  contents: "read",
  pull_requests: "write",
  issues: "read",
  checks: "write",
  statuses: "read",
}

/** Makes the world; `shop` is public, `hidden` private and without any app. Close `github` in the end. */
export async function openShop(): Promise<Shop> {
  const now = new Date(Date.UTC(2026, 10, 20, 12))
  const github = await createTestGitHub({ clock: { now: () => now } })
  const { state } = github
  const ada = createAccount(state, "ada")
  const olga = createAccount(state, "olga")
  const files = { "README.md": "# shop\n", "promotion.yml": "mode: enforce\n" }
  const repository = await createRepository(state, { owner: ada, name: "shop", files })
  await createRepository(state, { owner: ada, name: "hidden", files, isPrivate: true })
  repository.collaborators.set("olga", { account: olga, role: "write" })
  const portcullis = createApp(state, { slug: "portcullis", owner: ada, permissions, events: [] })
  const ci = createApp(state, { slug: "ci", owner: ada, permissions: { checks: "write" }, events: [] })
  const installation = installApp(state, portcullis, [repository])
  installApp(state, ci, [repository])
  const tokenWith = (narrowed: Permissions): string => createToken(state, installation, { permissions: narrowed }).token
  const pullOf = (branch: string) => openBranchPull({ state, repository }, ada, branch)
  const pull = await pullOf("topic")
  const parts = { github, world: { state, repository }, pull, ada, olga, portcullis, ci, tokenWith, openPull: pullOf }
  const commit = (branch: string, changed: Record<string, string>) =>
    commitTo(parts.world, ada, { branch, files: changed })
  return { ...parts, ...askers(github, tokenWith(permissions), pull.number), commit }
}

function askers(github: TestGitHub, fullToken: string, number: number): Pick<Shop, "post" | "ask" | "askPull"> {
  const post: Shop["post"] = async (body, token = fullToken) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `bearer ${token}` }) }
    const init = { method: "POST", headers, body: JSON.stringify(body) }
    const response = await github.fetch("http://github.test/graphql", init)
    return { status: response.status, headers: response.headers, body: (await response.json()) as Reply }
  }
  const ask: Shop["ask"] = async (selection, token) => {
    const { status, body } = await post({ query: `{ repository(owner: "ada", name: "shop") { ${selection} } }` }, token)
    if (status !== 200) throw new Error(`GraphQL answered ${status}: ${JSON.stringify(body)}`)
    return body
  }
  const askPull: Shop["askPull"] = async (selection) => {
    const { data, errors } = await ask(`pullRequest(number: ${number}) { ${selection} }`)
    if (errors) throw new Error(JSON.stringify(errors))
    return data?.["repository"]?.["pullRequest"]
  }
  return { post, ask, askPull }
}

async function openBranchPull(world: World, author: Account, headRef: string): Promise<PullRequest> {
  await commitTo(world, author, { branch: headRef, files: { [`${headRef}.ts`]: "export {}\n" } })
  const headRepository = world.repository
  const plan = { title: `Add ${headRef}`, body: null, headRepository, headRef, baseRef: "main", draft: false }
  return openPull(world, actorOfPerson(author), plan)
}

async function commitTo(
  { state, repository }: World,
  by: Account,
  change: { branch: string; files: Record<string, string> },
): Promise<string> {
  const { store } = repository
  const head = (await readRef(store, `refs/heads/${change.branch}`)) ?? (await readRef(store, "refs/heads/main"))
  const author = { name: by.name, email: by.email, date: state.clock.now() }
  const message = `Change ${change.branch}`
  return commitFiles(store, { ...change, parents: head === undefined ? [] : [head], message, author })
}
