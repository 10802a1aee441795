import fc from "fast-check"
import type { BranchRules, PromotionConfig, StageRules } from "../../src/promotion/config/config.ts"
import type { Approver, ReviewRules } from "../../src/promotion/config/config-rules.ts"
import { builtInConfig } from "../../src/promotion/config/config.ts"
import { policies, riskRules } from "./change-arbitrary.ts"
import { afterMerge, deploymentStages } from "./config-after-arbitrary.ts"

const hourMs = 3600_000

const approvers = fc.constantFrom<Approver>(
  { kind: "role", role: "read" },
  { kind: "role", role: "write" },
  { kind: "role", role: "maintain" },
  { kind: "user", login: "wes" },
  { kind: "user", login: "rae" },
  { kind: "team", org: "acme", slug: "release" },
)

const demand = {
  approvals: fc.nat(2),
  from: fc.uniqueArray(approvers, { minLength: 1, maxLength: 3, selector: (one) => JSON.stringify(one) }),
}

const reviews: fc.Arbitrary<ReviewRules> = fc.record({
  low: fc.record(
    { ...demand, auto_approve_after: fc.constantFrom(hourMs, 24 * hourMs) },
    { requiredKeys: ["approvals", "from"] },
  ),
  medium: fc.record(demand),
  high: fc.record(demand),
  agents: fc.constantFrom("never-count", "two-humans"),
  expires_after: fc.constantFrom(undefined, undefined, hourMs, 48 * hourMs),
  delete_rejected_branch: fc.boolean(),
})

const requirements = fc.constantFrom(
  { name: "*", app: null },
  { name: "build", app: null },
  { name: "b*", app: null },
  { name: "build", app: "github-actions" },
  { name: "test", app: null },
)

const stages: fc.Arbitrary<StageRules[]> = fc
  .record({
    kinds: fc.subarray<"checks" | "policy" | "review">(["checks", "policy", "review"]),
    require: fc.array(requirements, { minLength: 1, maxLength: 2 }),
    deployment: fc.option(deploymentStages, { freq: 3 }),
  })
  .map(({ kinds, require, deployment }) => [
    ...kinds.map((kind): StageRules => (kind === "checks" ? { kind, require } : { kind })),
    ...(deployment === null ? [] : [deployment]),
  ])

const rules: fc.Arbitrary<BranchRules> = fc.record({
  from: fc.option(fc.subarray(["feature", "f*", "main", "topic/**"], { minLength: 1 })),
  stages,
  merge: fc.record({
    method: fc.constantFrom("merge", "squash"),
    auto: fc.subarray<"low" | "medium" | "high">(["low", "medium", "high"]),
  }),
  ...afterMerge(stages),
})

const patterns = fc.constantFrom("main", "m*", "*", "**", "release/*", "release/**", "rel*/1", "topic")

const branches: fc.Arbitrary<PromotionConfig["branches"]> = fc.option(
  fc
    .uniqueArray(fc.tuple(patterns, rules), { maxLength: 4, selector: ([pattern]) => pattern })
    .map((entries) => Object.fromEntries(entries)),
  { nil: undefined, freq: 6 },
)

const roles = fc.constantFrom("read", "write", "maintain", "admin")

/** Configs in which every key has several values, each of them valid. */
export const configs: fc.Arbitrary<PromotionConfig> = fc.record({
  version: fc.constant(1 as const),
  _extends: fc.constantFrom(undefined, undefined, ".github" as const),
  mode: fc.constantFrom("enforce", "enforce", "advisory"),
  branches,
  risk: riskRules,
  review: reviews,
  policy: fc.oneof(policies, fc.constant(builtInConfig.policy)),
  agents: fc.record({
    logins: fc.subarray(["robo", "wes", "Carl"]),
    label: fc.constantFrom("agent", "Agent", "bot"),
    trailer: fc.constantFrom("Agent-task", "agent-task", "Task"),
  }),
  pause: fc.record({
    label: fc.constantFrom("promotion-paused", "Promotion-paused", "stop"),
    hard_stop: fc.boolean(),
  }),
  commands: fc.record(Object.fromEntries(Object.keys(builtInConfig.commands).map((key) => [key, roles]))),
  urgent: fc
    .record({ may_skip: fc.subarray(["checks", "review", "deployment"] as const) })
    .map(({ may_skip }) => ({ may_skip: [...may_skip] })),
})

/** Two configs that have most in common. */
export const similarConfigs: fc.Arbitrary<[PromotionConfig, PromotionConfig]> = fc
  .tuple(configs, configs, fc.array(fc.nat(99), { minLength: 1, maxLength: 2 }))
  .map(([one, other, picks]) => {
    const parts = partsOf(one, other)
    return [one, picks.reduce((config, pick) => parts[pick % parts.length]?.(config) ?? config, one)]
  })

type Part = (config: PromotionConfig) => PromotionConfig

/** Each takes one part of the other config over. */
function partsOf(one: PromotionConfig, other: PromotionConfig): Part[] {
  const { review, policy } = other
  const keys = ["mode", "branches", "risk", "agents", "urgent", "_extends"] as const
  const levels = ["low", "medium", "high"] as const
  const rulesOf = Object.keys(one.branches ?? {}).filter((pattern) => other.branches?.[pattern] !== undefined)
  return [
    ...keys.map((key): Part => (config) => ({ ...config, [key]: other[key] })),
    ...levels.map((level): Part => (config) => ({ ...config, review: { ...config.review, [level]: review[level] } })),
    ...Object.entries(policy).map(([key, value]): Part => (config) => ({
      ...config,
      policy: { ...config.policy, [key]: value },
    })),
    ...rulesOf.map((pattern): Part => (config) => ({
      ...config,
      branches: { ...one.branches, [pattern]: other.branches?.[pattern] ?? never() },
    })),
    (config) => ({ ...config, review: { ...config.review, expires_after: review.expires_after } }),
    (config) => ({ ...config, review: { ...config.review, agents: review.agents } }),
  ]
}

function never(): never {
  throw new Error("was looked for before")
}
