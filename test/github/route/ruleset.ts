/** Rulesets of a repository. https://docs.github.com/en/rest/repos/rules */
import { z } from "zod"
import { isAtLeast, roleOf } from "../access.ts"
import { invalidField, numberParam, pageOf, refusal } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { createRuleset, deleteRuleset, type RulesetPlan, updateRuleset } from "../act/ruleset.ts"
import { activeRules } from "../act/rules.ts"
import type { Rule, Ruleset } from "../rules.ts"
import { activeRuleView, rulesetStub, rulesetView } from "../view/ruleset.ts"

const metadata = [{ permission: "metadata", level: "read" as const }]
const write = [{ permission: "administration", level: "write" as const }]

/** Routes below `/repos/{owner}/{repo}`. */
export const rulesetRoutes: RepositoryRoute[] = [
  { method: "GET", path: "/rulesets", needs: metadata, handle: listRulesets },
  { method: "POST", path: "/rulesets", needs: write, handle: postRuleset },
  { method: "GET", path: "/rulesets/:id", needs: metadata, handle: getRuleset },
  { method: "PUT", path: "/rulesets/:id", needs: write, handle: putRuleset },
  { method: "DELETE", path: "/rulesets/:id", needs: write, handle: removeRuleset },
  { method: "GET", path: "/rules/branches/:branch{.+}", needs: metadata, handle: rulesOfBranch },
]

const statusChecks = z.strictObject({
  required_status_checks: z.array(
    z
      .strictObject({ context: z.string().min(1), integration_id: z.int().optional() })
      .transform(({ context, integration_id: id }) => ({
        context,
        ...(id === undefined ? {} : { integration_id: id }),
      })),
  ),
  strict_required_status_checks_policy: z.boolean(),
  do_not_enforce_on_create: z.boolean().default(false),
})

const queue = z.strictObject({
  merge_method: z.enum(["MERGE", "SQUASH", "REBASE"]),
  grouping_strategy: z.enum(["ALLGREEN", "HEADGREEN"]),
  max_entries_to_build: z.int().min(0).max(100),
  max_entries_to_merge: z.int().min(0).max(100),
  min_entries_to_merge: z.int().min(0).max(100),
  min_entries_to_merge_wait_minutes: z.int().min(0).max(360),
  check_response_timeout_minutes: z.int().min(1).max(360),
})

const ruleSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.enum(["creation", "deletion", "non_fast_forward"]) }),
  z.strictObject({
    type: z.literal("update"),
    parameters: z.strictObject({ update_allows_fetch_and_merge: z.boolean() }).default({
      update_allows_fetch_and_merge: false,
    }),
  }),
  z.strictObject({ type: z.literal("required_status_checks"), parameters: statusChecks }),
  z.strictObject({ type: z.literal("merge_queue"), parameters: queue }),
])

const bypassSchema = z.object({
  actor_id: z
    .int()
    .nullish()
    .transform((id) => id ?? null),
  actor_type: z.enum(["Integration", "OrganizationAdmin", "RepositoryRole", "Team", "DeployKey", "User"]),
  bypass_mode: z.enum(["always", "pull_request", "exempt"]).default("always"),
})

const patterns = z.array(z.string()).default([])
const conditionsSchema = z.object({ ref_name: z.object({ include: patterns, exclude: patterns }) })

/** Kinds of rules GitHub has and this GitHub does not: a test that asks for one has to fail. */
const foreignRules = [
  "required_linear_history",
  "required_deployments",
  "required_signatures",
  "pull_request",
  "commit_message_pattern",
  "commit_author_email_pattern",
  "committer_email_pattern",
  "branch_name_pattern",
  "tag_name_pattern",
  "file_path_restriction",
  "max_file_path_length",
  "file_extension_restriction",
  "max_file_size",
  "workflows",
  "code_scanning",
  "copilot_code_review",
]

function listRulesets(call: RepositoryCall): Answer {
  return pageOf(call, call.repository.rulesets, (ruleset) => rulesetStub(call, ruleset))
}

function postRuleset(call: RepositoryCall): Answer {
  const plan = { target: "branch" as const, include: [], exclude: [], bypassActors: [], rules: [], ...readPlan(call) }
  const { name, enforcement } = plan
  if (name === undefined) throw invalidField("Ruleset", "name", "Name can't be blank")
  if (enforcement === undefined) throw invalidField("Ruleset", "enforcement")
  const ruleset = createRuleset(call, call.actor, { ...plan, name, enforcement })
  return { status: 201, body: rulesetView(call, call.actor, ruleset) }
}

function getRuleset(call: RepositoryCall): Answer {
  const { bypass_actors: bypassActors, ...shown } = rulesetView(call, call.actor, requireRuleset(call))
  return { status: 200, body: mayChange(call) ? { ...shown, bypass_actors: bypassActors } : shown }
}

/** Who may not change a ruleset is not told who passes it by. */
function mayChange({ caller, actor, repository }: RepositoryCall): boolean {
  if (caller.kind === "installation") return caller.token.permissions["administration"] === "write"
  return caller.kind === "person" && isAtLeast(roleOf(repository, actor.account), "admin")
}

function putRuleset(call: RepositoryCall): Answer {
  const ruleset = requireRuleset(call)
  updateRuleset(call, call.actor, { ruleset, plan: readPlan(call) })
  return { status: 200, body: rulesetView(call, call.actor, ruleset) }
}

function removeRuleset(call: RepositoryCall): Answer {
  deleteRuleset(call, call.actor, requireRuleset(call))
  return { status: 204 }
}

function rulesOfBranch(call: RepositoryCall): Answer {
  const rules = activeRules(call.repository, String(call.params["branch"]))
  return pageOf(call, rules, (rule) => activeRuleView(call.repository, rule))
}

function requireRuleset(call: RepositoryCall): Ruleset {
  const id = numberParam(call, "id")
  const found = call.repository.rulesets.find((one) => one.id === id)
  if (!found) throw refusal(404, "Not Found")
  return found
}

/** What the body says; what it leaves out stays out. */
function readPlan(call: RepositoryCall): Partial<RulesetPlan> {
  const { body } = call
  if (["push", "repository"].includes(String(body["target"])))
    throw unknownHere(call, `a ruleset for ${JSON.stringify(body["target"])}`)
  const shape = z.object({
    name: z.string().min(1).optional(),
    target: z.enum(["branch", "tag"]).optional(),
    enforcement: z.enum(["active", "disabled", "evaluate"]).optional(),
    bypass_actors: z.array(bypassSchema).optional(),
    conditions: conditionsSchema.optional(),
  })
  const { data, error } = shape.safeParse(body)
  if (!data) throw refusal(422, `Invalid request.\n\n${z.prettifyError(error)}`)
  const rules = Array.isArray(body["rules"]) ? body["rules"].map((rule: unknown) => readRule(call, rule)) : undefined
  return {
    ...(data.name !== undefined && { name: data.name }),
    ...(data.target && { target: data.target }),
    ...(data.enforcement && { enforcement: data.enforcement }),
    ...(data.bypass_actors && { bypassActors: data.bypass_actors }),
    ...data.conditions?.ref_name,
    ...(rules && { rules }),
  }
}

function readRule(call: RepositoryCall, rule: unknown): Rule {
  const { data } = ruleSchema.safeParse(rule)
  if (data) return data
  const type = typeof rule === "object" && rule !== null && "type" in rule ? String(rule.type) : ""
  if (foreignRules.includes(type)) throw unknownHere(call, `a rule of the type ${type}`)
  throw refusal(422, "Validation Failed", [`Invalid rule '${type}': `])
}

function unknownHere({ state }: RepositoryCall, what: string): Error {
  state.unknownRequests.push(what)
  return refusal(501, `The test GitHub does not know ${what}`)
}
