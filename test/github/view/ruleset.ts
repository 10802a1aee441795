/** Rulesets and their rules as GitHub shows them. */
import type { components } from "@octokit/openapi-types"
import { fullNameOf } from "../access.ts"
import { type ActiveRule, bypassOf } from "../act/rules.ts"
import type { Ruleset } from "../rules.ts"
import type { Actor, Repository, World } from "../state.ts"
import { repositoryPage, repositoryUrl } from "./repository.ts"

/** The long form, for who may change it. https://docs.github.com/en/rest/repos/rules#get-a-repository-ruleset */
export function rulesetView(world: World, actor: Actor, ruleset: Ruleset) {
  return {
    ...rulesetStub(world, ruleset),
    conditions: { ref_name: { include: ruleset.include, exclude: ruleset.exclude } },
    rules: ruleset.rules,
    bypass_actors: ruleset.bypassActors,
    current_user_can_bypass: bypassOf(world.repository, ruleset, actor),
  } satisfies components["schemas"]["repository-ruleset"]
}

/** The form of lists. */
export function rulesetStub(world: World, ruleset: Ruleset) {
  const { state, repository } = world
  return {
    id: ruleset.id,
    name: ruleset.name,
    target: ruleset.target,
    source_type: "Repository" as const,
    source: fullNameOf(repository),
    enforcement: ruleset.enforcement,
    node_id: ruleset.nodeId,
    _links: {
      self: { href: `${repositoryUrl(state, repository)}/rulesets/${ruleset.id}` },
      html: { href: `${repositoryPage(state, repository)}/rules/${ruleset.id}` },
    },
    created_at: ruleset.createdAt,
    updated_at: ruleset.updatedAt,
  } satisfies components["schemas"]["repository-ruleset"]
}

/** One rule in force on a branch. https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch */
export function activeRuleView(repository: Repository, { rule, ruleset }: ActiveRule) {
  return {
    ...rule,
    ruleset_source_type: "Repository" as const,
    ruleset_source: fullNameOf(repository),
    ruleset_id: ruleset.id,
  } satisfies components["schemas"]["repository-rule-detailed"]
}
