import { afterAll, beforeAll, expect, test } from "vitest"
import { createCheckRun } from "./act/check.ts"
import { addComment, openIssue } from "./act/issue.ts"
import { setLabels } from "./act/label.ts"
import { mergePull } from "./act/merge.ts"
import { plainProtection } from "./act/protection.ts"
import { synchronizePull } from "./act/pull.ts"
import { renameRepository } from "./act/repository.ts"
import { submitReview } from "./act/review.ts"
import { setStatus } from "./act/status.ts"
import { actorOfApp, actorOfPerson } from "./api.ts"
import { openShop, type Shop } from "./graphql-shop.ts"
import { graphqlNameOf } from "./graphql.ts"

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.github.close())

test("a repository shows its settings, files at a revision, and refs", async () => {
  const { world } = shop
  const { data } = await shop.ask(`
    databaseId name owner { __typename login } defaultBranchRef { name prefix target { __typename oid } }
    file: object(expression: "HEAD:promotion.yml") { __typename ... on Blob { byteSize isBinary isTruncated text } }
    missing: object(expression: "HEAD:none.yml") { oid }
    folder: object(expression: "main:") { ... on Tree { entries { path type } } }
    ref(qualifiedName: "refs/heads/topic") { name }
    refs(refPrefix: "refs/heads/", first: 10) { totalCount nodes { name } }`)
  expect(data).toMatchObject({
    repository: {
      databaseId: world.repository.id,
      owner: { __typename: "User", login: "ada" },
      defaultBranchRef: { name: "main", prefix: "refs/heads/", target: { __typename: "Commit" } },
      file: { __typename: "Blob", byteSize: 14, isBinary: false, isTruncated: false, text: "mode: enforce\n" },
      missing: null,
      folder: {
        entries: [
          { path: "README.md", type: "blob" },
          { path: "promotion.yml", type: "blob" },
        ],
      },
      ref: { name: "topic" },
    },
  })
})

test("a pull request is told whole; mergeable is unknown until it was asked about once", async () => {
  const { pull, ada } = shop
  const selection =
    "id databaseId fullDatabaseId number state isDraft merged title body headRefOid baseRefName baseRefOid"
  expect(
    await shop.askPull(`${selection} author { __typename login ... on User { databaseId } } changedFiles additions`),
  ).toEqual({
    id: pull.nodeId,
    databaseId: pull.id,
    fullDatabaseId: String(pull.id),
    number: pull.number,
    state: "OPEN",
    isDraft: false,
    merged: false,
    title: "Add topic",
    body: "",
    headRefOid: pull.headSha,
    baseRefName: "main",
    baseRefOid: pull.baseSha,
    author: { __typename: "User", login: "ada", databaseId: ada.id },
    changedFiles: 1,
    additions: 1,
  })
  expect(await shop.askPull("mergeable mergeStateStatus")).toEqual({
    mergeable: "UNKNOWN",
    mergeStateStatus: "UNKNOWN",
  })
  expect(await shop.askPull("mergeable mergeStateStatus")).toEqual({
    mergeable: "MERGEABLE",
    mergeStateStatus: "CLEAN",
  })
  pull.headSha = await shop.commit("topic", { "README.md": "# ours\n" })
  const clash = await shop.commit("main", { "README.md": "# theirs\n" })
  expect(await shop.askPull("mergeable")).toEqual({ mergeable: "UNKNOWN" })
  expect(await shop.askPull("mergeable files(first: 5) { nodes { path changeType } }")).toEqual({
    mergeable: "CONFLICTING",
    files: {
      nodes: [
        { path: "README.md", changeType: "MODIFIED" },
        { path: "topic.ts", changeType: "ADDED" },
      ],
    },
  })
  expect(clash).toMatch(/^[0-9a-f]{40}$/)
})

test("the rollup holds the latest run per app and name and the newest status per context", async () => {
  const { world, pull, ada, olga, portcullis, ci } = shop
  const headSha = await shop.commit("topic", { "rollup.ts": "1\n" })
  await synchronizePull(world, actorOfPerson(ada), pull)
  const rollup = `statusCheckRollup { state contexts(first: 50) { totalCount nodes { __typename
    ... on CheckRun { name status conclusion externalId checkSuite { app { slug databaseId } } isRequired(pullRequestNumber: ${pull.number}) }
    ... on StatusContext { context state creator { __typename login } } } } }`
  expect(await shop.askPull(rollup)).toEqual({ statusCheckRollup: null })
  world.repository.protections.set("main", {
    ...plainProtection("main"),
    requiredChecks: [{ context: "build", appId: ci.id }],
  })
  await createCheckRun(world, ci, { name: "build", headSha, status: "completed", conclusion: "timed_out" })
  await createCheckRun(world, ci, { name: "build", headSha, status: "in_progress", externalId: "again" })
  await createCheckRun(world, portcullis, { name: "build", headSha, status: "completed", conclusion: "success" })
  await setStatus(world, actorOfApp(ci), { sha: headSha, state: "failure", context: "lint" })
  await setStatus(world, actorOfPerson(olga), { sha: headSha, state: "success", context: "lint" })
  const run = { __typename: "CheckRun", name: "build", externalId: "" }
  const suiteOf = (app: typeof ci) => ({ app: { slug: app.slug, databaseId: app.id } })
  const nodes = [
    { ...run, status: "IN_PROGRESS", conclusion: null, externalId: "again", checkSuite: suiteOf(ci), isRequired: true },
    { ...run, status: "COMPLETED", conclusion: "SUCCESS", checkSuite: suiteOf(portcullis), isRequired: false },
    { __typename: "StatusContext", context: "lint", state: "SUCCESS", creator: { __typename: "User", login: "olga" } },
  ]
  const expected = { state: "PENDING", contexts: { totalCount: 3, nodes } }
  expect(await shop.askPull(`commits(last: 1) { totalCount nodes { commit { oid ${rollup} } } }`)).toEqual({
    commits: { totalCount: 3, nodes: [{ commit: { oid: headSha, statusCheckRollup: expected } }] },
  })
  const suites = `checkSuites(first: 5, filterBy: { appId: ${ci.id} }) { nodes { status conclusion
    latest: checkRuns(first: 5, filterBy: { checkType: LATEST, checkName: "build" }) { nodes { status } }
    all: checkRuns(first: 5, filterBy: { checkType: ALL }) { nodes { conclusion } } } } status { state contexts { context } }`
  const { data } = await shop.ask(`object(oid: "${headSha}") { ... on Commit { ${suites} } }`)
  const all = { nodes: [{ conclusion: "TIMED_OUT" }, { conclusion: null }] }
  expect(data?.["repository"]?.["object"]).toEqual({
    checkSuites: {
      nodes: [{ status: "IN_PROGRESS", conclusion: null, latest: { nodes: [{ status: "IN_PROGRESS" }] }, all }],
    },
    status: { state: "SUCCESS", contexts: [{ context: "lint" }] },
  })
})

test("labels, their events, comments and reviews are listed with who made them", async () => {
  const { world, pull, olga, portcullis } = shop
  await setLabels(world, actorOfPerson(olga), { issue: pull.issue, add: ["risky", "bug"], remove: [] })
  await setLabels(world, actorOfPerson(olga), { issue: pull.issue, add: [], remove: ["bug"] })
  addComment(world, actorOfApp(portcullis), { issue: pull.issue, body: "Paused." })
  submitReview(world, actorOfPerson(olga), { pull, verdict: "APPROVE", body: null })
  world.repository.protections.set("main", { ...plainProtection("main"), requiredApprovals: 1 })
  expect(
    await shop.askPull(`labels(first: 5) { nodes { name } } reviewDecision
      timelineItems(last: 10, itemTypes: [LABELED_EVENT, UNLABELED_EVENT]) { nodes { __typename ... on LabeledEvent { label { name } actor { login } } } }
      comments(last: 1) { nodes { body author { __typename login ... on Bot { databaseId } } } }
      reviews(first: 5, states: [APPROVED]) { nodes { state author { login } authorCanPushToRepository commit { oid } } }`),
  ).toEqual({
    labels: { nodes: [{ name: "risky" }] },
    reviewDecision: "APPROVED",
    timelineItems: {
      nodes: [
        { __typename: "LabeledEvent", label: { name: "risky" }, actor: { login: "olga" } },
        { __typename: "LabeledEvent", label: { name: "bug" }, actor: { login: "olga" } },
        { __typename: "UnlabeledEvent" },
      ],
    },
    comments: {
      nodes: [{ body: "Paused.", author: { __typename: "Bot", login: "portcullis", databaseId: portcullis.bot.id } }],
    },
    reviews: {
      nodes: [
        {
          state: "APPROVED",
          author: { login: "olga" },
          authorCanPushToRepository: true,
          commit: { oid: pull.headSha },
        },
      ],
    },
  })
})

test("lists are paged by cursors and filtered, and a merged pull request says so", async () => {
  const { world, pull, ada } = shop
  const second = await shop.openPull("second")
  const third = await shop.openPull("third")
  world.repository.protections.delete("main")
  const landed = await mergePull(world, actorOfPerson(ada), { pull: second, method: "squash" })
  const query = `query List($after: String) { repository(owner: "ada", name: "shop") {
    pullRequests(states: [OPEN, MERGED], first: 2, after: $after, orderBy: { field: CREATED_AT, direction: DESC }) {
      totalCount pageInfo { hasNextPage endCursor } nodes { number state mergeCommit { oid } } } } }`
  const first = (await shop.post({ query })).body.data?.["repository"]?.["pullRequests"] as unknown as {
    pageInfo: { endCursor: string }
  }
  expect(first).toMatchObject({
    totalCount: 3,
    pageInfo: { hasNextPage: true },
    nodes: [
      { number: third.number, state: "OPEN", mergeCommit: null },
      { number: second.number, state: "MERGED", mergeCommit: { oid: landed } },
    ],
  })
  const rest = await shop.post({ query, variables: { after: first.pageInfo.endCursor } })
  expect(rest.body.data?.["repository"]?.["pullRequests"]).toMatchObject({
    pageInfo: { hasNextPage: false },
    nodes: [{ number: pull.number }],
  })
})

test("things are found by node id, and the token's own bot, cost and budget are told", async () => {
  const { world, pull, olga } = shop
  const issue = await openIssue(world, actorOfPerson(olga), { title: "Broken", body: "It is." })
  const query = `query Lookup($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Issue { title } } viewer { login }
    node(id: "${pull.nodeId}") { ... on PullRequest { number } } rateLimit { cost limit remaining } }`
  const { body, headers } = await shop.post({
    query,
    variables: { ids: [issue.nodeId, "PR_nope", world.repository.nodeId] },
  })
  expect(body.data).toMatchObject({
    nodes: [{ __typename: "Issue", id: issue.nodeId, title: "Broken" }, null, { __typename: "Repository" }],
    viewer: { login: "portcullis[bot]" },
    node: { number: pull.number },
    rateLimit: { cost: 1, limit: 5000 },
  })
  expect(body.errors).toMatchObject([{ type: "NOT_FOUND", path: ["nodes", 1] }])
  expect(headers.get("x-ratelimit-resource")).toBe("graphql")
  expect(shop.github.calls.work().at(-1)).toMatchObject({ graphqlName: "Lookup", isWrite: false, status: 200 })
})

test("a renamed repository is found by its old name unless the query says otherwise", async () => {
  renameRepository(shop.world, actorOfPerson(shop.ada), "store")
  expect((await shop.ask("name")).data).toEqual({ repository: { name: "store" } })
  const query = `{ repository(owner: "ada", name: "shop", followRenames: false) { name } }`
  expect((await shop.post({ query })).body).toMatchObject({
    data: { repository: null },
    errors: [{ type: "NOT_FOUND" }],
  })
})

test("a request is named by its operation or first field, for the log of calls", () => {
  expect(graphqlNameOf({ query: "query PullRequest { viewer { login } }" })).toEqual({
    name: "PullRequest",
    isMutation: false,
  })
  expect(graphqlNameOf({ query: "{ viewer { login } }" })).toEqual({ name: "viewer", isMutation: false })
  expect(graphqlNameOf({ query: "mutation { addStar { x } }" })).toEqual({ name: "addStar", isMutation: true })
  expect(graphqlNameOf({ query: "{" })).toBeUndefined()
})
