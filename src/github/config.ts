import { z } from "zod"

/** Where a repository's config is. Read from the default branch, never from the branch it judges. */
const configPath = ".github/promotion.yml"

/** What was found at {@link configPath} on the default branch. `text` is null when it is no text GitHub gives whole. */
export type ConfigRead = { defaultBranch: string | null; file: { blob: string; text: string | null } | null }

/** GraphQL fields of a repository that {@link configAnswer} parses. */
export const configField = `
  databaseId owner { login } name
  defaultBranchRef { name }
  config: object(expression: "HEAD:${configPath}") { __typename ... on Blob { oid isTruncated text } }`

/** What GitHub tells of a repository and its config file. */
export const configAnswer = z.object({
  databaseId: z.number(),
  owner: z.object({ login: z.string() }),
  name: z.string(),
  defaultBranchRef: z.object({ name: z.string() }).nullable(),
  config: z
    .object({
      __typename: z.string(),
      oid: z.string().optional(),
      isTruncated: z.boolean().optional(),
      text: z.string().nullish(),
    })
    .nullable(),
})

/** Translates the answer. A directory or a submodule in the file's place counts as a file that cannot be read. */
export function configRead(repository: z.infer<typeof configAnswer>): ConfigRead {
  const { config, defaultBranchRef } = repository
  const defaultBranch = defaultBranchRef?.name ?? null
  if (config === null) return { defaultBranch, file: null }
  const whole = config.isTruncated === false && typeof config.text === "string"
  return { defaultBranch, file: { blob: config.oid ?? "0".repeat(40), text: whole ? (config.text ?? null) : null } }
}
