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

/** What may be asked for: doing it can only shut a gate, or it may open one. */
export type Loosening = "tightens" | "loosens"

/** The authoriser's answer. */
export type Authorisation = { allowed: true } | { allowed: false; needs: Role; has: Role; why: "role" | "bot" }

/**
 * The one authoriser, for every door: comment, label, button, API.
 *
 * An app or bot may tighten, never loosen: an agent must not take its own guardrail away, whatever role it was given.
 */
export function authorise(request: { actorIsBot: boolean; has: Role; needs: Role; effect: Loosening }): Authorisation {
  const { actorIsBot, has, needs, effect } = request
  if (!atLeast(has, needs)) return { allowed: false, needs, has, why: "role" }
  if (actorIsBot && effect === "loosens") return { allowed: false, needs, has, why: "bot" }
  return { allowed: true }
}
