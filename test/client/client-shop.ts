/** The small shop of the test GitHub, asked by the client that the app itself uses. */
import { Probot } from "probot"
import type { GitHubClient, RepositoryAddress } from "../../src/github/client.ts"
import { octokitOnce } from "../../src/github/octokit.ts"
import { type Sha, sha } from "../../src/lib/brand.ts"
import { makeLog } from "../../src/lib/log.ts"
import { openShop, type Shop } from "../github/shop.ts"
import type { Permissions } from "../github/state.ts"

/** The shop, a client that acts as its app `portcullis`, and short ways to look at what became of it. */
export type ClientShop = Shop & {
  client: GitHubClient
  address: RepositoryAddress
  /** The commit that a branch, tag or id names. */
  commitOf(revision: string): Promise<Sha>
  /** Text of a file at a branch, tag or id; undefined when there is none. */
  textOf(revision: string, path: string): Promise<string | undefined>
  /** What was asked of GitHub since the last time: method and path, or the name of a query. */
  asked(): string[]
}

/** Opens one. `permissions` replace the app's. Close it with `github.close()`. */
export async function openClientShop(options: { permissions?: Permissions } = {}): Promise<ClientShop> {
  const shop = await openShop(options)
  const { github, repo } = shop
  const probot = new Probot({
    appId: shop.app.appId,
    privateKey: shop.app.privateKeyPem,
    baseUrl: "http://github.test",
    log: makeLog("fatal"),
    Octokit: octokitOnce((input, init) => github.fetch(input, init)),
    request: { fetch: (input: Request | URL | string, init?: RequestInit) => github.fetch(input, init) },
  })
  return {
    ...shop,
    client: await probot.auth(shop.installationId),
    address: { owner: "acme", name: "shop" },
    commitOf: async (revision) => sha((await github.people.resolve({ repo, revision })).sha),
    textOf: async (at, path) => (await github.people.readFile({ repo, at, path }))?.text,
    asked: () => {
      const calls = github.calls
        .work()
        .map(({ method, template, graphqlName }) => graphqlName ?? `${method} ${template}`)
      github.calls.clear()
      return calls.map((call) => call.replace("/repos/:owner/:repo", ""))
    },
  }
}
