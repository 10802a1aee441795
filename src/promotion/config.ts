import { z } from "zod"
import { branchMatches } from "./glob.ts"
import { demandableRoles } from "./permission.ts"

/**
 * The shape of `.github/promotion.yml`. Unknown keys are errors: a rule that is silently passed over would be a gate
 * that silently stands open.
 */

const name = z.string().min(1).max(200)
/** What git allows in no branch name would fit no branch, and the gate would stand open where nobody looks for it. */
const branchPattern = name.regex(/^[^\s~^:?[\\]+$/, "no branch is named so; in a pattern only `*` and `**` are special")
const role = z.enum(demandableRoles)

const requirement = z.union([
  name.transform((text) => ({ name: text, app: null as string | null })),
  z.strictObject({ name, app: name.nullable().default(null) }),
])

/** A check that must have succeeded: a name or glob, bound to the app that must report it or to none. */
export type Requirement = z.infer<typeof requirement>

const checksStage = z.union([
  z.literal("checks").transform(() => ({ checks: { require: anyCheck() } })),
  z.strictObject({ checks: z.strictObject({ require: z.array(requirement).min(1).max(100) }) }),
])

function anyCheck(): Requirement[] {
  return [{ name: "*", app: null }]
}

const branchRules = z.strictObject({
  stages: z
    .array(checksStage)
    .refine((stages) => stages.length <= 1, "one `checks` stage is enough: list all names under its `require`")
    .default(() => [{ checks: { require: anyCheck() } }]),
})

/** What holds for one promotion branch. */
export type BranchRules = z.infer<typeof branchRules>

const configSchema = z.strictObject({
  version: z.literal(1),
  mode: z.enum(["advisory", "enforce"]).default("advisory"),
  branches: z.record(branchPattern, branchRules).optional(),
  pause: z.strictObject({ label: name.default("promotion-paused") }).default({ label: "promotion-paused" }),
  commands: z.strictObject({ "pause-promotion": role.default("write") }).default({ "pause-promotion": "write" }),
})

/** A valid config with every default filled in. Without `branches` the default branch is the one promotion branch. */
export type PromotionConfig = z.infer<typeof configSchema>

/** The zod schema itself, for validation with positions and for the JSON Schema of editors. */
export const promotionConfigSchema = configSchema

/** What holds when a repository has no config file: everything is evaluated and recorded, nothing is blocked. */
export const builtInConfig: PromotionConfig = configSchema.parse({ version: 1 })

/** One thing wrong with a config file. Lines and columns count from 1. */
export type ConfigProblem = { line: number; column: number; path: string; message: string }

/**
 * The config as a decision sees it.
 *
 * - `absent`: no file; the built-in config holds.
 * - `valid`: the file on the default branch holds.
 * - `invalid` with `lastValid`: the newest file is wrong, the last valid one stays in force and the gate says so.
 * - `invalid` without: nothing valid was ever seen, so what the operators want is unknown, and the gate stays shut.
 */
export type ConfigInForce =
  | { status: "absent"; blob: null; config: PromotionConfig }
  | { status: "valid"; blob: string; config: PromotionConfig }
  | { status: "invalid"; blob: string; config: PromotionConfig; lastValid: boolean; problems: ConfigProblem[] }

const defaultRules = branchRules.parse({})

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
