import { readBaseConfig, type BaseRead, type ConfigRead } from "../github/config.ts"
import { wantsBase } from "../promotion/config/config-file.ts"
import type { ReconcileDeps } from "./deps.ts"
import type { KnownRepository } from "./repository-row.ts"

/** A config as it was read, with the organisation's file if it extends that; null: it does not. */
export type SeenConfig = ConfigRead & { base: BaseRead | null }

/**
 * Reads the organisation's file, too, if the repository's extends it. `known` was seen in this pass; for the same file it
 * is not read again.
 *
 * Named race: *the two files*. They are read one after the other, and the organisation's may change between its read and
 * the moment when both are stored. It is told by a push to another repository, which counts up `config_heard` of those
 * that are known to extend it; so that is stored before the file is read, and a push that was heard earlier is in what
 * is read. The read then vouches for the count at its beginning only, as ever. What is stored so stays: a repository
 * that extends nothing any more is looked at needlessly after such a push, which costs a request.
 */
export async function withBase(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { config, known }: { config: ConfigRead; known: SeenConfig | null },
): Promise<SeenConfig> {
  if (known !== null && known.file?.blob === config.file?.blob) return { ...config, base: known.base }
  const text = config.file?.text ?? null
  if (text === null || !wantsBase(text)) return { ...config, base: null }
  await deps.prisma.repository.updateMany({
    where: { id: BigInt(repository.id), configExtends: false },
    data: { configExtends: true },
  })
  const client = await deps.installation(repository.installationId)
  return { ...config, base: await readBaseConfig(client, repository.address.owner) }
}
