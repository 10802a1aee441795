import type { Prisma } from "../generated/client.ts"
import {
  baseRepository,
  builtInConfig,
  type ConfigInForce,
  type ConfigProblem,
  type ConfigProblems,
} from "../promotion/config/config.ts"
import { readConfigFile, wantsBase, type BaseFile, type ConfigReading } from "../promotion/config/config-file.ts"
import type { ProposedReading } from "../promotion/config/proposal.ts"
import type { SeenConfig } from "./config-base.ts"
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
  config_base_text: string | null
  config_blob: string | null
  config_base_blob: string | null
  /** A list of problems was all that was stored at first. */
  config_problems: ConfigProblems | ConfigProblem[] | null
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
  const lastValid = row.config_text === null ? null : cachedReading(row.config_text, baseOf(row))
  const config = lastValid?.status === "valid" ? lastValid.config : builtInConfig
  const known = lastValid?.status === "valid"
  const based = row.config_base_blob === null ? {} : { base: row.config_base_blob }
  if (row.config_problems === null && known) return { status: "valid", blob: row.config_blob, ...based, config }
  const stored = row.config_problems ?? [noLongerValid]
  const problems = Array.isArray(stored) ? { problems: stored, more: 0 } : stored
  return { status: "invalid", blob: row.config_blob, ...based, config, lastValid: known, ...problems }
}

/** A file that an older version of Portcullis took for valid, and this one does not. */
const noLongerValid: ConfigProblem = {
  line: 1,
  column: 1,
  path: "",
  message: "this version of Portcullis does not accept the file any more",
}

/** The file under the last valid one. Without its text, one that extends it is not valid: it is never read alone. */
function baseOf({ owner, config_base_text: text }: RepositoryRow): BaseFile {
  const of = `${owner}/${baseRepository}`
  return text === null ? { of, text, why: "extends-unreadable" } : { of, text }
}

/** Reads a file that shall come into force; null: it is no text. What it extends is as last read for the one in force. */
export function readProposed(row: RepositoryRow, text: string | null): ProposedReading {
  const base = baseOf(row)
  if (text !== null && base.text === null && wantsBase(text)) return { status: "base-unread", of: base.of }
  return text === null ? readFile(text, base) : cachedReading(text, base)
}

const cacheLimit = 200
const readings = new Map<string, ConfigReading>()

/** The same few texts are read for every decision; the newest are kept parsed. */
function cachedReading(text: string, base: BaseFile): ConfigReading {
  const key = base.text === null ? text : `${text}\0${base.of}\0${base.text}`
  const known = readings.get(key)
  if (known !== undefined) return known
  const reading = readConfigFile(text, base)
  readings.set(key, reading)
  const oldest = readings.keys().next()
  if (readings.size > cacheLimit && oldest.done !== true) readings.delete(oldest.value)
  return reading
}

/**
 * Stores what was read of the config: the last valid text, and what it extends, stay when the newest is not valid.
 * Returns whether it is another one than before, so that all gates must be judged anew.
 *
 * Named race: *the push behind the read*. A push heard while the file is being read counts up `config_heard`; the read
 * vouches only for the count at its beginning, so the file is read once more. And an answer that was asked for before
 * another one never replaces it.
 */
export async function writeConfigRead(
  tx: Prisma.TransactionClient,
  repositoryId: number,
  read: { config: SeenConfig; heard: number; at: Date },
): Promise<boolean> {
  const rows = await tx.$queryRaw<Before[]>`
    SELECT owner, config_blob, config_base_blob, config_problems, config_read_at
    FROM repository WHERE id = ${BigInt(repositoryId)} FOR UPDATE`
  const [old] = rows
  if (old === undefined) return false
  const { blob, text, base, problems } = toBeStored(read.config, old.owner)
  const keeps = problems !== null
  const written = await tx.$executeRaw`
    UPDATE repository SET config_blob = ${blob}, config_base_blob = ${base?.blob ?? null},
      config_problems = ${problems}::jsonb,
      config_text = CASE WHEN ${keeps} THEN config_text ELSE ${text} END,
      config_base_text = CASE WHEN ${keeps} THEN config_base_text ELSE ${base?.text ?? null} END,
      config_read_at = ${read.at}, config_seen = greatest(config_seen, ${read.heard}),
      default_branch = coalesce(${read.config.defaultBranch}, default_branch)
    WHERE id = ${BigInt(repositoryId)} AND config_seen <= ${read.heard}
      AND (config_read_at IS NULL OR config_read_at <= ${read.at})`
  if (written === 0) return false
  const sameFiles = old.config_blob === blob && old.config_base_blob === (base?.blob ?? null)
  // Whether the organisation's file can be read at all changes without any blob.
  const sameStatus = (old.config_problems === null) === (problems === null)
  return old.config_read_at === null || !sameFiles || !sameStatus
}

type Before = Pick<RepositoryRow, "owner" | "config_blob" | "config_base_blob"> & {
  config_problems: unknown
  config_read_at: Date | null
}

type ToBeStored = {
  blob: string | null
  text: string | null
  base: Extract<SeenConfig["base"], { status: "read" }> | null
  /** Null: valid, or no file. */
  problems: string | null
}

function toBeStored({ file, base }: SeenConfig, owner: string): ToBeStored {
  if (file === null) return { blob: null, text: null, base: null, problems: null }
  const reading = readFile(file.text, baseFile(owner, base))
  const problems = reading.status === "invalid" ? storedProblems(reading) : null
  return { blob: file.blob, text: file.text, base: base?.status === "read" ? base : null, problems }
}

function baseFile(owner: string, base: SeenConfig["base"]): BaseFile {
  const of = `${owner}/${baseRepository}`
  if (base?.status === "read") return { of, text: base.text }
  return { of, text: null, why: base?.status === "missing" ? "extends-missing" : "extends-unreadable" }
}

function storedProblems({ problems, more }: ConfigProblems): string {
  return JSON.stringify({ problems, more })
}

function readFile(text: string | null, base: BaseFile): ConfigReading {
  if (text !== null) return readConfigFile(text, base)
  const message = "the file is binary, too large, or no file at all"
  return { status: "invalid", problems: [{ line: 1, column: 1, path: "", message }], more: 0 }
}
