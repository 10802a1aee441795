import { z } from "zod"
import { builtInConfig, type ConfigInForce } from "../promotion/config/config.ts"
import { readConfigFile } from "../promotion/config/config-file.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { configAnswer, configField, configRead } from "./config.ts"

const answerSchema = z.object({ repository: configAnswer })

const query = `
  query Config($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ${configField} } }`

/** Reads the config on the default branch, as it would be in force if nothing had been known before. */
export async function readConfig(
  client: GitHubClient,
  address: RepositoryAddress,
): Promise<{ defaultBranch: string; inForce: ConfigInForce }> {
  const { repository } = answerSchema.parse(await client.graphql(query, address))
  const { file, defaultBranch } = configRead(repository)
  return { defaultBranch: defaultBranch ?? "main", inForce: inForce(file) }
}

function inForce(file: { blob: string; text: string | null } | null): ConfigInForce {
  if (file === null) return { status: "absent", blob: null, config: builtInConfig }
  const { blob, text } = file
  const reading = text === null ? null : readConfigFile(text)
  if (reading?.status === "valid") return { status: "valid", blob, config: reading.config }
  const { problems, more } = reading ?? { problems: [], more: 1 }
  return { status: "invalid", blob, config: builtInConfig, lastValid: false, problems, more }
}
