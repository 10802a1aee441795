import { z } from "zod"
import { branchMatches } from "../change/glob.ts"
import {
  agentsSchema,
  commandsSchema,
  policySchema,
  reviewSchema,
  riskLevels,
  riskSchema,
  urgentSchema,
} from "./config-rules.ts"
import { healthSchema } from "./config-health.ts"
import { laneProblems, promoteToSchema } from "./config-promote.ts"
import { knownGoodSchema, rollbackSchemaOf } from "./config-rollback.ts"
import { durationOf, environmentName, listOf, name } from "./config-value.ts"

/**
 * The shape of `.github/promotion.yml`. Unknown keys are errors: a rule that is silently passed over would be a gate
 * that silently stands open.
 */

/** What git allows in no branch name would fit no branch, and the gate would stand open where nobody looks for it. */
const branchPattern = name.regex(/^[^\s~^:?[\\]+$/, "no branch is named so; in a pattern only `*` and `**` are special")

const requirement = z.union([
  name.transform((text) => ({ name: text, app: null as string | null })),
  z.strictObject({ name, app: name.nullable().default(null) }),
])

/** A check that must have succeeded: a name or glob, bound to the app that must report it or to none. */
export type Requirement = z.infer<typeof requirement>

/**
 * A stage as a branch lists it. `observeMs` is how long the newest deployment to an environment must have been well, in
 * milliseconds.
 */
export type StageRules =
  | { kind: "checks"; require: Requirement[] }
  | { kind: "policy" }
  | { kind: "review" }
  | { kind: "deployment"; environment: string; observeMs: number }

const deployment = z.strictObject({
  environment: environmentName,
  observe: durationOf({ leastMs: 1000, mostMs: 24 * 3_600_000 }).prefault("5m"),
})

const stage = z.union([
  z.enum(["checks", "policy", "review"]).transform((kind): StageRules => (kind === "checks" ? everyCheck() : { kind })),
  z
    .strictObject({ checks: z.strictObject({ require: listOf(requirement).min(1) }) })
    .transform(({ checks }): StageRules => ({ kind: "checks", ...checks })),
  z.strictObject({ deployment }).transform(({ deployment: { environment, observe } }): StageRules => {
    return { kind: "deployment", environment, observeMs: observe }
  }),
])

const stages = z
  .array(stage)
  .max(10)
  .refine(
    (all) => new Set(all.map(({ kind }) => kind)).size === all.length,
    "a stage stands here twice; one is enough: a `checks` stage lists all names under its `require`",
  )

function everyCheck(): StageRules {
  return { kind: "checks", require: [{ name: "*", app: null }] }
}

const mergeMethods = ["merge", "squash", "rebase"] as const

/** How GitHub puts a pull request into its base branch. */
export type MergeMethod = (typeof mergeMethods)[number]

const mergeRules = z
  .strictObject({
    method: z.enum(mergeMethods).default("merge"),
    auto: z
      .array(z.enum(riskLevels))
      .max(3)
      .default(() => []),
  })
  .prefault({})

const branchRules = z
  .strictObject({
    /** Source branches; left out: any. */
    from: listOf(branchPattern).min(1).optional(),
    stages: stages.prefault(() => ["checks" as const]),
    merge: mergeRules,
    /** Left out: nothing is watched after a merge. */
    health: healthSchema.optional(),
    known_good: knownGoodSchema.prefault({}),
    rollback: rollbackSchemaOf(stages).prefault({}),
    promote_to: promoteToSchema.optional(),
  })
  .superRefine((rules, context) => {
    const { from, merge, health, rollback } = rules
    const has = (kind: StageRules["kind"]): boolean => rules.stages.some((one) => one.kind === kind)
    const refuse = (path: string[], message: string): void => context.addIssue({ code: "custom", path, message })
    if (from !== undefined && !has("policy")) {
      refuse(["from"], "is judged by the stage `policy`: list that under `stages`")
    }
    if (merge.auto.length > 0 && !has("review")) {
      refuse(["merge", "auto"], "goes by the risk that the stage `review` judges: list that under `stages`")
    }
    if (health === undefined && rollback.automatic) {
      refuse(["rollback", "automatic"], "goes by what is watched after a merge: say what, under `health`")
    }
    if (health === undefined && rules.promote_to !== undefined) {
      refuse(["promote_to"], "begins when a commit is known-good: say what is watched until then, under `health`")
    }
    if (health?.no_data === "roll-back" && !rollback.automatic) {
      refuse(["health", "no_data"], "rolls back only where `rollback` says `automatic: true`")
    }
  })
  .transform(({ from, health, known_good, rollback, promote_to, ...rules }) => ({
    ...rules,
    from: from ?? null,
    health: health ?? null,
    known_good: { ...known_good, tag: known_good.tag ?? null },
    rollback: { ...rollback, stages: rollback.stages ?? null },
    promote_to: promote_to ?? null,
  }))

/** What holds for one promotion branch. */
export type BranchRules = z.infer<typeof branchRules>

/**
 * What must have passed before a rollback is merged: its own list of stages, or without one the branch's stage `checks` if
 * it has that.
 */
export function rollbackStages({ rollback, stages: own }: Pick<BranchRules, "rollback" | "stages">): StageRules[] {
  return rollback.stages ?? own.filter(({ kind }) => kind === "checks")
}

/** Where a repository's config is. It holds as it stands on the default branch, never as the branch it judges has it. */
export const configPath = ".github/promotion.yml"

/** The repository of an owner whose config the others may extend. */
export const baseRepository = ".github"

const configSchema = z.strictObject({
  version: z.literal(1),
  /** Where defaults are taken from: the owner's repository of this name. What is parsed here has them in it already. */
  _extends: z.literal(baseRepository).optional(),
  mode: z.enum(["advisory", "enforce"]).default("advisory"),
  branches: z
    .record(branchPattern, branchRules)
    // Not refined but transformed: that is done only when every branch is sound by itself.
    .transform((branches, context) => {
      for (const { path, message } of laneProblems(branches)) context.addIssue({ code: "custom", path, message })
      return branches
    })
    .optional(),
  risk: riskSchema.default(() => []),
  review: reviewSchema.prefault({}),
  policy: policySchema.prefault({}),
  agents: agentsSchema.prefault({}),
  pause: z
    .strictObject({
      label: name.default("promotion-paused"),
      /** Whether a ruleset refuses every update of the paused branches. */
      hard_stop: z.boolean().default(false),
    })
    .prefault({}),
  commands: commandsSchema.prefault({}),
  urgent: urgentSchema.prefault({}),
})

/** A valid config with every default filled in. Without `branches` the default branch is the one promotion branch. */
export type PromotionConfig = z.infer<typeof configSchema>

/** The zod schema itself, for validation with positions and for the JSON Schema of editors. */
export const promotionConfigSchema = configSchema

/** What holds when a repository has no config file: everything is evaluated and recorded, nothing is blocked. */
export const builtInConfig: PromotionConfig = configSchema.parse({ version: 1 })

/**
 * One thing wrong with a config file. Lines and columns count from 1. `of` names where the file is, if it is not the
 * repository's own: `acme/.github`.
 */
export type ConfigProblem = { line: number; column: number; path: string; message: string; of?: string }

/** What is wrong with a config file: the first problems, and how many more there are. */
export type ConfigProblems = { problems: ConfigProblem[]; more: number }

/**
 * The config as a decision sees it.
 *
 * - `absent`: no file; the built-in config holds.
 * - `valid`: the file on the default branch holds.
 * - `invalid` with `lastValid`: the newest file is wrong, the last valid one stays in force and the gate says so.
 *   `more` counts the problems that are not told one by one.
 * - `invalid` without: nothing valid was ever seen, so what the operators want is unknown, and the gate stays shut.
 *
 * `base` is the blob of the organisation's newest file, for a file that extends it and when that could be read.
 */
export type ConfigInForce =
  | { status: "absent"; blob: null; config: PromotionConfig }
  | { status: "valid"; blob: string; base?: string; config: PromotionConfig }
  | ({ status: "invalid"; blob: string; base?: string; config: PromotionConfig; lastValid: boolean } & ConfigProblems)

/**
 * Names the files that a config is made of: another name, and what is compared with it is another comparison. What holds
 * while the newest file is invalid is named by that file.
 */
export function configKey(config: ConfigInForce): string {
  const base = config.status === "absent" ? undefined : config.base
  return [config.blob ?? "absent", ...(base === undefined ? [] : [base])].join("+")
}

/** What holds for the default branch of a config without `branches`. */
export const defaultRules = branchRules.parse({})

/**
 * What holds where a default branch is no promotion branch, for what changes the config that is read from it: no stage, so
 * that nothing but that change is judged.
 */
export const configOnlyRules = branchRules.parse({ stages: [] })

/** The rules of a branch, the first match in the file's order; undefined when it is no promotion branch. */
export function rulesForBranch(
  config: PromotionConfig,
  branch: { name: string; defaultBranch: string },
): BranchRules | undefined {
  if (config.branches === undefined) {
    return branch.name === branch.defaultBranch ? defaultRules : undefined
  }
  const match = Object.entries(config.branches).find(([pattern]) => branchMatches(pattern, branch.name))
  return match?.[1]
}
