/** Who a request comes from, by its `Authorization` header. */
import { createVerify, randomBytes } from "node:crypto"
import { refusal } from "./api.ts"
import type { App, Caller, GitHubState, Installation, InstallationToken, Permissions } from "./state.ts"

const hourMs = 3_600_000
/** GitHub takes App JWTs that end within ten minutes. */
const longestJwtMs = 600_000
/** What GitHub forgives between two clocks. */
const skewMs = 60_000

/**
 * Finds the caller. Known forms: an App JWT (RS256), an installation token (`ghs_…`), a person as `user:LOGIN`.
 * Throws the 401 GitHub gives for anything else. https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
 */
export function callerOf(state: GitHubState, authorization: string | null): Caller {
  if (!authorization) return { kind: "anonymous" }
  const credential = authorization.replace(/^(bearer|token)\s+/i, "").trim()
  if (credential.startsWith("user:")) return personCaller(state, credential.slice("user:".length))
  if (credential.startsWith("ghs_")) return installationCaller(state, credential)
  if (credential.split(".").length === 3) return { kind: "app", app: appOfJwt(state, credential) }
  throw refusal(401, "Bad credentials")
}

/** Makes an installation token; permissions and repositories may be narrowed. */
export function createToken(
  state: GitHubState,
  installation: Installation,
  narrowed: { permissions?: Permissions | undefined; repositoryIds?: Set<number> | undefined },
): InstallationToken {
  const token: InstallationToken = {
    token: `ghs_${randomBytes(18).toString("hex")}`,
    installation,
    permissions: narrowed.permissions ? { metadata: "read", ...narrowed.permissions } : installation.permissions,
    repositoryIds: narrowed.repositoryIds,
    expiresAtMs: state.clock.now().getTime() + hourMs,
    expiresAtRealMs: Date.now() + hourMs,
  }
  state.tokens.set(token.token, token)
  return token
}

/** A name for the caller, for the call log and the rate limit. */
export function callerName(caller: Caller): string {
  if (caller.kind === "app") return `app ${caller.app.slug}`
  if (caller.kind === "person") return caller.account.login
  if (caller.kind === "anonymous") return "anonymous"
  return `installation ${caller.token.installation.id} of ${caller.token.installation.app.slug}`
}

function personCaller(state: GitHubState, login: string): Caller {
  const account = state.accounts.get(login.toLowerCase())
  if (!account) throw refusal(401, "Bad credentials")
  return { kind: "person", account }
}

function installationCaller(state: GitHubState, credential: string): Caller {
  const token = state.tokens.get(credential)
  if (!token || token.installation.deleted) throw refusal(401, "Bad credentials")
  const isExpired = token.expiresAtMs <= state.clock.now().getTime() && token.expiresAtRealMs <= Date.now()
  if (isExpired) throw refusal(401, "Bad credentials")
  if (token.installation.suspendedAt) throw refusal(403, "This installation has been suspended")
  return { kind: "installation", token }
}

function appOfJwt(state: GitHubState, jwt: string): App {
  const [header = "", payload = "", signature = ""] = jwt.split(".")
  const claims = decodePart(payload)
  if (decodePart(header)["alg"] !== "RS256") throw refusal(401, "A JSON web token could not be decoded")
  const issuer = String(claims["iss"])
  const app = [...state.apps.values()].find((one) => String(one.id) === issuer || one.clientId === issuer)
  if (!app) throw refusal(401, "'Issuer' claim ('iss') must be an Integer")
  const isSigned = createVerify("RSA-SHA256")
    .update(`${header}.${payload}`)
    .verify(app.publicKeyPem, signature, "base64url")
  if (!isSigned) throw refusal(401, "A JSON web token could not be decoded")
  refuseBadTimes(state, { exp: Number(claims["exp"]), iat: Number(claims["iat"]) })
  return app
}

/** Clients stamp JWTs by the machine's clock, whatever the injected one says: either may find the times right. */
function refuseBadTimes(state: GitHubState, claims: { exp: number; iat: number }): void {
  const problems = [state.clock.now().getTime(), Date.now()].map((nowMs) => timeProblem(claims, nowMs))
  const [first] = problems
  if (first !== undefined && problems.every((problem) => problem !== undefined)) throw refusal(401, first)
}

function timeProblem({ exp, iat }: { exp: number; iat: number }, nowMs: number): string | undefined {
  if (!Number.isInteger(exp))
    return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
  if (exp * 1000 <= nowMs)
    return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
  if (exp * 1000 > nowMs + longestJwtMs + skewMs) return "'Expiration time' claim ('exp') is too far in the future"
  if (!Number.isInteger(iat) || iat * 1000 > nowMs + skewMs)
    return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
  return undefined
}

function decodePart(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString())
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>
  } catch {
    // Falls through to the refusal: no JSON is as bad as the wrong JSON.
  }
  throw refusal(401, "A JSON web token could not be decoded")
}
