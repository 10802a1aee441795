/** Repository roles of GitHub, weakest first. A custom role counts as the built-in role it stands on. */
const roles = ["none", "read", "triage", "write", "maintain", "admin"] as const

/** What a person may do in a repository. */
export type Role = (typeof roles)[number]

/** Roles a config may ask for. */
export const demandableRoles = ["read", "triage", "write", "maintain", "admin"] as const

/** Reads a role from GitHub's word for it; undefined for a word that is none of the built-in roles. */
export function parseRole(text: string): Role | undefined {
  return roles.find((role) => role === text)
}

/** Whether `has` is at least `needs`. */
export function atLeast(has: Role, needs: Role): boolean {
  return roles.indexOf(has) >= roles.indexOf(needs)
}

/** What may be asked for: it only tells something, it can only shut a gate, or it may do more than that. */
export type Effect = "reads" | "tightens" | "loosens"

/** The authoriser's answer. */
export type Authorisation = { allowed: true } | { allowed: false; needs: Role; has: Role; why: "role" | "bot" }

/** Whether an account is an agent's: an app or bot, or a login that the config lists as one. */
export function isAgentAccount(who: { login: string; bot: boolean }, listed: readonly string[]): boolean {
  return who.bot || listed.some((login) => login.toLowerCase() === who.login.toLowerCase())
}

/**
 * The one authoriser, for every door: comment, label, button, API.
 *
 * An agent may read and tighten, no more: it must not take its own guardrail away, whatever role it was given.
 */
export function authorise(request: { isAgent: boolean; has: Role; needs: Role; effect: Effect }): Authorisation {
  const { isAgent, has, needs, effect } = request
  if (!atLeast(has, needs)) return { allowed: false, needs, has, why: "role" }
  if (isAgent && effect === "loosens") return { allowed: false, needs, has, why: "bot" }
  return { allowed: true }
}
