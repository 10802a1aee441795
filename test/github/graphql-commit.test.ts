import { afterAll, beforeAll, expect, test } from "vitest"
import { openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"

let shop: Shop
let pull: { number: number; headSha: string }
let max: number
beforeAll(async () => {
  shop = await openShop()
  const { people, state } = shop.github
  const { id: rosa } = await people.createUser({ login: "rosa", emails: ["Rosa@Example.com"] })
  max = state.accounts.get("max")?.id ?? 0
  const bot = state.accounts.get("portcullis[bot]")?.id
  pull = await people.openPullRequest({ repo: shop.repo, by: "max", head: "cents", files: { "a.txt": "1\n" } })
  const { headSha } = await people.pushToPullRequest({
    repo: shop.repo,
    by: "max",
    number: pull.number,
    files: { "a.txt": "2\n" },
    message: [
      "Round prices",
      "Co-authored-by: In The Body <rita@users.noreply.github.com>\nis no trailer here.",
      "Refs: #1",
      "Co-authored-by: Rosa <rosa@example.com>",
      `Co-Authored-By: R <${rosa}+old-name@users.noreply.github.com>`,
      "co-authored-by: T <tom@users.noreply.github.com>",
      `Co-authored-by: P <${bot}+portcullis[bot]@users.noreply.github.com>`,
      "Co-authored-by: Stranger <who@example.com>",
      "Co-authored-by: Stranger <WHO@example.com>",
    ].join("\n\n"),
  })
  pull = { ...pull, headSha }
})
afterAll(() => shop.github.close())

async function ask(selection: string): Promise<unknown> {
  const query = `{ repository(owner: "acme", name: "shop") { ${selection} } }`
  const { status, body } = await shop.ask("POST", "/graphql", { as: shop.token, body: { query } })
  expect(status).toBe(200)
  expect((body as { errors?: unknown }).errors).toBeUndefined()
  return (body as { data: { repository: unknown } }).data.repository
}

test("a commit names its author and its co-authors, each with their account", async () => {
  const answer = await ask(`pullRequest(number: ${pull.number}) { commits(first: 100) { pageInfo { hasNextPage }
    totalCount nodes { commit { oid message messageHeadline committer { user { login } email }
    parents(first: 2) { totalCount } authors(first: 10) { totalCount nodes { name email user { login databaseId } } } } } } }`)
  const mail = (login: string) => shop.github.state.accounts.get(login)?.email
  expect(answer).toMatchObject({
    pullRequest: {
      commits: {
        pageInfo: { hasNextPage: false },
        totalCount: 2,
        nodes: [
          { commit: { authors: { nodes: [{ user: { login: "max", databaseId: max } }] } } },
          {
            commit: {
              oid: pull.headSha,
              messageHeadline: "Round prices",
              committer: { user: { login: "max" }, email: mail("max") },
              parents: { totalCount: 1 },
              authors: {
                totalCount: 6,
                nodes: [
                  { name: "max", user: { login: "max" } },
                  { name: "Rosa", email: "rosa@example.com", user: { login: "rosa" } },
                  { name: "R", user: { login: "rosa" } },
                  { name: "T", user: { login: "tom" } },
                  { name: "P", user: { login: "portcullis[bot]" } },
                  { name: "Stranger", email: "who@example.com", user: null },
                ],
              },
            },
          },
        ],
      },
    },
  })
})

test("opinionated reviews are the last of each person, with what they are about", async () => {
  const { people } = shop.github
  const on = { repo: shop.repo, number: pull.number }
  await people.review({ ...on, by: "olga", verdict: "REQUEST_CHANGES" })
  const { id } = await people.review({ ...on, by: "olga", verdict: "APPROVE" })
  await people.review({ ...on, by: "olga", verdict: "COMMENT" })
  const { id: gone } = await people.review({ ...on, by: "rita", verdict: "APPROVE", sha: pull.headSha })
  await people.dismiss({ ...on, by: "olga", id: gone })
  const selection = `pageInfo { hasNextPage } nodes { databaseId state submittedAt
    author { __typename login ... on User { databaseId } } commit { oid } }`
  const answer = await ask(`pullRequest(number: ${pull.number}) { isCrossRepository headRepository { nameWithOwner }
    body changedFiles additions deletions baseRefOid mergeable reviews(first: 10) { totalCount }
    latestOpinionatedReviews(first: 100) { ${selection} } }`)
  expect(answer).toMatchObject({
    pullRequest: {
      isCrossRepository: false,
      headRepository: { nameWithOwner: "acme/shop" },
      changedFiles: 1,
      additions: 1,
      reviews: { totalCount: 4 },
      latestOpinionatedReviews: {
        nodes: [
          { databaseId: id, state: "APPROVED", author: { __typename: "User", login: "olga" } },
          { databaseId: gone, state: "DISMISSED", commit: { oid: pull.headSha } },
        ],
      },
    },
  })
})

test("comments by their ids tell of an edit, and a deleted one is null", async () => {
  const { people, state } = shop.github
  const on = { repo: shop.repo, by: "rita", number: pull.number }
  const ids = []
  for (const body of ["as it was", "edited", "gone"]) ids.push((await people.comment({ ...on, body })).id)
  const [, edited = 0, gone = 0] = ids
  const comments = [...state.repositories.values()].flatMap((repository) => repository.comments)
  const nodeIds = comments.map((comment) => comment.nodeId)
  await people.editComment({ repo: shop.repo, by: "rita", id: edited, body: "anew" })
  await people.deleteComment({ repo: shop.repo, by: "rita", id: gone })
  const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on IssueComment { databaseId body lastEditedAt } } }`
  const { body } = await shop.ask("POST", "/graphql", { as: shop.token, body: { query, variables: { ids: nodeIds } } })
  expect(body).toMatchObject({
    data: {
      nodes: [
        { __typename: "IssueComment", databaseId: ids[0], body: "as it was", lastEditedAt: null },
        { databaseId: edited, body: "anew", lastEditedAt: "2026-11-20T12:00:00Z" },
        null,
      ],
    },
    errors: [{ type: "NOT_FOUND", path: ["nodes", 2] }],
  })
  const single = { query: `{ node(id: "${nodeIds[2]}") { id } }` }
  expect((await shop.ask("POST", "/graphql", { as: shop.token, body: single })).body).toMatchObject({
    data: { node: null },
    errors: [{ type: "NOT_FOUND" }],
  })
})

test("files at commits come under aliases, also those of a fork's head", async () => {
  const { people } = shop.github
  const { repo: fork } = await people.fork({ repo: shop.repo, by: "rita" })
  const { sha } = await people.commit({
    repo: fork,
    by: "rita",
    branch: "typo",
    files: { "README.md": "# The shop\n" },
  })
  const { number } = await people.openPullRequest({ repo: shop.repo, by: "rita", head: "rita:typo" })
  const answer = await ask(`a: object(expression: "${pull.headSha}:a.txt") { ... on Blob { text isTruncated } }
    b: object(expression: "${sha}:README.md") { ... on Blob { text } }
    none: object(expression: "${sha}:none") { oid } nowhere: object(expression: "${"0".repeat(40)}:a.txt") { oid }
    pullRequest(number: ${number}) { isCrossRepository headRepository { nameWithOwner } }`)
  expect(answer).toMatchObject({
    a: { text: "2\n", isTruncated: false },
    b: { text: "# The shop\n" },
    none: null,
    nowhere: null,
    pullRequest: { isCrossRepository: true, headRepository: { nameWithOwner: "rita/shop" } },
  })
})

test("a commit tells who touched a path last, and with which pull request, through merges too", async () => {
  const { people } = shop.github
  const { repo } = shop
  const tip = async () => (await people.resolve({ repo, revision: "main" })).sha
  await people.commit({ repo, by: "olga", files: { "b.txt": "1\n", "c.txt": "1\n" } })
  const work = await people.openPullRequest({ repo, by: "max", head: "work", files: { "b.txt": "2\n" } })
  await people.commit({ repo, by: "olga", files: { "c.txt": "2\n" } })
  await people.mergePullRequest({ repo, by: "olga", number: work.number, method: "merge" })
  const history = (path: string) => `history(first: 1, path: "${path}") { totalCount nodes { oid
    associatedPullRequests(first: 5) { nodes { number merged } } } }`
  const answer = await ask(`object(oid: "${await tip()}") { ... on Commit {
    b: ${history("b.txt")} c: ${history("c.txt")} none: ${history("none.txt")} } }`)
  const pulls = { nodes: [{ number: work.number, merged: true }] }
  expect(answer).toMatchObject({
    object: {
      b: { totalCount: 2, nodes: [{ oid: work.headSha, associatedPullRequests: pulls }] },
      c: { totalCount: 2, nodes: [{ associatedPullRequests: { nodes: [] } }] },
      none: { totalCount: 0, nodes: [] },
    },
  })
})
