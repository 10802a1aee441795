/** Why a branch may not move: the rules of its rulesets, beside classic protection. */
import { matchesGlob } from "node:path"
import { isAtLeast, roleOf } from "../access.ts"
import { contains } from "../comparison.ts"
import { isOwner, teamMembership } from "../organization.ts"
import type { BypassActor, QueueSettings, RequiredCheck, Rule, Ruleset } from "../rules.ts"
import type { Actor, Repository, Role } from "../state.ts"
import { checkProblems, type Landing, protectionProblems } from "./protection.ts"

/** A rule in force on a branch, with the ruleset it is from. */
export type ActiveRule = { rule: Rule; ruleset: Ruleset }

/** What happens to a branch or tag, besides a branch getting other commits. */
export type RefChange = "create" | "delete" | "force" | "move-tag"

const queueProblem = "Changes must be made through the merge queue"
const updateProblem = "Cannot update this protected ref."

/** The rules in force on a branch, whoever asks. `evaluate` only watches, so it is not in force. */
export function activeRules(repository: Repository, branch: string): ActiveRule[] {
  return rulesOfRef(repository, `refs/heads/${branch}`)
}

function rulesOfRef(repository: Repository, ref: string): ActiveRule[] {
  return repository.rulesets
    .filter((ruleset) => ruleset.enforcement === "active" && covers(repository, ruleset, ref))
    .flatMap((ruleset) => ruleset.rules.map((rule) => ({ rule, ruleset })))
}

/** Every check a branch waits for, by classic protection or a ruleset. */
export function requiredChecksOf(repository: Repository, branch: string): RequiredCheck[] {
  const classic = repository.protections.get(branch)?.requiredChecks ?? []
  return [...classic, ...activeRules(repository, branch).flatMap(({ rule }) => checksOf(rule))]
}

/** The merge queue of a branch; undefined where there is none. */
export function queueOf(repository: Repository, branch: string): QueueSettings | undefined {
  const rule = activeRules(repository, branch).find((one) => one.rule.type === "merge_queue")?.rule
  return rule?.type === "merge_queue" ? rule.parameters : repository.mergeQueues.get(branch)
}

/**
 * True when the branch wants an up-to-date head, by classic protection or a ruleset that does not let the actor pass,
 * and this one lacks commits of the base.
 */
export async function isBehind(repository: Repository, landing: Landing, baseTip: string): Promise<boolean> {
  const isStrict =
    (repository.protections.get(landing.branch)?.strict ?? false) ||
    rulesAgainst(repository, `refs/heads/${landing.branch}`, landing).some(
      (rule) => rule.type === "required_status_checks" && rule.parameters.strict_required_status_checks_policy,
    )
  return isStrict && !(await contains(repository.store, landing.sha, baseTip))
}

/** The sentences against a landing, of classic protection and rulesets; none when it may land, or join the queue. */
export function landingProblems(repository: Repository, landing: Landing): string[] {
  return [...protectionProblems(repository, landing), ...rulesetProblems(repository, landing)]
}

/** GitHub's message for a landing that it refuses; undefined when it may land. A queue is never passed by. */
export function landingRefusal(repository: Repository, landing: Landing): string | undefined {
  const queue = repository.mergeQueues.has(landing.branch) ? [queueProblem] : []
  const classic = [...queue, ...protectionProblems(repository, landing)]
  if (classic.length > 0) return classic.join(" ")
  const rules = rulesAgainst(repository, `refs/heads/${landing.branch}`, landing)
  const byQueue = rules.some((rule) => rule.type === "merge_queue") ? [queueProblem] : []
  return violation([...byQueue, ...rulesetProblems(repository, landing)])
}

/** GitHub's message for a branch or tag that may not be made, deleted or forced; undefined when it may. */
export function changeRefusal(
  repository: Repository,
  change: { ref: string; actor: Actor; kind: RefChange },
): string | undefined {
  const words: Record<RefChange, [Rule["type"], string]> = {
    create: ["creation", "Cannot create ref due to creations being restricted."],
    delete: ["deletion", change.ref.startsWith("refs/tags/") ? "Cannot delete this tag" : "Cannot delete this branch"],
    force: ["non_fast_forward", "Cannot force-push to this branch"],
    "move-tag": ["update", updateProblem],
  }
  const [type, sentence] = words[change.kind]
  const rules = rulesAgainst(repository, change.ref, change)
  return violation(rules.some((rule) => rule.type === type) ? [sentence] : [])
}

/** What a caller may pass by in a ruleset, in GitHub's words. */
export function bypassOf(
  repository: Repository,
  ruleset: Ruleset,
  actor: Actor,
): "always" | "pull_requests_only" | "never" {
  const modes = ruleset.bypassActors
    .filter((one) => isMeant(repository, one, actor))
    .map(({ bypass_mode: mode }) => mode)
  if (modes.some((mode) => mode !== "pull_request")) return "always"
  return modes.length > 0 ? "pull_requests_only" : "never"
}

function violation(problems: string[]): string | undefined {
  if (problems.length === 0) return undefined
  return `Repository rule violations found\n\n${problems.map((problem) => `${problem}\n\n`).join("")}`
}

function rulesetProblems(repository: Repository, landing: Landing): string[] {
  const rules = rulesAgainst(repository, `refs/heads/${landing.branch}`, landing)
  const update = rules.some((rule) => rule.type === "update") ? [updateProblem] : []
  return [...update, ...checkProblems(repository, rules.flatMap(checksOf), landing.sha)]
}

/** The rules that hold for this change of a ref: those of rulesets which do not let its actor pass. */
function rulesAgainst(
  repository: Repository,
  ref: string,
  { actor, pull, waits }: Pick<Landing, "actor" | "pull" | "waits">,
): Rule[] {
  const isHeld = ({ rule, ruleset }: ActiveRule) => {
    if (waits && rule.type === "required_status_checks") return true
    const bypass = bypassOf(repository, ruleset, actor)
    return bypass === "never" || (bypass === "pull_requests_only" && !pull)
  }
  return rulesOfRef(repository, ref)
    .filter(isHeld)
    .map(({ rule }) => rule)
}

function checksOf(rule: Rule): RequiredCheck[] {
  if (rule.type !== "required_status_checks") return []
  return rule.parameters.required_status_checks.map(({ context, integration_id: appId }) => ({ context, appId }))
}

function covers(repository: Repository, ruleset: Ruleset, ref: string): boolean {
  if (!ref.startsWith(ruleset.target === "tag" ? "refs/tags/" : "refs/heads/")) return false
  const isMatch = (pattern: string) =>
    pattern === "~ALL" ||
    (pattern === "~DEFAULT_BRANCH" ? ref === `refs/heads/${repository.defaultBranch}` : matchesGlob(ref, pattern))
  return ruleset.include.some(isMatch) && !ruleset.exclude.some(isMatch)
}

/** GitHub's numbers of the built-in roles; the others cannot be named in a ruleset. */
const roleIds: Record<number, Role> = { 2: "maintain", 4: "write", 5: "admin" }

function isMeant(repository: Repository, bypass: BypassActor, { account, app }: Actor): boolean {
  const id = bypass.actor_id ?? 0
  const { organization } = repository.owner
  switch (bypass.actor_type) {
    case "Integration":
      return app?.id === id
    case "User":
      return account.id === id
    case "OrganizationAdmin":
      return isOwner(organization, account)
    case "RepositoryRole":
      return roleIds[id] !== undefined && !app && isAtLeast(roleOf(repository, account), roleIds[id])
    case "Team": {
      const team = [...(organization?.teams.values() ?? [])].find((one) => one.id === id)
      return (
        organization !== undefined && team !== undefined && teamMembership(organization, team, account) !== undefined
      )
    }
    case "DeployKey":
      return false
  }
}
