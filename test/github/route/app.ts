/** Apps, installations, tokens, hook deliveries, users, rate limit. https://docs.github.com/en/rest/apps */
import { canSee, findRepository, installationsOf } from "../access.ts"
import { numberParam, page, pageOf, refusal } from "../api.ts"
import type { Answer, ApiCall, PlainRoute } from "../api.ts"
import { createToken } from "../auth.ts"
import { redeliver } from "../hooks.ts"
import { isoOf } from "../state.ts"
import type { App, Installation, PermissionLevel, Permissions } from "../state.ts"
import type { Delivery } from "../traffic.ts"
import { accountView, fullAccountView } from "../view/account.ts"
import { appView, installationView, selectionOf } from "../view/app.ts"
import { repositoryView } from "../view/repository.ts"

/** Routes that are not below `/repos/{owner}/{repo}`. */
export const appRoutes: PlainRoute[] = [
  { method: "GET", path: "/app", handle: (call) => ok(appView(call.state, callingApp(call))) },
  { method: "GET", path: "/app/installations", handle: listInstallations },
  {
    method: "GET",
    path: "/app/installations/:id",
    handle: (call) => ok(installationView(call.state, ownInstallation(call))),
  },
  { method: "POST", path: "/app/installations/:id/access_tokens", handle: createAccessToken },
  { method: "GET", path: "/repos/:owner/:repo/installation", handle: repositoryInstallation },
  { method: "GET", path: "/users/:login/installation", handle: accountInstallation },
  { method: "GET", path: "/orgs/:login/installation", handle: accountInstallation },
  { method: "GET", path: "/app/hook/config", handle: hookConfig },
  { method: "GET", path: "/app/hook/deliveries", handle: listDeliveries },
  { method: "GET", path: "/app/hook/deliveries/:id", handle: (call) => ok(deliveryView(ownDelivery(call), true)) },
  { method: "POST", path: "/app/hook/deliveries/:id/attempts", handle: attemptDelivery },
  { method: "GET", path: "/installation/repositories", handle: installationRepositories },
  { method: "GET", path: "/users/:login", handle: getUser },
  { method: "GET", path: "/user", handle: getSelf },
  { method: "GET", path: "/apps/:slug", handle: getAppBySlug },
]

function ok(body: unknown): Answer {
  return { status: 200, body }
}

function callingApp(call: ApiCall): App {
  if (call.caller.kind === "app") return call.caller.app
  if (call.caller.kind === "installation") throw refusal(403, "Resource not accessible by integration")
  throw refusal(401, "A JSON web token could not be decoded")
}

function ownInstallation(call: ApiCall): Installation {
  const app = callingApp(call)
  const installation = call.state.installations.get(numberParam(call, "id"))
  if (!installation || installation.app !== app || installation.deleted) throw refusal(404, "Not Found")
  return installation
}

function listInstallations(call: ApiCall): Answer {
  const app = callingApp(call)
  const own = [...call.state.installations.values()].filter((one) => one.app === app && !one.deleted)
  return pageOf(call, own, (installation) => installationView(call.state, installation))
}

function createAccessToken(call: ApiCall): Answer {
  const installation = ownInstallation(call)
  if (installation.suspendedAt) throw refusal(403, "This installation has been suspended")
  const permissions = wantedPermissions(call, installation)
  const repositoryIds = wantedRepositories(call, installation)
  const token = createToken(call.state, installation, { permissions, repositoryIds })
  const seen = repositoryIds ? [...repositoryIds].flatMap((id) => call.state.repositories.get(id) ?? []) : undefined
  return {
    status: 201,
    body: {
      token: token.token,
      expires_at: isoOf(new Date(token.expiresAtMs)),
      permissions: token.permissions,
      repository_selection: repositoryIds ? "selected" : selectionOf(installation),
      ...(seen ? { repositories: seen.map((repository) => repositoryView(call.state, repository)) } : {}),
    },
  }
}

function wantedPermissions(call: ApiCall, installation: Installation): Permissions | undefined {
  const wanted = call.body["permissions"]
  if (typeof wanted !== "object" || wanted === null) return undefined
  const entries = Object.entries(wanted as Record<string, PermissionLevel>)
  const isTooMuch = entries.some(([name, level]) => {
    const granted = installation.permissions[name]
    return granted === undefined || (level === "write" && granted === "read")
  })
  if (isTooMuch) throw refusal(422, "The permissions requested are not granted to this installation.")
  return Object.fromEntries(entries)
}

function wantedRepositories(call: ApiCall, installation: Installation): Set<number> | undefined {
  const { repository_ids: ids, repositories: names } = call.body
  if (!Array.isArray(ids) && !Array.isArray(names)) return undefined
  const installed = [...installation.repositoryIds].flatMap((id) => call.state.repositories.get(id) ?? [])
  const wanted = new Set<number>()
  for (const id of Array.isArray(ids) ? ids : []) wanted.add(Number(id))
  for (const name of Array.isArray(names) ? names : []) {
    wanted.add(installed.find((repository) => repository.name === name)?.id ?? -1)
  }
  if ([...wanted].every((id) => installation.repositoryIds.has(id))) return wanted
  throw refusal(
    422,
    "There is at least one repository that does not exist or is not accessible to the parent installation.",
  )
}

function repositoryInstallation(call: ApiCall): Answer {
  const app = callingApp(call)
  const repository = findRepository(call.state, `${call.params["owner"]}/${call.params["repo"]}`)
  const installation = repository && installationsOf(call.state, repository).find((one) => one.app === app)
  if (!installation) throw refusal(404, "Not Found")
  return ok(installationView(call.state, installation))
}

function accountInstallation(call: ApiCall): Answer {
  const app = callingApp(call)
  const login = String(call.params["login"]).toLowerCase()
  const installation = [...call.state.installations.values()].find(
    (one) => one.app === app && !one.deleted && one.account.login.toLowerCase() === login,
  )
  if (!installation) throw refusal(404, "Not Found")
  return ok(installationView(call.state, installation))
}

function hookConfig(call: ApiCall): Answer {
  return ok({ content_type: "json", insecure_ssl: "0", secret: "********", url: callingApp(call).hookUrl ?? "" })
}

function listDeliveries(call: ApiCall): Answer {
  const app = callingApp(call)
  const status = call.query.get("status")
  const own = call.state.deliveries.filter((one) => one.app === app && one.status !== "pending").toReversed()
  const chosen = own.filter((one) => !status || (status === "success") === (one.status === "delivered"))
  const cursor = Number(call.query.get("cursor") ?? Infinity) || Infinity
  const size = Math.min(100, Number(call.query.get("per_page") ?? 30) || 30)
  const rest = chosen.filter((one) => one.id < cursor)
  const shown = rest.slice(0, size)
  const last = shown.at(-1)
  if (!last || rest.length <= size) return ok(shown.map((delivery) => deliveryView(delivery, false)))
  const url = new URL(call.url)
  url.searchParams.set("cursor", String(last.id))
  const headers = { link: `<${url.href}>; rel="next"` }
  return { status: 200, body: shown.map((delivery) => deliveryView(delivery, false)), headers }
}

function ownDelivery(call: ApiCall): Delivery {
  const app = callingApp(call)
  const delivery = call.state.deliveries.find((one) => one.id === numberParam(call, "id") && one.app === app)
  if (!delivery) throw refusal(404, "Not Found")
  return delivery
}

/** https://docs.github.com/en/rest/apps/webhooks#get-a-delivery-for-an-app-webhook */
function deliveryView(delivery: Delivery, isLong: boolean) {
  const isDelivered = delivery.status === "delivered"
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt ?? delivery.createdAt,
    redelivery: delivery.redelivery,
    duration: 0.1,
    status: isDelivered
      ? "OK"
      : delivery.statusCode
        ? `Invalid HTTP Response: ${delivery.statusCode}`
        : "failed to connect to host",
    status_code: delivery.statusCode ?? 0,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
    ...(isLong
      ? {
          url: delivery.app.hookUrl ?? "",
          request: { headers: {}, payload: JSON.parse(delivery.body) as unknown },
          response: { headers: {}, payload: "" },
        }
      : {}),
  }
}

function attemptDelivery(call: ApiCall): Answer {
  redeliver(call.state, ownDelivery(call))
  return { status: 202, body: {} }
}

function installationRepositories(call: ApiCall): Answer {
  const { caller } = call
  if (caller.kind !== "installation")
    throw refusal(
      403,
      "You must authenticate with an installation access token in order to list repositories for an installation.",
    )
  const seen = [...call.state.repositories.values()].filter((repository) => canSee(caller, repository))
  const taken = page(call, seen)
  const repositories = taken.items.map((repository) => repositoryView(call.state, repository))
  const body = { total_count: seen.length, repository_selection: selectionOf(caller.token.installation), repositories }
  return { status: 200, body, headers: taken.headers }
}

function getUser(call: ApiCall): Answer {
  const account = call.state.accounts.get(String(call.params["login"]).toLowerCase())
  if (!account) throw refusal(404, "Not Found")
  return ok(fullAccountView(call.state, account))
}

function getSelf(call: ApiCall): Answer {
  if (call.caller.kind === "anonymous") throw refusal(401, "Requires authentication")
  if (call.caller.kind !== "person") throw refusal(403, "Resource not accessible by integration")
  return ok({ ...fullAccountView(call.state, call.caller.account), ...accountView(call.state, call.caller.account) })
}

function getAppBySlug(call: ApiCall): Answer {
  const app = [...call.state.apps.values()].find((one) => one.slug === call.params["slug"])
  if (!app) throw refusal(404, "Not Found")
  return ok(appView(call.state, app))
}
