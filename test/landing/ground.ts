import type { GitHubClient } from "../../src/github/client.ts"
import { octokitOnce } from "../../src/github/octokit.ts"
import { sha, type Sha } from "../../src/lib/brand.ts"
import type { LandingJudgement } from "../../src/promotion/landing/judgement.ts"
import { inspectLanding } from "../../src/reconcile/landing.ts"
import { findRepository } from "../github/access.ts"
import { readCommit, writeBlob, writeCommit } from "../github/git-object.ts"
import { resolveTree, writeTree, type FileMode } from "../github/git-tree.ts"
import type { GitStore } from "../github/git.ts"
import { openShop, type Shop } from "../github/shop.ts"

/** A shop, a client of the app in it, and its repository on disk. */
export type Ground = { shop: Shop; client: GitHubClient; store: GitStore }

/** Where the shop is. */
export const address = { owner: "acme", name: "shop" }

/** Opens a shop of an organisation, which may have a merge queue. Close it with `ground.shop.github.close()`. */
export async function openGround(): Promise<Ground> {
  const shop = await openShop({ ownerType: "Organization" })
  const Octokit = octokitOnce((input, init) => shop.github.fetch(input, init))
  const client = new Octokit({ auth: { token: shop.token }, baseUrl: "http://github.test" })
  const store = findRepository(shop.github.state, shop.repo)?.store
  if (store === undefined) throw new Error("no shop")
  return { shop, client, store }
}

/** Judges what landed between two commits as an approved head. */
export function inspect(
  { client }: Ground,
  { before, landed, head }: { before: string; landed: string; head: string },
): Promise<LandingJudgement> {
  return inspectLanding(client, { address, before: sha(before), landed: sha(landed), head: sha(head) })
}

/** The commit at the tip of `main`. */
export async function tip({ shop }: Ground): Promise<Sha> {
  return sha((await shop.github.people.resolve({ repo: shop.repo, revision: "main" })).sha)
}

/** Pushes files to `main`. */
export async function pushToMain({ shop }: Ground, files: Record<string, string | null>): Promise<Sha> {
  return sha((await shop.github.people.commit({ repo: shop.repo, by: "olga", files })).sha)
}

/**
 * A commit as something gone wrong would make it: that of another commit, with other content. `tree` is a commit or tree
 * to take it from, `files` what is put over that. It is stored, and no branch moved.
 */
export async function wrongCommit(
  { store }: Ground,
  { like, tree = like, files = {}, parents }: WrongCommit,
): Promise<Sha> {
  const model = await readCommit(store, like)
  const baseTree = await resolveTree(store, tree)
  if (model === undefined || baseTree === undefined) throw new Error(`no commit ${like} or tree ${tree}`)
  const entries: { path: string; mode: FileMode; sha: string | null }[] = []
  for (const [path, content] of Object.entries(files)) {
    entries.push({ path, mode: "100644", sha: content === null ? null : await writeBlob(store, content) })
  }
  const { message, author, committer } = model
  const made = { tree: await writeTree(store, { baseTree, entries }), parents: parents ?? model.parents }
  return sha(await writeCommit(store, { ...made, message, author, committer }))
}

/** See {@link wrongCommit}. */
export type WrongCommit = {
  like: string
  tree?: string
  files?: Record<string, string | null>
  parents?: readonly string[]
}
