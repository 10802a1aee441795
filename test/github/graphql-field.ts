/**
 * What a GraphQL field is here. Resolver files export `Fields`; `graphql-schema.ts` cuts GitHub's true schema down to
 * exactly these fields and arguments, so that a query for anything else fails instead of being answered with null.
 */
import type { GraphQLResolveInfo } from "graphql"
import type { Need } from "./api.ts"
import type { Caller, GitHubState } from "./state.ts"

/** One query's context: the world and who asks. `cost` is what the query takes off the rate limit, in points. */
export type Asked = { state: GitHubState; caller: Caller; cost: number; nodeCount: number }

/** What a resolver gets beside its source. `args` have passed GitHub's schema, defaults included. */
export type FieldCall = { args: Readonly<Record<string, unknown>>; asked: Asked; info: GraphQLResolveInfo }

/** A field: `args` are those it honours (another one fails the query), `needs` any one permission that opens it. */
export type FieldPlan<Source> = {
  args?: readonly string[]
  needs?: readonly Need[]
  resolve: (source: Source, call: FieldCall) => unknown
}

/** A field with neither arguments nor permission may be just its function. */
export type Field<Source> = ((source: Source, call: FieldCall) => unknown) | FieldPlan<Source>

/** The implemented fields of one type. */
export type Fields<Source> = Readonly<Record<string, Field<Source>>>

/** Fields that are read from the source's properties of the same names. */
export function properties<Source extends object>(...names: (keyof Source & string)[]): Fields<Source> {
  return Object.fromEntries(names.map((name) => [name, (source: Source) => source[name]]))
}

/** An error with GitHub's `type`, such as NOT_FOUND; its field becomes null. */
export function graphRefusal(type: string, message: string): Error & { type: string } {
  return Object.assign(new Error(message), { type })
}

/** GitHub's words where it says neither why nor what kind of error it is; the data is null. */
export function graphFault(): Error & { isFault: true } {
  const message = "Something went wrong while executing your query. Please include `TEST` when reporting this issue."
  return Object.assign(new Error(message), { isFault: true as const })
}

/** Thrown where this GitHub would have to make something up: the whole query fails and is recorded as unknown. */
export function unimplemented(what: string): Error & { unimplemented: string } {
  return Object.assign(new Error(`not implemented in the test GitHub: ${what}`), { unimplemented: what })
}

/** A text argument that the schema requires. */
export function textArg({ args }: FieldCall, name: string): string {
  const value = args[name]
  if (typeof value !== "string") throw new Error(`GraphQL argument ${name} is no text`)
  return value
}

/** An optional text argument; null and absent are the same. */
export function optionalTextArg(call: FieldCall, name: string): string | undefined {
  return typeof call.args[name] === "string" ? textArg(call, name) : undefined
}

/** An optional whole number; null and absent are the same. */
export function optionalNumberArg({ args }: FieldCall, name: string): number | undefined {
  const value = args[name]
  return typeof value === "number" ? value : undefined
}

/** An optional list of enum values or texts; null and absent are the same. */
export function optionalListArg({ args }: FieldCall, name: string): string[] | undefined {
  const value = args[name]
  return Array.isArray(value) ? value.map(String) : undefined
}
