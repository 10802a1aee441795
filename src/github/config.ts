import { z } from "zod"
import { baseRepository, configPath } from "../promotion/config/config.ts"
import type { GitHubClient } from "./client.ts"
import { gitHubFailure } from "./error.ts"

/** What was found at {@link configPath} on the default branch. `text` is null when it is no text GitHub gives whole. */
export type ConfigRead = { defaultBranch: string | null; file: { blob: string; text: string | null } | null }

/**
 * What was found of the organisation's file, in the owner's repository {@link baseRepository}.
 *
 * `missing`: no such file; `unreadable`: no such repository, or none that the app may read, or the file is no text.
 */
export type BaseRead = { status: "read"; blob: string; text: string } | { status: "missing" | "unreadable" }

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

const baseAnswer = z.object({ repository: configAnswer.nullable() })

const baseQuery = `query BaseConfig($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) { ${configField} }
}`

/**
 * Reads the file that an owner's repositories may extend. Throws what Octokit throws, except for what means that it is
 * not for the app to read: GitHub does not tell that apart from not being there.
 */
export async function readBaseConfig(client: GitHubClient, owner: string): Promise<BaseRead> {
  try {
    const { repository } = baseAnswer.parse(await client.graphql(baseQuery, { owner, name: baseRepository }))
    const file = repository === null ? undefined : configRead(repository).file
    if (file === null) return { status: "missing" }
    if (file === undefined || file.text === null) return { status: "unreadable" }
    return { status: "read", blob: file.blob, text: file.text }
  } catch (error) {
    const failure = gitHubFailure(error)
    if (failure !== "gone" && failure !== "refused") throw error
    return { status: "unreadable" }
  }
}
