import { z } from "zod"
import type { Actor } from "../ledger/entry.ts"
import { parseSha, type Sha } from "../lib/brand.ts"
import { clip, storable } from "../lib/clip.ts"
import { descriptionLimit } from "../promotion/fact.ts"

/**
 * The shapes of GitHub's webhook payloads, as narrow as what is used of them.
 *
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads
 */

/** Text of unknown origin, cut at a length no real name reaches. */
export const text = z.string().transform((value) => storable(value, 1000))

/** GitHub's id of an installation, account or repository. A subject's key holds no larger one. */
export const objectId = z.int().positive().max(999_999_999_999_999)

/** Number of an issue or pull request, which are 32 bits wide in the database. */
export const issueNumber = z.int().positive().max(2_147_483_647)

/** More of a comment than a command needs; GitHub's own limit is as many characters. */
const commentLimit = 65_536

/** A full commit id. */
export const shaText = z.string().transform((value, context): Sha => {
  const parsed = parseSha(value)
  if (parsed !== undefined) return parsed
  context.addIssue({ code: "custom", message: "not a commit id" })
  return z.NEVER
})

/** A moment, as milliseconds since 1970. */
export const instant = z.iso.datetime({ offset: true }).transform((value) => Date.parse(value))

/** A user, organisation or bot. */
export const accountSchema = z.object({ login: text, id: z.int(), type: text.optional() }).nullable()

type Account = z.infer<typeof accountSchema>

/** Whether an account is an app's. */
export function isBot(account: Account): boolean {
  return account !== null && (account.type === "Bot" || account.login.endsWith("[bot]"))
}

/** An account as the ledger names it; GitHub shows a deleted account as `ghost`. */
export function actorOf(account: Account): Actor {
  if (account === null) return { kind: "user", login: "ghost", id: null }
  return { kind: isBot(account) ? "app" : "user", login: clip(account.login, 100), id: account.id }
}

/** The repository a delivery is about. */
export const repositorySchema = z.object({
  id: objectId,
  name: text,
  owner: z.object({ login: text }),
  default_branch: text,
})

/** A pull request. */
export const pullRequestSchema = z.object({
  number: issueNumber,
  state: z.enum(["open", "closed"]),
  merged: z.boolean().nullish(),
  merged_at: z.string().nullish(),
  merge_commit_sha: shaText.nullish(),
  merged_by: accountSchema.optional(),
  draft: z.boolean().optional(),
  head: z.object({ sha: shaText, ref: text, repo: z.object({ id: z.int() }).nullish() }),
  base: z.object({ ref: text, repo: z.object({ id: z.int() }).nullish() }),
  user: accountSchema,
  body: z
    .string()
    .nullish()
    .transform((value) => storable(value ?? "", descriptionLimit)),
  mergeable: z.boolean().nullish(),
  auto_merge: z.unknown().optional(),
  labels: z.array(z.object({ name: text })).max(200),
  updated_at: instant,
})

/** A check run. */
export const checkRunSchema = z.object({
  id: z.int(),
  name: text,
  head_sha: shaText,
  status: text,
  conclusion: text.nullable(),
  started_at: instant.nullish(),
  completed_at: instant.nullish(),
  details_url: text.nullish(),
  app: z.object({ id: z.int(), slug: text.nullish() }).nullable(),
})

/** A check suite: all check runs of one app on one commit. */
export const checkSuiteSchema = z.object({ head_sha: shaText, app: z.object({ id: z.int() }).nullable() })

/** A `status` event: the status stands at the top of the payload. */
export const statusSchema = z.object({
  repository: repositorySchema,
  sha: shaText,
  context: text,
  state: text,
  target_url: text.nullish(),
  created_at: instant,
  sender: accountSchema,
})

/** A comment on an issue or pull request. */
export const commentSchema = z.object({
  id: z.int(),
  body: z
    .string()
    .nullish()
    .transform((value) => storable(value ?? "", commentLimit)),
  user: accountSchema,
  created_at: instant,
  updated_at: instant.nullish(),
  performed_via_github_app: z.object({ id: z.int() }).nullish(),
})

/** A label that was set or taken off. */
export const labelSchema = z.object({ name: text }).nullish()

/** An issue. */
export const issueSchema = z.object({
  number: issueNumber,
  title: text,
  state: z.enum(["open", "closed"]),
  labels: z
    .array(z.object({ name: text }))
    .max(200)
    .default(() => []),
  updated_at: instant,
  pull_request: z.unknown().optional(),
})

/** A review of a pull request. */
export const reviewSchema = z.object({
  id: z.int(),
  state: text,
  user: accountSchema,
  commit_id: shaText.nullish(),
  submitted_at: instant.nullish(),
})
