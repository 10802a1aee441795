/** What may happen to a branch, as the repository's admins settle it. */
import { refusal } from "../api.ts"
import { plainProtection } from "../act/protection.ts"
import { createRuleset as makeRuleset, deleteRuleset as removeRuleset } from "../act/ruleset.ts"
import { type BypassActor, defaultQueue, type QueueSettings, type Rule, type Ruleset } from "../rules.ts"
import type { GitHubState } from "../state.ts"
import { actorIn, appNamed, worldOf } from "./who.ts"
import type { By, In } from "./who.ts"

/** Rules of a branch. `app`: slug of the app that must report the check. */
export type NewProtection = In & {
  branch?: string
  checks?: (string | { name: string; app?: string })[]
  approvals?: number
  strict?: boolean
  enforceAdmins?: boolean
}

/** Protects a branch (the default one), replacing the rules it had. */
export function protectBranch(state: GitHubState, args: NewProtection): void {
  const { repository } = worldOf(state, args)
  const branch = args.branch ?? repository.defaultBranch
  const requiredChecks = (args.checks ?? []).map((check) => {
    if (typeof check === "string") return { context: check, appId: undefined }
    return { context: check.name, appId: check.app === undefined ? undefined : appNamed(state, check.app).id }
  })
  repository.protections.set(branch, {
    ...plainProtection(branch),
    requiredChecks,
    requiredApprovals: args.approvals ?? 0,
    strict: args.strict ?? false,
    enforceAdmins: args.enforceAdmins ?? false,
  })
}

/** Takes the rules of a branch away. */
export function unprotectBranch(state: GitHubState, args: In & { branch?: string }): void {
  const { repository } = worldOf(state, args)
  repository.protections.delete(args.branch ?? repository.defaultBranch)
}

/**
 * Makes a branch (the default one) take merges through a queue only, by classic protection. `groupSize`: how many land
 * together at most; `settings` are further ones in GitHub's names. `off` takes the queue away.
 */
export function requireMergeQueue(
  state: GitHubState,
  args: In & {
    branch?: string
    method?: QueueSettings["merge_method"]
    groupSize?: number
    settings?: Partial<QueueSettings>
    off?: boolean
  },
): void {
  const { repository } = worldOf(state, args)
  const branch = args.branch ?? repository.defaultBranch
  const settings = { ...defaultQueue(), ...args.settings }
  if (args.off) repository.mergeQueues.delete(branch)
  else
    repository.mergeQueues.set(branch, {
      ...settings,
      merge_method: args.method ?? settings.merge_method,
      max_entries_to_merge: args.groupSize ?? settings.max_entries_to_merge,
    })
}

/**
 * Makes a ruleset, by an admin. `include` defaults to the default branch, or to all tags; `bypassApps` are slugs that
 * always pass.
 * Event: `repository_ruleset.created`.
 */
export function createRuleset(
  state: GitHubState,
  args: By & {
    rules: Rule[]
    name?: string
    target?: Ruleset["target"]
    enforcement?: Ruleset["enforcement"]
    include?: string[]
    exclude?: string[]
    bypassApps?: string[]
    bypass?: BypassActor[]
  },
): { id: number } {
  const world = worldOf(state, args)
  const byApp = (args.bypassApps ?? []).map((slug): BypassActor => ({
    actor_id: appNamed(state, slug).id,
    actor_type: "Integration",
    bypass_mode: "always",
  }))
  const ruleset = makeRuleset(world, actorIn(world, args, "admin"), {
    name: args.name ?? `Ruleset ${world.repository.rulesets.length + 1}`,
    target: args.target ?? "branch",
    enforcement: args.enforcement ?? "active",
    include: args.include ?? [args.target === "tag" ? "~ALL" : "~DEFAULT_BRANCH"],
    exclude: args.exclude ?? [],
    bypassActors: [...byApp, ...(args.bypass ?? [])],
    rules: args.rules,
  })
  return { id: ruleset.id }
}

/** Deletes a ruleset. Event: `repository_ruleset.deleted`. */
export function deleteRuleset(state: GitHubState, args: By & { id: number }): void {
  const world = worldOf(state, args)
  const found = world.repository.rulesets.find((one) => one.id === args.id)
  if (!found) throw refusal(404, `No ruleset ${args.id}`)
  removeRuleset(world, actorIn(world, args, "admin"), found)
}
