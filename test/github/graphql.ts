/**
 * `POST /graphql`: GitHub's GraphQL API over the state of this GitHub. A query is judged by GitHub's own public schema;
 * what that allows and no resolver implements fails the request and is recorded as unknown.
 * https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
 */
import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
  validate,
} from "graphql"
import type { Answer, ApiCall, PlainRoute } from "./api.ts"
import { answerOf } from "./api.ts"
import { accountTypes } from "./graphql-account.ts"
import { checkTypes, commitStatusFields } from "./graphql-check.ts"
import { queryCost } from "./graphql-cost.ts"
import { deploymentsField, deploymentTypes } from "./graphql-deployment.ts"
import type { Asked } from "./graphql-field.ts"
import { gitTypes } from "./graphql-git.ts"
import { issueTypes } from "./graphql-issue.ts"
import { mergeQueueTypes } from "./graphql-merge-queue.ts"
import { mutationTypes } from "./graphql-mutation.ts"
import { pullRequestTypes } from "./graphql-pull-request.ts"
import { queryTypes, rateLimit, spend } from "./graphql-query.ts"
import { repositoryTypes } from "./graphql-repository.ts"
import { cutSchema, type Surface, wholeSchema } from "./graphql-schema.ts"

/** The one route of this file. */
export const graphqlRoutes: PlainRoute[] = [{ method: "POST", path: "/graphql", handle: answerGraphql }]

/** What a GraphQL request is, for the log of calls: its operation's name (or first field) and whether it may write. */
export type GraphqlName = { name: string; isMutation: boolean }

const surface: Surface = {
  ...queryTypes,
  ...mutationTypes,
  ...mergeQueueTypes,
  ...repositoryTypes,
  ...pullRequestTypes,
  ...issueTypes,
  ...gitTypes,
  Repository: { ...repositoryTypes.Repository, ...deploymentsField },
  Commit: { ...gitTypes.Commit, ...commitStatusFields, ...deploymentsField },
  ...deploymentTypes,
  ...checkTypes,
  ...accountTypes,
}

let schema: GraphQLSchema | undefined

/** The part of GitHub's schema that is implemented here, with its resolvers; made at first use. */
export function implementedSchema(): GraphQLSchema {
  schema ??= cutSchema(surface)
  return schema
}

/** Names a request by its body; undefined when that is no GraphQL document. */
export function graphqlNameOf(body: Readonly<Record<string, unknown>>): GraphqlName | undefined {
  const document = documentOf(body)
  if (!document || document instanceof GraphQLError) return undefined
  const operation = getOperationAST(document, operationNameOf(body))
  const first = operation?.selectionSet.selections.find((selection) => selection.kind === "Field")
  const name = operation?.name?.value ?? first?.name.value
  return operation && name !== undefined ? { name, isMutation: operation.operation === "mutation" } : undefined
}

async function answerGraphql(call: ApiCall): Promise<Answer> {
  const { state, caller, body } = call
  if (caller.kind === "anonymous" || caller.kind === "app") return unauthenticated()
  const document = documentOf(body)
  if (document === undefined) return errors([{ message: "A query attribute must be specified and must be a string." }])
  if (document instanceof GraphQLError) return errors([document])
  const problems = problemsOf(document)
  if (problems.length > 0) return refuseInvalid(call, document, problems)
  const variables = variablesOf(body)
  const asked: Asked = { state, caller, ...queryCost(document, variables) }
  spend(state, caller, asked.cost)
  const result = await execute({
    schema: implementedSchema(),
    document,
    contextValue: asked,
    variableValues: variables,
    operationName: operationNameOf(body) ?? null,
  })
  return answerOfResult(call, asked, result)
}

/** What keeps a document from running here; for an operation without a root graphql-js itself finds no fault. */
function problemsOf(document: DocumentNode): readonly { message: string }[] {
  if (sound.has(document)) return []
  const problems = validate(implementedSchema(), document)
  const rootless = document.definitions.find(
    (one) => one.kind === Kind.OPERATION_DEFINITION && !implementedSchema().getRootType(one.operation),
  )
  if (problems.length > 0 || rootless) return [...problems, ...(rootless ? [{ message: "no such operation" }] : [])]
  sound.add(document)
  return []
}

/** Clients send the same few documents over and over: each is parsed and validated once. */
const parsed = new Map<string, DocumentNode>()
const sound = new WeakSet<DocumentNode>()
const parsedLimit = 200

function documentOf(body: Readonly<Record<string, unknown>>): DocumentNode | GraphQLError | undefined {
  const query = body["query"]
  if (typeof query !== "string" || query === "") return undefined
  const known = parsed.get(query)
  if (known) return known
  try {
    const document = parse(query)
    if (parsed.size >= parsedLimit) parsed.clear()
    parsed.set(query, document)
    return document
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
}

function operationNameOf(body: Readonly<Record<string, unknown>>): string | undefined {
  return typeof body["operationName"] === "string" ? body["operationName"] : undefined
}

function variablesOf(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const variables = body["variables"]
  return typeof variables === "object" && variables !== null ? { ...variables } : {}
}

function unauthenticated(): Answer {
  const message = "This endpoint requires you to be authenticated."
  const documentation = "https://docs.github.com/graphql/guides/forming-calls-with-graphql#authenticating-with-graphql"
  return { status: 401, body: { message, documentation_url: documentation, status: "401" } }
}

/** GitHub answers a query it refuses with 200 and no `data`. */
function errors(list: readonly (GraphQLError | { message: string })[]): Answer {
  return {
    status: 200,
    body: { errors: list.map((error) => (error instanceof GraphQLError ? refusedError(error) : error)) },
  }
}

function refusedError({ message, locations }: GraphQLError): Record<string, unknown> {
  const field = /^Cannot query field "(\w+)" on type "(\w+)"/.exec(message)
  if (!field) return { message, locations }
  const [, fieldName = "", typeName = ""] = field
  const extensions = { code: "undefinedField", typeName, fieldName }
  return { message: `Field '${fieldName}' doesn't exist on type '${typeName}'`, locations, extensions }
}

/** The client's fault if GitHub's whole schema refuses the query too; else this GitHub's, and loud. */
function refuseInvalid(call: ApiCall, document: DocumentNode, problems: readonly { message: string }[]): Answer {
  const trueProblems = validate(wholeSchema(), document)
  if (trueProblems.length > 0) return errors(trueProblems)
  return unknownRequest(call, problems.map(({ message }) => message).join(" "))
}

function unknownRequest({ state, body }: ApiCall, what: string): Answer {
  const message = `POST /graphql ${graphqlNameOf(body)?.name ?? "?"}: ${what}`
  state.unknownRequests.push(message)
  return { status: 501, body: { message: `The test GitHub does not know this: ${message}` } }
}

function answerOfResult(call: ApiCall, asked: Asked, result: ExecutionResult): Answer {
  for (const { originalError } of result.errors ?? []) {
    if (originalError && "unimplemented" in originalError) return unknownRequest(call, originalError.message)
  }
  const { limit, remaining, used, resetAt } = rateLimit(asked)
  const headers = {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-used": String(used),
    "x-ratelimit-reset": String(Date.parse(resetAt) / 1000),
    "x-ratelimit-resource": "graphql",
  }
  const data = result.data === undefined ? {} : { data: result.data }
  const listed = result.errors ? { errors: result.errors.toSorted(byPlace).map(fieldError) } : {}
  return { status: 200, body: { ...data, ...listed }, headers }
}

/** Resolvers end in any order, GitHub lists errors in the order of the query. */
function byPlace(a: GraphQLError, b: GraphQLError): number {
  return (a.positions?.[0] ?? 0) - (b.positions?.[0] ?? 0)
}

/** An error as GitHub lists it; what no resolver meant is a bug of this GitHub and is thrown on. */
function fieldError(error: GraphQLError): Record<string, unknown> {
  const { message, path, locations, originalError } = error
  if (!originalError) return { message, locations, ...(path && { path }) }
  if ("isFault" in originalError) return { message }
  const type = typeOf(originalError)
  if (type === undefined) throw originalError
  const extensions = type === "FORBIDDEN" ? { extensions: { saml_failure: false } } : {}
  return { type, path, ...extensions, locations, message }
}

function typeOf(error: Error): string | undefined {
  if ("type" in error && typeof error.type === "string") return error.type
  const status = answerOf(error)?.status
  if (status === undefined) return undefined
  return { 403: "FORBIDDEN", 404: "NOT_FOUND" }[status] ?? "UNPROCESSABLE"
}
