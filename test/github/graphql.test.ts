import { rmSync } from "node:fs"
import { isInterfaceType, isObjectType } from "graphql"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createApp, installApp } from "./act/app.ts"
import { createCheckRun } from "./act/check.ts"
import { addComment, openIssue } from "./act/issue.ts"
import { setLabels } from "./act/label.ts"
import { mergePull } from "./act/merge.ts"
import { plainProtection } from "./act/protection.ts"
import { openPull, synchronizePull } from "./act/pull.ts"
import { createAccount, createRepository } from "./act/repository.ts"
import { submitReview } from "./act/review.ts"
import { setStatus } from "./act/status.ts"
import { actorOfApp, actorOfPerson, type ApiCall } from "./api.ts"
import { readRef } from "./git-ref.ts"
import { commitFiles } from "./git-tree.ts"
import { graphqlNameOf, graphqlRoutes, implementedSchema } from "./graphql.ts"
import { wholeSchema } from "./graphql-schema.ts"
import { createState, type Caller, type Installation, type Permissions, type PullRequest, type World } from "./state.ts"

type Reply = { data?: Record<string, never> | null; errors?: Record<string, never>[] }

const nowMs = Date.UTC(2026, 10, 20, 12)
const state = createState({ clock: { now: () => new Date(nowMs) } })
const ada = createAccount(state, "ada")
const olga = createAccount(state, "olga")
const permissions: Permissions = {
  contents: "read",
  pull_requests: "write",
  issues: "read",
  checks: "write",
  statuses: "read",
}
const portcullis = createApp(state, { slug: "portcullis", owner: ada, permissions, events: [] })
const ci = createApp(state, { slug: "ci", owner: ada, permissions: { checks: "write" }, events: [] })
let installation: Installation
let world: World
let pull: PullRequest

beforeAll(async () => {
  const files = { "README.md": "# shop\n", "promotion.yml": "mode: enforce\n" }
  const repository = await createRepository(state, { owner: ada, name: "shop", files })
  await createRepository(state, { owner: ada, name: "hidden", files, isPrivate: true })
  world = { state, repository }
  repository.collaborators.set("olga", { account: olga, role: "write" })
  installation = installApp(state, portcullis, [repository])
  installApp(state, ci, [repository])
  pull = await openedPull("topic")
})
afterAll(() => rmSync(state.dir, { recursive: true, force: true }))

async function openedPull(headRef: string): Promise<PullRequest> {
  await pushTo(headRef, { [`${headRef}.ts`]: "export {}\n" })
  const { repository } = world
  const plan = {
    title: `Add ${headRef}`,
    body: null,
    headRepository: repository,
    headRef,
    baseRef: "main",
    draft: false,
  }
  return openPull(world, actorOfPerson(ada), plan)
}

/** Commits on a branch that starts at `main`. */
async function pushTo(branch: string, files: Record<string, string>): Promise<string> {
  const { store } = world.repository
  const author = { name: ada.name, email: ada.email, date: new Date(nowMs) }
  const head = (await readRef(store, `refs/heads/${branch}`)) ?? (await readRef(store, "refs/heads/main"))
  const parents = head === undefined ? [] : [head]
  return commitFiles(store, { branch, parents, files, message: `Change ${branch}`, author })
}

function tokenCaller(narrowed: Permissions = permissions): Caller {
  const expires = { expiresAtMs: nowMs + 3_600_000, expiresAtRealMs: Date.now() + 3_600_000 }
  const token = { token: "ghs_x", installation, permissions: narrowed, repositoryIds: undefined, ...expires }
  return { kind: "installation", token }
}

async function post(body: Record<string, unknown>, caller: Caller = tokenCaller()) {
  const route = graphqlRoutes[0]
  if (!route) throw new Error("no route")
  const call: ApiCall = {
    state,
    caller,
    params: {},
    query: new URLSearchParams(),
    headers: new Headers(),
    body,
    url: "http://github.test/graphql",
  }
  const answer = await route.handle(call)
  return { ...answer, body: JSON.parse(JSON.stringify(answer.body)) as Reply }
}

/** What a query about the shop answers, asked with the app's token. */
async function shop(selection: string, caller?: Caller): Promise<Reply> {
  const { status, body } = await post({ query: `{ repository(owner: "ada", name: "shop") { ${selection} } }` }, caller)
  expect(status).toBe(200)
  return body
}

/** The same about the pull request. */
async function aboutPull(selection: string, caller?: Caller): Promise<unknown> {
  const { data, errors } = await shop(`pullRequest(number: ${pull.number}) { ${selection} }`, caller)
  expect(errors).toBeUndefined()
  return data?.["repository"]?.["pullRequest"]
}

test("a repository shows its settings, files at a revision, and refs", async () => {
  const { data } = await shop(`
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
  const selection =
    "id databaseId fullDatabaseId number state isDraft merged title body headRefOid baseRefName baseRefOid"
  expect(
    await aboutPull(`${selection} author { __typename login ... on User { databaseId } } changedFiles additions`),
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
  expect(await aboutPull("mergeable mergeStateStatus")).toEqual({ mergeable: "UNKNOWN", mergeStateStatus: "UNKNOWN" })
  expect(await aboutPull("mergeable mergeStateStatus")).toEqual({ mergeable: "MERGEABLE", mergeStateStatus: "CLEAN" })
  pull.headSha = await pushTo("topic", { "README.md": "# ours\n" })
  const clash = await pushTo("main", { "README.md": "# theirs\n" })
  expect(await aboutPull("mergeable")).toEqual({ mergeable: "UNKNOWN" })
  expect(await aboutPull("mergeable files(first: 5) { nodes { path changeType } }")).toEqual({
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
  const headSha = await pushTo("topic", { "rollup.ts": "1\n" })
  await synchronizePull(world, actorOfPerson(ada), pull)
  const rollup = `statusCheckRollup { state contexts(first: 50) { totalCount nodes { __typename
    ... on CheckRun { name status conclusion externalId checkSuite { app { slug databaseId } } isRequired(pullRequestNumber: ${pull.number}) }
    ... on StatusContext { context state creator { __typename login } } } } }`
  expect(await aboutPull(rollup)).toEqual({ statusCheckRollup: null })
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
  expect(await aboutPull(`commits(last: 1) { totalCount nodes { commit { oid ${rollup} } } }`)).toEqual({
    commits: { totalCount: 3, nodes: [{ commit: { oid: headSha, statusCheckRollup: expected } }] },
  })
  const suites = `checkSuites(first: 5, filterBy: { appId: ${ci.id} }) { nodes { status conclusion
    latest: checkRuns(first: 5, filterBy: { checkType: LATEST, checkName: "build" }) { nodes { status } }
    all: checkRuns(first: 5, filterBy: { checkType: ALL }) { nodes { conclusion } } } } status { state contexts { context } }`
  const { data } = await shop(`object(oid: "${headSha}") { ... on Commit { ${suites} } }`)
  const all = { nodes: [{ conclusion: "TIMED_OUT" }, { conclusion: null }] }
  expect(data?.["repository"]?.["object"]).toEqual({
    checkSuites: {
      nodes: [{ status: "IN_PROGRESS", conclusion: null, latest: { nodes: [{ status: "IN_PROGRESS" }] }, all }],
    },
    status: { state: "SUCCESS", contexts: [{ context: "lint" }] },
  })
})

test("labels, their events, comments and reviews are listed with who made them", async () => {
  await setLabels(world, actorOfPerson(olga), { issue: pull.issue, add: ["risky", "bug"], remove: [] })
  await setLabels(world, actorOfPerson(olga), { issue: pull.issue, add: [], remove: ["bug"] })
  addComment(world, actorOfApp(portcullis), { issue: pull.issue, body: "Paused." })
  submitReview(world, actorOfPerson(olga), { pull, verdict: "APPROVE", body: null })
  world.repository.protections.set("main", { ...plainProtection("main"), requiredApprovals: 1 })
  expect(
    await aboutPull(`labels(first: 5) { nodes { name } } reviewDecision
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
  const second = await openedPull("second")
  const third = await openedPull("third")
  world.repository.protections.delete("main")
  const landed = await mergePull(world, actorOfPerson(ada), { pull: second, method: "squash" })
  const query = `query List($after: String) { repository(owner: "ada", name: "shop") {
    pullRequests(states: [OPEN, MERGED], first: 2, after: $after, orderBy: { field: CREATED_AT, direction: DESC }) {
      totalCount pageInfo { hasNextPage endCursor } nodes { number state mergeCommit { oid } } } } }`
  const first = (await post({ query })).body.data?.["repository"]?.["pullRequests"] as unknown as {
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
  const rest = await post({ query, variables: { after: first.pageInfo.endCursor } })
  expect(rest.body.data?.["repository"]?.["pullRequests"]).toMatchObject({
    pageInfo: { hasNextPage: false },
    nodes: [{ number: pull.number }],
  })
})

test("things are found by node id, and the token's own bot, cost and budget are told", async () => {
  const issue = await openIssue(world, actorOfPerson(olga), { title: "Broken", body: "It is." })
  const query = `query Lookup($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Issue { title } } viewer { login }
    node(id: "${pull.nodeId}") { ... on PullRequest { number } } rateLimit { cost limit remaining } }`
  const { body, headers } = await post({
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
  expect(headers).toMatchObject({ "x-ratelimit-resource": "graphql", "x-ratelimit-limit": "5000" })
})

test("what a token may not see is null with GitHub's error", async () => {
  const hidden = await post({ query: `{ repository(owner: "ada", name: "hidden") { id } }` })
  expect(hidden.body).toMatchObject({
    data: { repository: null },
    errors: [
      {
        type: "NOT_FOUND",
        path: ["repository"],
        locations: [{ line: 1, column: 3 }],
        message: "Could not resolve to a Repository with the name 'ada/hidden'.",
      },
    ],
  })
  const poor = tokenCaller({ metadata: "read", pull_requests: "read" })
  const refused = await shop(
    `pullRequest(number: ${pull.number}) { number statusCheckRollup { state } } issue(number: 99) { id }`,
    poor,
  )
  expect(refused.data).toEqual({
    repository: { pullRequest: { number: pull.number, statusCheckRollup: null }, issue: null },
  })
  const message = "Resource not accessible by integration"
  expect(refused.errors).toMatchObject([
    { type: "FORBIDDEN", path: ["repository", "pullRequest", "statusCheckRollup"], message },
    { type: "FORBIDDEN", path: ["repository", "issue"], message },
  ])
  expect(await post({ query: "{ viewer { login } }" }, { kind: "anonymous" })).toMatchObject({ status: 401 })
})

test.each([
  [
    "labels { nodes { name } }",
    "MISSING_PAGINATION_BOUNDARIES",
    "You must provide a `first` or `last` value to properly paginate the `labels` connection.",
  ],
  [
    "labels(first: 101) { nodes { name } }",
    "EXCESSIVE_PAGINATION",
    "Requesting 101 records on the `labels` connection exceeds the `first` limit of 100 records.",
  ],
  [
    'labels(first: 1, after: "zzz") { nodes { name } }',
    "INVALID_CURSOR_ARGUMENTS",
    "`zzz` does not appear to be a valid cursor for `after`.",
  ],
])("a page of %s is refused", async (selection, type, message) => {
  const { data, errors } = await shop(selection)
  expect(data).toEqual({ repository: { labels: null } })
  expect(errors).toMatchObject([{ type, message, path: ["repository", "labels"] }])
  expect((await shop("labels { totalCount }")).errors).toBeUndefined()
})

test("a query that GitHub's schema refuses is answered without data", async () => {
  const { body } = await post({ query: "{ viewer { shoeSize } }" })
  expect(body).toEqual({
    errors: [
      {
        message: "Field 'shoeSize' doesn't exist on type 'User'",
        locations: [{ line: 1, column: 12 }],
        extensions: { code: "undefinedField", typeName: "User", fieldName: "shoeSize" },
      },
    ],
  })
  expect((await post({ query: "{ viewer {" })).body.errors).toHaveLength(1)
  expect((await post({})).body).toEqual({
    errors: [{ message: "A query attribute must be specified and must be a string." }],
  })
  const wrongType = await post({
    query: `query ($n: Int!) { repository(owner: "ada", name: "shop") { issue(number: $n) { id } } }`,
  })
  expect(wrongType.body.errors).toHaveLength(1)
  expect(state.unknownRequests).toEqual([])
})

test.each([
  "{ viewer { bioHTML } }",
  `{ repository(owner: "ada", name: "shop") { labels(first: 1, query: "x") { nodes { name } } } }`,
  `{ repository(owner: "ada", name: "shop") { pullRequest(number: 1) { timelineItems(first: 1) { nodes { __typename } } } } }`,
  `mutation Star { addStar(input: { starrableId: "R_1" }) { clientMutationId } }`,
])("what no resolver implements fails loudly: %s", async (query) => {
  const { status } = await post({ query })
  expect(status).toBe(501)
  expect(state.unknownRequests.splice(0)).toHaveLength(1)
})

test("the schema that is served agrees with GitHub's in every field, argument and type", () => {
  const whole = wholeSchema()
  for (const type of Object.values(implementedSchema().getTypeMap())) {
    const original = whole.getType(type.name)
    expect(original?.constructor, type.name).toBe(type.constructor)
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    if (type.name.startsWith("__") || (!isObjectType(original) && !isInterfaceType(original))) continue
    for (const field of Object.values(type.getFields())) {
      const twin = original.getFields()[field.name]
      expect(`${field.name}: ${String(field.type)}`).toBe(`${field.name}: ${String(twin?.type)}`)
      for (const argument of field.args) {
        const known = twin?.args.find(({ name }) => name === argument.name)
        expect([argument.name, String(argument.type), argument.defaultValue]).toEqual([
          known?.name,
          String(known?.type),
          known?.defaultValue,
        ])
      }
    }
  }
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
