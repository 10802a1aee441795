/**
 * What a route is. Resource files export lists of routes; `server.ts` mounts them. A handler gets an `ApiCall`
 * and returns an `Answer`, or throws a `refusal` from however deep it is.
 */
import type { Context, Hono } from "hono"
import type { Account, Actor, App, Caller, GitHubState, PermissionLevel, Repository } from "./state.ts"

/** A JSON answer. `body` undefined: an empty body (204); text and bytes go out as they are. */
export type Answer = { status: number; body?: unknown; headers?: Record<string, string> }

/** What the test GitHub's own Hono context carries: who calls, set before any route runs. */
export type ApiEnv = { Variables: { caller: Caller; body: Record<string, unknown>; template: string } }

/** The Hono app all routes are mounted on. */
export type Api = Hono<ApiEnv>

/** One request as a handler sees it. Params are decoded path parts; body is `{}` when none was sent. */
export type ApiCall = {
  state: GitHubState
  caller: Caller
  params: Record<string, string>
  query: URLSearchParams
  headers: Headers
  body: Record<string, unknown>
  url: string
}

/** A call on `/repos/:owner/:repo/…` by someone who may see it. */
export type RepositoryCall = ApiCall & { repository: Repository; actor: Actor }

/**
 * The permission a route needs; any one of a list suffices. `metadata: read` every installation has.
 * https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
 */
export type Need = { permission: string; level: PermissionLevel }

/** A route on a repository: visibility and permissions are checked before `handle`. */
export type RepositoryRoute = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** After `/repos/:owner/:repo`. */
  path: string
  needs: Need[]
  /** Which of the media types `diff` and `patch` it answers with when asked; any other makes the request unknown. */
  media?: readonly string[]
  handle: (call: RepositoryCall) => Promise<Answer> | Answer
}

/** Any other route; it checks the caller itself. */
export type PlainRoute = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  path: string
  handle: (call: ApiCall) => Promise<Answer> | Answer
}

const documentationUrl = "https://docs.github.com/rest"

/** An error answer in GitHub's form. https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api */
export function refused(status: number, message: string, errors?: unknown[]): Answer {
  const body = { message, ...(errors ? { errors } : {}), documentation_url: documentationUrl, status: String(status) }
  return { status, body }
}

/** Throw this to answer with an error from anywhere below a handler. */
export function refusal(status: number, message: string, errors?: unknown[]): Error & { answer: Answer } {
  return Object.assign(new Error(message), { answer: refused(status, message, errors) })
}

/** The 422 for one wrong field. */
export function invalidField(resource: string, field: string, message?: string): Error & { answer: Answer } {
  const error = message ? { resource, field, code: "custom", message } : { resource, field, code: "invalid" }
  return refusal(422, "Validation Failed", [error])
}

/** The answer inside a thrown refusal, undefined for any other error. */
export function answerOf(error: unknown): Answer | undefined {
  if (!(error instanceof Error) || !("answer" in error)) return undefined
  const answer = error.answer
  return typeof answer === "object" && answer !== null && "status" in answer ? (answer as Answer) : undefined
}

/** A required string of the body; 422 when it is absent or no string. */
export function textField(call: ApiCall, resource: string, field: string): string {
  const value = call.body[field]
  if (typeof value === "string" && value !== "") return value
  throw refusal(422, "Validation Failed", [{ resource, field, code: "missing_field" }])
}

/** An optional string of the body; `null` and absent differ. */
export function optionalText(call: ApiCall, field: string): string | null | undefined {
  const value = call.body[field]
  if (value === undefined || value === null || typeof value === "string") return value
  throw invalidField("Request", field, `${field} is not a string`)
}

/** A whole number in the path; 404 when it is none, as no such thing can exist. */
export function numberParam(call: ApiCall, name: string): number {
  const value = Number(call.params[name])
  if (Number.isInteger(value)) return value
  throw refusal(404, "Not Found")
}

/** One page of a list with GitHub's `Link` header. https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api */
export function page<T>(call: ApiCall, items: T[]): { items: T[]; headers: Record<string, string> } {
  const size = Math.min(100, Math.max(1, Number(call.query.get("per_page") ?? 30) || 30))
  const number = Math.max(1, Number(call.query.get("page") ?? 1) || 1)
  const last = Math.max(1, Math.ceil(items.length / size))
  const link = (target: number, rel: string) => {
    const query = new URLSearchParams(call.query)
    query.set("page", String(target))
    return `<${call.url.split("?")[0]}?${query.toString()}>; rel="${rel}"`
  }
  const links = [
    ...(number > 1 ? [link(number - 1, "prev"), link(1, "first")] : []),
    ...(number < last ? [link(number + 1, "next"), link(last, "last")] : []),
  ]
  const headers: Record<string, string> = links.length > 0 ? { link: links.join(", ") } : {}
  return { items: items.slice((number - 1) * size, number * size), headers }
}

/** A 200 with one page of `items`, each shown by `view`. */
export function pageOf<T>(call: ApiCall, items: T[], view: (item: T) => unknown): Answer {
  const taken = page(call, items)
  return { status: 200, body: taken.items.map(view), headers: taken.headers }
}

/** Who acts in this call; 401 for an anonymous caller, 403 for a bare App JWT. */
export function actorOf(caller: Caller): Actor {
  if (caller.kind === "person") return { account: caller.account }
  if (caller.kind === "installation") return actorOfApp(caller.token.installation.app)
  if (caller.kind === "app") throw refusal(403, "Resource not accessible by integration")
  throw refusal(401, "Requires authentication")
}

/** An app acting through its bot account. */
export function actorOfApp(app: App): Actor {
  return { account: app.bot, app }
}

/** A person acting. */
export function actorOfPerson(account: Account): Actor {
  return { account }
}

/** The `ApiCall` of a Hono request. */
export function callOf(state: GitHubState, context: Context<ApiEnv>): ApiCall {
  const url = new URL(context.req.url)
  return {
    state,
    caller: context.get("caller"),
    params: context.req.param(),
    query: url.searchParams,
    headers: context.req.raw.headers,
    body: context.get("body"),
    url: context.req.url,
  }
}
