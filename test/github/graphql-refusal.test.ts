import { isInterfaceType, isObjectType } from "graphql"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createCheckRun } from "./act/check.ts"
import { setStatus } from "./act/status.ts"
import { actorOfPerson } from "./api.ts"
import { wholeSchema } from "./graphql-schema.ts"
import { openShop, type Shop } from "./graphql-shop.ts"
import { implementedSchema } from "./graphql.ts"

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.github.close())

test("what a token may not see is null with GitHub's error", async () => {
  const { pull } = shop
  const hidden = await shop.post({ query: `{ repository(owner: "ada", name: "hidden") { id } }` })
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
  const poor = shop.tokenWith({ pull_requests: "read" })
  const refused = await shop.ask(
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
  expect(await shop.post({ query: "{ viewer { login } }" }, "")).toMatchObject({ status: 401 })
})

test("a status that the token may not read is null in its place in the rollup", async () => {
  const { pull, world, ci } = shop
  await createCheckRun(world, ci, { name: "build", headSha: pull.headSha })
  await setStatus(world, actorOfPerson(shop.ada), { sha: pull.headSha, state: "success", context: "lint" })
  const selection = `pullRequest(number: ${pull.number}) { statusCheckRollup { contexts(first: 5) {
    totalCount nodes { __typename } } } }`
  const { data, errors } = await shop.ask(selection, shop.tokenWith({ pull_requests: "read", checks: "read" }))
  expect(data?.["repository"]?.["pullRequest"]?.["statusCheckRollup"]).toEqual({
    contexts: { totalCount: 2, nodes: [{ __typename: "CheckRun" }, null] },
  })
  const path = ["repository", "pullRequest", "statusCheckRollup", "contexts", "nodes", 1]
  expect(errors).toMatchObject([{ type: "FORBIDDEN", path, message: "Resource not accessible by integration" }])
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
  const { data, errors } = await shop.ask(selection)
  expect(data).toEqual({ repository: { labels: null } })
  expect(errors).toMatchObject([{ type, message, path: ["repository", "labels"] }])
  expect((await shop.ask("labels { totalCount }")).errors).toBeUndefined()
})

test("a query that GitHub's schema refuses is answered without data", async () => {
  const { body } = await shop.post({ query: "{ viewer { shoeSize } }" })
  expect(body).toEqual({
    errors: [
      {
        message: "Field 'shoeSize' doesn't exist on type 'User'",
        locations: [{ line: 1, column: 12 }],
        extensions: { code: "undefinedField", typeName: "User", fieldName: "shoeSize" },
      },
    ],
  })
  expect((await shop.post({ query: "{ viewer {" })).body.errors).toHaveLength(1)
  expect((await shop.post({})).body).toEqual({
    errors: [{ message: "A query attribute must be specified and must be a string." }],
  })
  const wrongType = await shop.post({
    query: `query ($n: Int!) { repository(owner: "ada", name: "shop") { issue(number: $n) { id } } }`,
  })
  expect(wrongType.body.errors).toHaveLength(1)
  expect(shop.github.state.unknownRequests).toEqual([])
})

test.each([
  "{ viewer { bioHTML } }",
  `{ repository(owner: "ada", name: "shop") { labels(first: 1, query: "x") { nodes { name } } } }`,
  `{ repository(owner: "ada", name: "shop") { pullRequest(number: 1) { timelineItems(first: 1) { nodes { __typename } } } } }`,
  `mutation Star { addStar(input: { starrableId: "R_1" }) { clientMutationId } }`,
])("what no resolver implements fails loudly: %s", async (query) => {
  const { status } = await shop.post({ query })
  expect(status).toBe(501)
  expect(shop.github.state.unknownRequests.splice(0)).toHaveLength(1)
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
