import type { Prisma } from "../generated/client.ts"
import { builtInConfig, type ConfigInForce, type ConfigProblem } from "../promotion/config.ts"
import { readConfigFile, type ConfigReading } from "../promotion/config-file.ts"
import type { ConfigRead } from "../github/config.ts"
import type { RepositoryAddress } from "../github/client.ts"

/** A repository the app may ask GitHub about, with the config as it was last read. */
export type KnownRepository = {
  id: number
  installationId: number
  address: RepositoryAddress
  defaultBranch: string
  /** Null: never read, or it may have changed since. */
  config: ConfigInForce | null
  /** Count of what was heard of the config; to be given back with the next read. */
  configHeard: number
}

/** The row as `to_jsonb` gives it: ids are numbers, moments are texts. */
export type RepositoryRow = {
  id: number
  installation_id: number
  owner: string
  name: string
  default_branch: string
  active: boolean
  config_text: string | null
  config_blob: string | null
  config_problems: ConfigProblem[] | null
  config_read_at: string | null
  config_heard: number
  config_seen: number
}

/** Reads a repository; null when it is unknown or the app is not there any more. */
export async function readRepository(
  tx: Pick<Prisma.TransactionClient, "$queryRaw">,
  repositoryId: number,
): Promise<KnownRepository | null> {
  const rows = await tx.$queryRaw<{ row: RepositoryRow }[]>`
    SELECT to_jsonb(r) AS row FROM repository r WHERE r.id = ${BigInt(repositoryId)}`
  return rows[0] === undefined ? null : knownRepository(rows[0].row)
}

/** Reads the row; null when the app is not there any more. */
export function knownRepository(row: RepositoryRow): KnownRepository | null {
  if (!row.active) return null
  return {
    id: row.id,
    installationId: row.installation_id,
    address: { owner: row.owner, name: row.name },
    defaultBranch: row.default_branch,
    config: row.config_read_at === null || row.config_heard > row.config_seen ? null : configInForce(row),
    configHeard: row.config_heard,
  }
}

function configInForce(row: RepositoryRow): ConfigInForce {
  if (row.config_blob === null) return { status: "absent", blob: null, config: builtInConfig }
  const lastValid = row.config_text === null ? null : cachedReading(row.config_text)
  const config = lastValid?.status === "valid" ? lastValid.config : builtInConfig
  const known = lastValid?.status === "valid"
  if (row.config_problems === null && known) return { status: "valid", blob: row.config_blob, config }
  const problems = row.config_problems ?? [noLongerValid]
  return { status: "invalid", blob: row.config_blob, config, lastValid: known, problems }
}

/** A file that an older version of Portcullis took for valid, and this one does not. */
const noLongerValid: ConfigProblem = {
  line: 1,
  column: 1,
  path: "",
  message: "this version of Portcullis does not accept the file any more",
}

const cacheLimit = 200
const readings = new Map<string, ConfigReading>()

/** The same few texts are read for every decision; the newest are kept parsed. */
function cachedReading(text: string): ConfigReading {
  const known = readings.get(text)
  if (known !== undefined) return known
  const reading = readConfigFile(text)
  readings.set(text, reading)
  const oldest = readings.keys().next()
  if (readings.size > cacheLimit && oldest.done !== true) readings.delete(oldest.value)
  return reading
}

/**
 * Stores what was read of the config: the last valid text stays when the newest is not valid. Returns whether the
 * file is another one than before, so that all gates must be judged anew.
 *
 * Named race: *the push behind the read*. A push heard while the file is being read counts up `config_heard`; the read
 * vouches only for the count at its beginning, so the file is read once more. And an answer that was asked for before
 * another one never replaces it.
 */
export async function writeConfigRead(
  tx: Prisma.TransactionClient,
  repositoryId: number,
  read: { config: ConfigRead; heard: number; at: Date },
): Promise<boolean> {
  const { file, defaultBranch } = read.config
  const reading = file === null ? null : readFile(file.text)
  const valid = reading?.status === "valid"
  const problems = reading?.status === "invalid" ? JSON.stringify(reading.problems) : null
  const before = await tx.$queryRaw<{ config_blob: string | null; config_read_at: Date | null }[]>`
    SELECT config_blob, config_read_at FROM repository WHERE id = ${BigInt(repositoryId)} FOR UPDATE`
  const written = await tx.$executeRaw`
    UPDATE repository SET config_blob = ${file?.blob ?? null}, config_problems = ${problems}::jsonb,
      config_text = CASE WHEN ${file === null} THEN NULL WHEN ${valid} THEN ${file?.text ?? null} ELSE config_text END,
      config_read_at = ${read.at}, config_seen = greatest(config_seen, ${read.heard}),
      default_branch = coalesce(${defaultBranch}, default_branch)
    WHERE id = ${BigInt(repositoryId)} AND config_seen <= ${read.heard}
      AND (config_read_at IS NULL OR config_read_at <= ${read.at})`
  const [old] = before
  return written > 0 && (old?.config_read_at === null || old?.config_blob !== (file?.blob ?? null))
}

function readFile(text: string | null): ConfigReading {
  if (text !== null) return readConfigFile(text)
  const message = "the file is binary, too large, or no file at all"
  return { status: "invalid", problems: [{ line: 1, column: 1, path: "", message }] }
}
