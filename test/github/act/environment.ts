/** Making environments, and apps their protection rules. https://docs.github.com/en/rest/deployments/environments */
import { installationsOf } from "../access.ts"
import { invalidField, refusal } from "../api.ts"
import type { DeploymentRule, Environment } from "../environment.ts"
import { freshIds } from "../ids.ts"
import { isoNow } from "../state.ts"
import type { App, Repository, World } from "../state.ts"

const longestName = 255

/** An environment by its name in any case. */
export function findEnvironment(repository: Repository, name: string): Environment | undefined {
  return repository.environments.find((one) => one.name.toLowerCase() === name.toLowerCase())
}

/** The environment of this name, made now if there is none; 422 for a name that GitHub does not take. */
export function ensureEnvironment({ state, repository }: World, name: string): Environment {
  const known = findEnvironment(repository, name)
  if (known) return known
  if (name === "" || name.length > longestName) throw invalidField("Environment", "name", "Name is invalid")
  const now = isoNow(state)
  const environment: Environment = {
    ...freshIds("EN"),
    name,
    branches: "all",
    branchPolicyId: freshIds("GA"),
    rules: [],
    createdAt: now,
    updatedAt: now,
  }
  repository.environments.push(environment)
  return environment
}

/** Apps that can be a rule: installed here, hearing of `deployment_protection_rule`, allowed to answer it. */
export function availableRuleApps({ state, repository }: World): App[] {
  return installationsOf(state, repository)
    .filter((one) => one.permissions["deployments"] === "write" && one.events.includes("deployment_protection_rule"))
    .map((one) => one.app)
}

/** Makes an app a rule of an environment; 422 when it cannot be one, or is one already. */
export function addRule(world: World, environment: Environment, app: App): DeploymentRule {
  if (!availableRuleApps(world).includes(app)) {
    throw refusal(422, "The app cannot be enabled as a custom deployment protection rule")
  }
  if (environment.rules.some((rule) => rule.app === app)) {
    throw refusal(422, "The custom deployment protection rule is already enabled for this environment")
  }
  const rule: DeploymentRule = { ...freshIds("GT"), app }
  environment.rules.push(rule)
  environment.updatedAt = isoNow(world.state)
  return rule
}
