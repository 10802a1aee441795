/** Rulesets made, changed and deleted, with GitHub's refusals. What they forbid is in `rules.ts`. */
import { refusal } from "../api.ts"
import { emit } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import type { Rule, Ruleset } from "../rules.ts"
import { isoNow } from "../state.ts"
import type { Actor, World } from "../state.ts"
import { rulesetView } from "../view/ruleset.ts"

/** What an admin decides about a ruleset. */
export type RulesetPlan = Omit<Ruleset, "id" | "nodeId" | "createdAt" | "updatedAt">

/** Makes a ruleset; 422 for a rule that cannot be. Emits `repository_ruleset.created`. */
export function createRuleset(world: World, actor: Actor, plan: RulesetPlan): Ruleset {
  refuseBadPlan(world, plan)
  const now = isoNow(world.state)
  const ruleset: Ruleset = { ...freshIds("RRS"), ...plan, createdAt: now, updatedAt: now }
  world.repository.rulesets.push(ruleset)
  emitRuleset(world, actor, { ruleset, action: "created" })
  return ruleset
}

/** Changes what is given. Emits `repository_ruleset.edited`. */
export function updateRuleset(
  world: World,
  actor: Actor,
  change: { ruleset: Ruleset; plan: Partial<RulesetPlan> },
): void {
  const { ruleset, plan } = change
  refuseBadPlan(world, { ...ruleset, ...plan }, ruleset)
  Object.assign(ruleset, plan, { updatedAt: isoNow(world.state) })
  emitRuleset(world, actor, { ruleset, action: "edited" })
}

/** Deletes a ruleset. Emits `repository_ruleset.deleted`. */
export function deleteRuleset(world: World, actor: Actor, ruleset: Ruleset): void {
  world.repository.rulesets = world.repository.rulesets.filter((other) => other !== ruleset)
  emitRuleset(world, actor, { ruleset, action: "deleted" })
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#repository_ruleset */
function emitRuleset(world: World, actor: Actor, happened: { ruleset: Ruleset; action: string }): void {
  const { state, repository } = world
  const { current_user_can_bypass: _bypass, ...shown } = rulesetView(world, actor, happened.ruleset)
  const payload = { repository_ruleset: shown, ...(happened.action === "edited" ? { changes: {} } : {}) }
  emit(state, { event: "repository_ruleset", action: happened.action, repository, sender: actor.account, payload })
}

function refuseBadPlan(world: World, plan: RulesetPlan, self?: Ruleset): void {
  const twin = world.repository.rulesets.find((one) => one !== self && one.name === plan.name)
  const problems = [
    ...(twin ? ["Name must be unique"] : []),
    ...plan.rules.flatMap((rule) => ruleProblem(world, rule) ?? []),
  ]
  if (problems.length > 0) throw refusal(422, "Validation Failed", problems)
}

/** Queues are for organisations only, and a check can only be asked of an app that there is. */
function ruleProblem({ state, repository }: World, rule: Rule): string | undefined {
  if (rule.type === "merge_queue" && repository.owner.type !== "Organization") return "Invalid rule 'merge_queue': "
  if (rule.type !== "required_status_checks") return undefined
  const { required_status_checks: checks } = rule.parameters
  const isKnown = checks.every(({ integration_id: id }) => id === undefined || state.apps.has(id))
  return isKnown ? undefined : "Invalid rule 'required_status_checks': "
}
