import { z } from "zod"
import { compilePattern } from "../change/pattern.ts"
import { demandableRoles, type Role } from "../permission.ts"
import { duration, listOf, name, pathGlob } from "./config-value.ts"

/**
 * The rules that hold for every promotion branch: `risk`, `review`, `policy`, `agents`, and the roles of `commands`.
 * Part of the config's schema; {@link promotionConfigSchema} in `config.ts` is the whole.
 */

/** A repository role that a rule may ask for. */
const role = z.enum(demandableRoles)

/** How risky a change is; `low` when no rule says otherwise. */
export const riskLevels = ["low", "medium", "high"] as const

/** Level of risk. */
export type RiskLevel = (typeof riskLevels)[number]

const level = z.enum(riskLevels)

const riskRule = z
  .strictObject({
    level,
    paths: listOf(pathGlob).min(1).optional(),
    changed_lines_over: z.int().min(0).optional(),
    author: z.literal("agent").optional(),
    reason: name.optional(),
  })
  .refine(
    (rule) => rule.paths !== undefined || rule.changed_lines_over !== undefined || rule.author !== undefined,
    "must say when it holds: by `paths`, `changed_lines_over` or `author`",
  )
  .meta({ anyOf: [{ required: ["paths"] }, { required: ["changed_lines_over"] }, { required: ["author"] }] })

/** A risk rule; of several conditions all must hold. */
export type RiskRule = z.infer<typeof riskRule>

/** Someone whose approval counts: everyone of a role, a team of an organisation, one user. */
export type Approver =
  | { kind: "role"; role: Role }
  | { kind: "team"; org: string; slug: string }
  | { kind: "user"; login: string }

const account = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})"
const teamText = new RegExp(`^team:(${account})/([a-z0-9][a-z0-9._-]{0,99})$`)
const userText = new RegExp(`^user:(${account}(?:_[A-Za-z0-9]+)?)$`)

const approverPattern = [`^(?:${demandableRoles.join("|")})$`, teamText.source, userText.source].join("|")

const approverText = z.string().meta({ pattern: approverPattern })

const approver = approverText.transform((text, context): Approver => {
  const asRole = role.safeParse(text)
  if (asRole.success) return { kind: "role", role: asRole.data }
  const team = teamText.exec(text)
  if (team?.[1] !== undefined && team[2] !== undefined) return { kind: "team", org: team[1], slug: team[2] }
  const user = userText.exec(text)
  if (user?.[1] !== undefined) return { kind: "user", login: user[1] }
  const message = `must be a role (${demandableRoles.join(", ")}), \`team:organisation/team\` or \`user:login\`, not the text \`${text.slice(0, 60)}\``
  context.addIssue({ code: "custom", message })
  return z.NEVER
})

const demandShape = (approvals: number) => ({
  approvals: z.int().min(0).max(20).default(approvals),
  from: listOf(approver)
    .min(1)
    .prefault(() => ["write"]),
})

/** Schema of `review`. Only low risk may be approved by waiting. */
export const reviewSchema = z.strictObject({
  low: z.strictObject({ ...demandShape(1), auto_approve_after: duration.optional() }).prefault({}),
  medium: z.strictObject(demandShape(1)).prefault({}),
  high: z.strictObject(demandShape(2)).prefault({}),
  /** `two-humans`: a change of an agent needs two people, whatever its risk. */
  agents: z.enum(["never-count", "two-humans"]).default("never-count"),
  expires_after: duration.optional(),
  /** Whether `/reject` deletes the branch, if it is one of this repository. */
  delete_rejected_branch: z.boolean().default(false),
})

/** Schema of `risk`. */
export const riskSchema = listOf(riskRule)

const pattern = z
  .string()
  .min(1)
  .max(500)
  .superRefine((text, context) => {
    const compiled = compilePattern(text)
    if (!compiled.ok) context.addIssue({ code: "custom", message: `not a pattern: ${compiled.why}` })
  })

const contentRule = z.strictObject({
  name,
  /** Regular expression that is looked for in every added line. */
  added: pattern,
  paths: listOf(pathGlob).min(1).optional(),
  action: z.enum(["block", "require-approval", "raise-risk"]).default("block"),
})

/** A rule over added lines. */
export type ContentRule = z.infer<typeof contentRule>

/** Schema of `policy`. */
export const policySchema = z.strictObject({
  protected_paths: listOf(pathGlob).default(() => []),
  forbidden_paths: listOf(pathGlob).default(() => []),
  scope: listOf(pathGlob).default(() => []),
  max_changed_lines: z.int().min(0).default(10_000),
  description: z.strictObject({ require_sections: listOf(name) }).default(() => ({ require_sections: [] })),
  syntax: z
    .array(z.enum(["yaml", "json"]))
    .max(2)
    .default(() => []),
  content: listOf(contentRule)
    .refine((rules) => new Set(rules.map((rule) => rule.name)).size === rules.length, "two content rules have one name")
    .default(() => []),
})

/** The rules of `policy`. */
export type PolicyRules = z.infer<typeof policySchema>

/** Schema of `agents`: how a change is known to be an agent's work. */
export const agentsSchema = z.strictObject({
  logins: listOf(name).default(() => []),
  label: name.default("agent"),
  trailer: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, "must be the name of a trailer, such as Agent-task")
    .default("Agent-task"),
})

/** How agents are recognised. */
export type AgentRules = z.infer<typeof agentsSchema>

/** Schema of `commands`: the role each command asks for. Resuming asks for what pausing does, unless told. */
export const commandsSchema = z
  .strictObject({
    "pause-promotion": role.default("write"),
    "resume-promotion": role.optional(),
    rollback: role.default("write"),
    promote: role.default("write"),
    "promote-urgent": role.default("maintain"),
    abort: role.default("write"),
    recheck: role.default("write"),
    "promotion-status": role.default("read"),
    help: role.default("read"),
  })
  .transform((roles) => ({ ...roles, "resume-promotion": roles["resume-promotion"] ?? roles["pause-promotion"] }))

/** The role that each command asks for. */
export type CommandRoles = z.infer<typeof commandsSchema>

/** Kinds of stages that an urgent change may be let past. `policy` is none of them: it is what protects the repository. */
const skippable = ["checks", "review", "deployment"] as const

/** A kind of stage that the config may let an urgent change past. */
export type Skippable = (typeof skippable)[number]

const skipped = z
  .string()
  .meta({ enum: [...skippable] })
  .transform((text, context): Skippable => {
    const kind = skippable.find((one) => one === text)
    if (kind !== undefined) return kind
    const message =
      text === "policy"
        ? "`policy` is never passed over: what protects the repository holds for urgent changes as well. Only `checks`, `review` and `deployment` may stand here"
        : `must be \`checks\`, \`review\` or \`deployment\`, not the text \`${text.slice(0, 40)}\``
    context.addIssue({ code: "custom", message })
    return z.NEVER
  })

/** Schema of `urgent`: what `/promote --urgent` may pass over. Nothing, unless told. */
export const urgentSchema = z.strictObject({
  may_skip: z
    .array(skipped)
    .max(skippable.length)
    .default(() => []),
})

/** The rules of `review`. */
export type ReviewRules = z.infer<typeof reviewSchema>
