/**
 * The API itself: authenticates, strikes faults, routes, logs each call, and adds the headers every answer of GitHub
 * has (rate limit, request id, ETag). Web-standard `Request` in, `Response` out.
 */
import { createHash } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { Hono } from "hono"
import { advance } from "./advance.ts"
import { canSee, demand, findRepository } from "./access.ts"
import { actorOf, answerOf, callOf, refusal, refused } from "./api.ts"
import type { Answer, Api, ApiCall, ApiEnv, PlainRoute, RepositoryRoute } from "./api.ts"
import { callerName, callerOf } from "./auth.ts"
import { faultAnswer } from "./faults.ts"
import type { FaultBox, RequestFault } from "./faults.ts"
import { graphqlNameOf, graphqlRoutes } from "./graphql.ts"
import type { Account, Actor, Caller, GitHubState } from "./state.ts"
import { refuseArchived } from "./act/archive.ts"
import type { ApiCallRecord } from "./traffic.ts"
import { isoNow } from "./state.ts"
import { appRoutes } from "./route/app.ts"
import { checkRoutes } from "./route/check.ts"
import { commentRoutes } from "./route/comment.ts"
import { compareRoutes } from "./route/compare.ts"
import { contentRoutes } from "./route/content.ts"
import { deploymentRoutes } from "./route/deployment.ts"
import { environmentRoutes } from "./route/environment.ts"
import { gitRoutes } from "./route/git.ts"
import { issueRoutes } from "./route/issue.ts"
import { labelRoutes } from "./route/label.ts"
import { organizationRoutes } from "./route/organization.ts"
import { pullRoutes } from "./route/pull.ts"
import { repositoryRoutes } from "./route/repository.ts"
import { reviewRoutes } from "./route/review.ts"
import { rulesetRoutes } from "./route/ruleset.ts"
import { statusRoutes } from "./route/status.ts"

/** Longer paths first where a shorter pattern would swallow them. */
const routesOfRepositories: RepositoryRoute[] = [
  ...checkRoutes,
  ...statusRoutes,
  ...deploymentRoutes,
  ...environmentRoutes,
  ...contentRoutes,
  ...compareRoutes,
  ...gitRoutes,
  ...pullRoutes,
  ...reviewRoutes,
  ...commentRoutes,
  ...issueRoutes,
  ...labelRoutes,
  ...rulesetRoutes,
  ...repositoryRoutes,
]

/** What one request carries from the pipeline into the routes and back. */
type Trace = { caller: Caller; body: Record<string, unknown>; template: string | undefined }

/** Thrown instead of an answer when the network is told to break; the HTTP server then cuts the connection. */
export const brokenNetwork = "the test GitHub was told to break this connection"

/** Makes the handler of all API requests. It rejects only with `brokenNetwork`, or for a bug in the test GitHub. */
export function createApiHandler(state: GitHubState, box: FaultBox): (request: Request) => Promise<Response> {
  const traces = new WeakMap<Request, Trace>()
  const api = mountRoutes(state, traces)
  return (request) => handle({ state, box, api, traces }, request)
}

type Parts = { state: GitHubState; box: FaultBox; api: Api; traces: WeakMap<Request, Trace> }

async function handle(parts: Parts, request: Request): Promise<Response> {
  const { state, box } = parts
  const record = newRecord(state, request)
  state.calls.push(record)
  const body = await readBody(request)
  const graphql = record.template === "/graphql" ? graphqlNameOf(body) : undefined
  if (graphql) Object.assign(record, { graphqlName: graphql.name, isWrite: graphql.isMutation })
  const { method, isWrite, graphqlName } = record
  const struck = box.strike({ method, path: new URL(request.url).pathname, isWrite, graphqlName })
  await waitFor(box, struck)
  const early = struck.find((fault) => !("effect" in fault && fault.effect === "after") && fault.kind !== "latency")
  if (early?.kind === "network") throw new TypeError("fetch failed", { cause: brokenNetwork })
  const early5xx = early && faultAnswer(early)
  let response = early5xx ? toResponse(early5xx) : await dispatch(parts, { request, body, record })
  const late = struck.find((fault) => "effect" in fault && fault.effect === "after")
  if (late?.kind === "network") throw new TypeError("fetch failed", { cause: brokenNetwork })
  const lateAnswer = late && faultAnswer(late)
  if (lateAnswer) response = toResponse(lateAnswer)
  record.status = response.status
  return finish(state, { request, record, response })
}

async function waitFor(box: FaultBox, struck: RequestFault[]): Promise<void> {
  const extraMs = struck.reduce((sum, fault) => sum + (fault.kind === "latency" ? fault.latencyMs : 0), 0)
  const totalMs = box.faults.latencyMs + extraMs
  if (totalMs > 0) await sleep(totalMs)
}

function newRecord(state: GitHubState, request: Request): ApiCallRecord {
  const url = new URL(request.url)
  const isRead = request.method === "GET" || request.method === "HEAD"
  return {
    method: request.method,
    path: url.pathname + url.search,
    template: url.pathname,
    isWrite: !isRead,
    isTokenCreation: url.pathname.endsWith("/access_tokens"),
    graphqlName: undefined,
    status: 0,
    caller: "anonymous",
    appId: undefined,
    installationId: undefined,
    at: isoNow(state),
  }
}

async function readBody(request: Request): Promise<Record<string, unknown>> {
  const text = request.method === "GET" ? "" : await request.text()
  if (text === "") return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return { "": text }
  }
}

async function dispatch(
  parts: Parts,
  asked: { request: Request; body: Record<string, unknown>; record: ApiCallRecord },
): Promise<Response> {
  const { state, api, traces } = parts
  const { request, body, record } = asked
  try {
    if ("" in body) throw refusal(400, "Problems parsing JSON")
    const caller = callerOf(state, request.headers.get("authorization"))
    record.caller = callerName(caller)
    record.appId =
      caller.kind === "app"
        ? caller.app.id
        : caller.kind === "installation"
          ? caller.token.installation.app.id
          : undefined
    record.installationId = caller.kind === "installation" ? caller.token.installation.id : undefined
    const trace: Trace = { caller, body, template: undefined }
    const bare = new Request(request.url, { method: request.method, headers: request.headers })
    traces.set(bare, trace)
    refuseOverLimit(state, record)
    const response = await api.fetch(bare)
    record.template = trace.template ?? record.template
    if (record.isWrite) await advance(state)
    return response
  } catch (error) {
    const answer = answerOf(error)
    if (answer) return toResponse(answer)
    throw error
  }
}

/** GraphQL has its own limit, counted in points. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function refuseOverLimit(state: GitHubState, record: ApiCallRecord): void {
  if (record.template === "/graphql" || record.template === "/rate_limit") return
  if (rateOf(state, record.caller).used >= state.hourlyLimit) {
    throw refusal(403, `API rate limit exceeded for ${record.caller}.`)
  }
}

function mountRoutes(state: GitHubState, traces: WeakMap<Request, Trace>): Api {
  const api = new Hono<ApiEnv>()
  api.use("*", async (context, next) => {
    const trace = traces.get(context.req.raw)
    if (!trace) throw new Error("A request that did not come through the pipeline")
    context.set("caller", trace.caller)
    context.set("body", trace.body)
    await next()
    trace.template = context.get("template") ?? trace.template
  })
  const rateRoute: PlainRoute = { method: "GET", path: "/rate_limit", handle: rateLimitAnswer }
  for (const route of [...appRoutes, ...organizationRoutes, ...graphqlRoutes, rateRoute]) {
    api.on(route.method, route.path, async (context) => {
      context.set("template", route.path)
      return answering(() => route.handle(callOf(state, context)))
    })
  }
  for (const route of routesOfRepositories) {
    const path = `/repos/:owner/:repo${route.path}`
    api.on(route.method, path, async (context) => {
      context.set("template", path.replaceAll("{.+}", ""))
      return answering(() => answerRepositoryRoute(route, callOf(state, context)))
    })
  }
  api.notFound((context) => {
    const asked = `${context.req.method} ${new URL(context.req.url).pathname}`
    state.unknownRequests.push(asked)
    return toResponse(refused(501, `The test GitHub does not know ${asked}`))
  })
  api.onError((error) => {
    throw error
  })
  return api
}

function answerRepositoryRoute(route: RepositoryRoute, call: ApiCall): Promise<Answer> | Answer {
  const [, media] = /application\/vnd\.github(?:\.v3)?\.(diff|patch)/.exec(call.headers.get("accept") ?? "") ?? []
  if (media !== undefined && !route.media?.includes(media)) {
    const asked = `${route.method} ${new URL(call.url).pathname} as ${media}`
    call.state.unknownRequests.push(asked)
    throw refusal(501, `The test GitHub does not know ${asked}`)
  }
  const repository = findRepository(call.state, `${call.params["owner"]}/${call.params["repo"]}`)
  if (!repository || !canSee(call.caller, repository)) throw refusal(404, "Not Found")
  demand(route.needs, call.caller, repository)
  if (route.method !== "GET") refuseArchived(repository)
  return route.handle({ ...call, repository, actor: readerOrActor(call) })
}

/** Reads may come from nobody in particular. */
function readerOrActor(call: ApiCall): Actor {
  if (call.caller.kind === "person" || call.caller.kind === "installation") return actorOf(call.caller)
  return { account: nobody }
}

const nobody: Account = {
  id: 0,
  nodeId: "U_kgAA",
  login: "ghost",
  type: "User",
  name: "ghost",
  email: "ghost@github.test",
}

async function answering(handler: () => Promise<Answer> | Answer): Promise<Response> {
  try {
    return toResponse(await handler())
  } catch (error) {
    const answer = answerOf(error)
    if (answer) return toResponse(answer)
    throw error
  }
}

function toResponse(answer: Answer): Response {
  const headers = { "content-type": "application/json; charset=utf-8", ...answer.headers }
  if (answer.body === undefined) return new Response(null, { status: answer.status, headers: answer.headers ?? {} })
  const isRaw = typeof answer.body === "string" || answer.body instanceof Uint8Array
  const body = isRaw ? (answer.body as string | Uint8Array<ArrayBuffer>) : JSON.stringify(answer.body)
  return new Response(body, { status: answer.status, headers })
}

/** Adds what every answer has, and turns an unchanged GET into a 304, which costs nothing of the rate limit. */
async function finish(
  state: GitHubState,
  done: { request: Request; record: ApiCallRecord; response: Response },
): Promise<Response> {
  const { request, record, response } = done
  const headers = new Headers(response.headers)
  const bytes = new Uint8Array(await response.arrayBuffer())
  headers.set("x-github-request-id", requestId(state))
  if (!headers.has("x-github-media-type")) headers.set("x-github-media-type", "github.v3; format=json")
  headers.set("x-github-api-version-selected", "2022-11-28")
  if (request.method === "GET" && response.status === 200) {
    const etag = `W/"${createHash("sha256").update(bytes).digest("hex")}"`
    headers.set("etag", etag)
    if (request.headers.get("if-none-match") === etag) {
      record.status = 304
      addRateHeaders(state, record, headers)
      return new Response(null, { status: 304, headers })
    }
  }
  addRateHeaders(state, record, headers)
  const isEmpty = response.status === 204 || response.status === 304
  return new Response(isEmpty ? null : bytes, { status: response.status, headers })
}

function requestId(state: GitHubState): string {
  return createHash("sha256").update(`request ${state.calls.length}`).digest("hex").slice(0, 24).toUpperCase()
}

function addRateHeaders(state: GitHubState, record: ApiCallRecord, headers: Headers): void {
  const rate = rateOf(state, record.caller)
  if (record.status !== 304 && record.template !== "/rate_limit") rate.used += 1
  const figures: Record<string, string> = {
    "x-ratelimit-limit": String(state.hourlyLimit),
    "x-ratelimit-remaining": String(Math.max(0, state.hourlyLimit - rate.used)),
    "x-ratelimit-used": String(rate.used),
    "x-ratelimit-reset": String(Math.floor(rate.resetMs / 1000)),
    "x-ratelimit-resource": "core",
  }
  for (const [name, value] of Object.entries(figures)) if (!headers.has(name)) headers.set(name, value)
}

function rateOf(state: GitHubState, caller: string): { used: number; resetMs: number } {
  const nowMs = state.clock.now().getTime()
  const known = state.rates.get(caller)
  if (known && known.resetMs > nowMs) return known
  const fresh = { used: 0, resetMs: nowMs + 3_600_000 }
  state.rates.set(caller, fresh)
  return fresh
}

function rateLimitAnswer(call: ApiCall): Answer {
  const { used, resetMs } = rateOf(call.state, callerName(call.caller))
  const limit = call.state.hourlyLimit
  const core = {
    limit,
    remaining: Math.max(0, limit - used),
    used,
    reset: Math.floor(resetMs / 1000),
    resource: "core",
  }
  return { status: 200, body: { resources: { core, graphql: { ...core, resource: "graphql" } }, rate: core } }
}
