import { z } from "zod"
import { promotionConfigSchema } from "./config.ts"

/**
 * What an editor shows beside each key of the config, by path: `*` stands for a branch pattern, `[]` for an item of a
 * list. Beside the schema and not in it, so that the words can be read in one go.
 */
const descriptions: Readonly<Record<string, string>> = {
  version: "Version of this format: 1.",
  _extends: "`.github`: defaults are taken from `.github/promotion.yml` of the owner's repository `.github`.",
  mode: "`enforce` holds merges; `advisory` judges and records, and holds nothing.",
  branches: "Promotion branches by name or pattern; the first that fits holds. Left out: the default branch alone.",
  "branches.*": "What holds for branches that this pattern fits.",
  "branches.*.from": "Branches that may be promoted from; judged by the stage `policy`. Left out: any.",
  "branches.*.stages": "What must have passed before the merge. Left out: every check.",
  "branches.*.merge": "How pull requests are merged into it.",
  "branches.*.merge.method": "How the app merges: merge (the default), squash or rebase.",
  "branches.*.merge.auto": "Levels of risk that the app merges by itself when the gate is open. Left out: none.",
  "branches.*.stages[].checks": "Checks that must have succeeded on exactly this commit.",
  "branches.*.stages[].checks.require": "Names or patterns of check runs and commit statuses.",
  "branches.*.stages[].checks.require[].name": "Name of the check; `*` stands for any run of characters.",
  "branches.*.stages[].checks.require[].app": "Slug of the only app that may report it; null: any but Portcullis.",
  "branches.*.stages[].deployment": "A deployment of exactly this commit that must have succeeded.",
  "branches.*.stages[].deployment.environment": "Environment whose newest deployment is judged.",
  "branches.*.stages[].deployment.observe": "How long it must have been well, 24h at most. Left out: 5m.",
  "branches.*.health": "What is watched after a merge. Left out: nothing, and no commit becomes known-good.",
  "branches.*.health.window": "How long it is watched, from 5s to 24h. Left out: 15m.",
  "branches.*.health.deployments": "Environments to which the merge commit must have been deployed well.",
  "branches.*.health.checks": "Check runs and commit statuses of the merge commit that must succeed.",
  "branches.*.health.checks[].name": "Name of the check; `*` stands for any run of characters.",
  "branches.*.health.checks[].app": "Slug of the only app that may report it; null: any but Portcullis.",
  "branches.*.health.checks[].confirm": "Whether it is run once more on the same commit before a failure is believed.",
  "branches.*.health.probes": "Addresses that must answer; only of hosts that the service's host allows.",
  "branches.*.health.probes[].url": "Address that is asked, of http or https.",
  "branches.*.health.probes[].every": "How often, from 5s to 1h. Left out: 30s.",
  "branches.*.health.probes[].failures": "Failures in a row that make it unhealthy. Left out: 2.",
  "branches.*.health.error_rate": "What part of requests may fail, as it is reported.",
  "branches.*.health.error_rate.limit": "Most that may fail, such as `5%`.",
  "branches.*.health.error_rate.over_baseline":
    "How much more than in the 24 hours before, such as `25%` for a quarter more.",
  "branches.*.health.heartbeat": "A sign of life, as it is reported.",
  "branches.*.health.heartbeat.stale_after": "How long after the last one it counts as gone, from 5s to 24h.",
  "branches.*.health.prometheus": "Queries to a Prometheus that the service's host has set up.",
  "branches.*.health.prometheus[].query": "The query, in PromQL, for one value.",
  "branches.*.health.prometheus[].below": "Healthy while the value is less than this.",
  "branches.*.health.prometheus[].above": "Healthy while the value is more than this.",
  "branches.*.health.prometheus[].source": "Name of the data source. Left out: default.",
  "branches.*.health.no_data": "What follows when evidence is missing at the end: `ask` a person, or `roll-back`.",
  "branches.*.known_good": "How the last commit that proved itself is named.",
  "branches.*.known_good.tag": "The tag that is moved to it. Left out: `known-good/` and the branch.",
  "branches.*.known_good.keep_each": "Whether each such commit gets a tag of its own as well, which is never moved.",
  "branches.*.rollback": "How an unhealthy promotion is taken back.",
  "branches.*.rollback.automatic": "Whether that begins by itself. Left out: when somebody asks for it.",
  "branches.*.rollback.merge": "Whether the app merges the rollback when its stages passed (`auto`), or a person does.",
  "branches.*.rollback.stages":
    "What must have passed before the rollback is merged. Left out: the branch's own `checks`.",
  "branches.*.rollback.max_attempts": "Automatic attempts for each target, 10 at most. Left out: 1.",
  "branches.*.rollback.cooldown": "How long after one there is no other by itself, from 1m to 7d. Left out: 1h.",
  "branches.*.rollback.pause_after": "Whether promotions are paused after one that began by itself. Left out: yes.",
  "branches.*.rollback.ask_for": "Changes of these paths are taken back only when a person asks. Left out: migrations.",
  "branches.*.promote_to": "Where a known-good commit goes on to.",
  "branches.*.promote_to.branch": "The branch into which the app opens a pull request.",
  "branches.*.promote_to.merge": "Whether the app merges that when its gate is open (`auto`), or a person does.",
  risk: "How risky a change is: the highest level of all rules that match; `low` when none does.",
  "risk[].level": "The level that a matching change has at least.",
  "risk[].paths": "Holds for changes of these paths.",
  "risk[].changed_lines_over": "Holds for changes of more lines than this, added and deleted.",
  "risk[].author": "`agent`: holds for changes that are an agent's work.",
  "risk[].reason": "Told to people beside the level.",
  review: "Stage `review`: whose approval a change needs, by its risk.",
  "review.low": "Demand for a change of low risk.",
  "review.medium": "Demand for a change of medium risk.",
  "review.high": "Demand for a change of high risk.",
  "review.*.approvals": "Approvals by different people who had no hand in the change.",
  "review.*.from": "Whose approval counts: roles, `team:organisation/team`, `user:login`.",
  "review.low.auto_approve_after": "Approved by waiting so long, if nobody objects.",
  "review.agents": "`two-humans`: an agent's change needs two people, whatever its risk.",
  "review.expires_after": "A head that nobody decided about for so long expires. Left out: never.",
  "review.delete_rejected_branch": "Whether `/reject` deletes the branch, if it is one of this repository.",
  policy: "Stage `policy`: rules over the diff.",
  "policy.protected_paths": "Agents change these only with an operator's approval; workflows and this file always so.",
  "policy.forbidden_paths": "Nobody changes these.",
  "policy.scope": "Only these paths may change; empty: all.",
  "policy.max_changed_lines": "Most lines that a change may add and delete.",
  "policy.description": "What the description of a pull request must have.",
  "policy.description.require_sections": "Headings of sections that must be there and not be empty.",
  "policy.syntax": "Changed files of these kinds must be well-formed.",
  "policy.content": "Rules over added lines.",
  "policy.content[].name": "Name of the rule, as people are told it.",
  "policy.content[].added": "Regular expression (RE2) that is looked for in every added line.",
  "policy.content[].paths": "Only in these files; left out: in all.",
  "policy.content[].action": "What follows when a line matches.",
  agents: "How a change is known to be an agent's work, besides being a bot's.",
  "agents.logins": "Logins of agents.",
  "agents.label": "A label that says so.",
  "agents.trailer": "A trailer of commit messages that says so.",
  pause: "How promotions are paused.",
  "pause.label": "The label that pauses a pull request.",
  "pause.hard_stop": "Whether a ruleset refuses every update of the paused branches. Needs `administration: write`.",
  commands: "The role that each command asks for.",
  "commands.pause-promotion": "Role that may pause.",
  "commands.resume-promotion": "Role that may resume. Left out: the role that may pause.",
  "commands.rollback": "Role that may roll back, by `/rollback`.",
  "commands.promote": "Role that may ask for the merge, by `/promote`.",
  "commands.promote-urgent": "Role that may give `/promote --urgent`, for what `urgent` lets it pass over.",
  "commands.abort": "Role that may end a promotion, by `/abort`.",
  "commands.recheck": "Role that may have everything read anew, by `/recheck`.",
  "commands.promotion-status": "Role that may ask how things stand.",
  "commands.help": "Role that may ask for the list of commands.",
  urgent: "The urgent way: `/promote --urgent <reason>`.",
  "urgent.may_skip":
    "Stages that an urgent change is let past though they have not passed. Left out: none. Never `policy`.",
}

/** JSON Schema as far as it is walked here. */
type Node = {
  description?: string
  properties?: Record<string, Node>
  additionalProperties?: boolean | Node
  items?: Node
  anyOf?: Node[]
  [key: string]: unknown
}

/**
 * The JSON Schema of `.github/promotion.yml` for editors: of the config as it is written. It refuses no valid file; what
 * one key demands of another only `portcullis config check` tells.
 */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(promotionConfigSchema, { io: "input", target: "draft-7" })
  describe(schema as Node, "")
  const title = "Portcullis: .github/promotion.yml"
  return { $schema, title, ...schema }
}

/** Paths of keys that no description is given for, and of descriptions that are for no key. */
export function undescribed(schema: Record<string, unknown>): string[] {
  const places = new Set([...placesOf(schema, "")].map(({ path }) => path))
  const missing = [...places].filter((path) => descriptionOf(path) === undefined)
  const idle = Object.keys(descriptions).filter(
    (key) => ![...places].some((path) => key === path || general(path) === key),
  )
  return [...missing, ...idle]
}

function describe(schema: Node, path: string): void {
  for (const place of placesOf(schema, path)) {
    const description = descriptionOf(place.path)
    // Set in place: the schema was made a moment ago, and nobody else has it.
    if (description !== undefined) Object.assign(place.node, { description })
  }
}

function descriptionOf(path: string): string | undefined {
  return descriptions[path] ?? descriptions[general(path)]
}

/** The levels of `review` have two keys in common, and every list of stages says the same. */
function general(path: string): string {
  return path.replace(/^review\.(?:low|medium|high)\./, "review.*.").replace(/\.rollback\.stages\[\]/, ".stages[]")
}

function* placesOf(node: Node, path: string): Generator<{ path: string; node: Node }> {
  for (const [key, inner] of Object.entries(node.properties ?? {})) {
    const place = path === "" ? key : `${path}.${key}`
    yield { path: place, node: inner }
    yield* placesOf(inner, place)
  }
  if (typeof node.additionalProperties === "object") {
    yield { path: `${path}.*`, node: node.additionalProperties }
    yield* placesOf(node.additionalProperties, `${path}.*`)
  }
  if (node.items !== undefined) yield* placesOf(node.items, `${path}[]`)
  for (const form of node.anyOf ?? []) yield* placesOf(form, path)
}
