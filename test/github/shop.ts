/** The small shop that the tests of the test GitHub are about, and the ways to ask its API. */
import { createSign } from "node:crypto"
import { createTestGitHub } from "./github.ts"
import type { TestGitHub } from "./github.ts"
import type { AppCredentials } from "./people/settle.ts"
import type { Permissions } from "./state.ts"

/** An answer with its parsed body; `undefined` for an empty one. */
export type Reply = { status: number; body: unknown; headers: Headers }

/** A request to make: `as` is a token, a JWT or `user:LOGIN`. */
export type Ask = { as?: string; body?: unknown; headers?: Record<string, string> }

/** A world of one repository `acme/shop` (olga: admin, max: write, tom: triage, rita: read) with two apps installed. */
export type Shop = {
  github: TestGitHub
  repo: "acme/shop"
  app: AppCredentials
  installationId: number
  /** A token of the installed app, with all its permissions. */
  token: string
  /** Moves the clock on. */
  pass(ms: number): void
  ask(method: string, path: string, ask?: Ask): Promise<Reply>
}

/** Events and permissions of everything this GitHub can send and guard. */
const everything: { events: string[]; permissions: Permissions } = {
  events: [
    "push",
    "create",
    "delete",
    "pull_request",
    "pull_request_review",
    "check_run",
    "check_suite",
    "status",
    "issue_comment",
    "issues",
    "label",
    "deployment",
    "deployment_status",
    "deployment_protection_rule",
    "repository",
    "merge_group",
  ],
  permissions: {
    checks: "write",
    contents: "write",
    issues: "write",
    pull_requests: "write",
    merge_queues: "write",
    statuses: "write",
    deployments: "write",
    actions: "read",
    administration: "write",
  },
}

/** Opens a shop. `permissions` and `events` replace the app's, `ownerType` is what acme is (User). Close it with `github.close()`. */
export async function openShop(
  options: { permissions?: Permissions; events?: string[]; ownerType?: "User" | "Organization" } = {},
): Promise<Shop> {
  let nowMs = Date.parse("2026-11-20T12:00:00.750Z")
  const github = await createTestGitHub({ clock: { now: () => new Date(nowMs) } })
  const repo = "acme/shop"
  const { people } = github
  await people.createUser({ login: "acme", type: options.ownerType ?? "User" })
  await people.createRepository({
    owner: "acme",
    name: "shop",
    files: { "README.md": "# Shop\n", "src/price.ts": "export const a = 1\nexport const b = 2\nexport const c = 3\n" },
    collaborators: { olga: "admin", max: "write", tom: "triage", rita: "read" },
  })
  const app = await people.createApp({
    slug: "portcullis",
    ...everything,
    ...(options.permissions ? { permissions: options.permissions } : {}),
    ...(options.events ? { events: options.events } : {}),
  })
  await people.createApp({ slug: "github-actions", permissions: { checks: "write" }, events: [] })
  const { installationId } = await people.installApp({ app: "portcullis", repos: [repo] })
  await people.installApp({ app: "github-actions", repos: [repo] })
  const ask = asker(github)
  const made = await ask("POST", `/app/installations/${installationId}/access_tokens`, { as: jwtOf(app) })
  const { token } = made.body as { token: string }
  return { github, repo, app, installationId, token, ask, pass: (ms) => void (nowMs += ms) }
}

function asker(github: TestGitHub): Shop["ask"] {
  return async (method, path, { as, body, headers = {} } = {}) => {
    const answer = await github.fetch(`http://github.test${path}`, {
      method,
      headers: { ...headers, ...(as === undefined ? {} : { authorization: `token ${as}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get("content-type")?.includes("application/json") ?? false
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === "" ? undefined : isJson ? JSON.parse(text) : text,
    }
  }
}

/** What an App JWT may be made wrong in. */
export type JwtFlaw = { iss?: string; expInS?: number; iatInS?: number; key?: string }

/** An App JWT by the machine's clock, as clients make them. */
export function jwtOf(app: AppCredentials, flaw: JwtFlaw = {}): string {
  const nowS = Math.floor(Date.now() / 1000)
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
  const claims = {
    iat: nowS + (flaw.iatInS ?? -30),
    exp: nowS + (flaw.expInS ?? 540),
    iss: flaw.iss ?? String(app.appId),
  }
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`
  return `${signed}.${createSign("RSA-SHA256")
    .update(signed)
    .sign(flaw.key ?? app.privateKeyPem, "base64url")}`
}
