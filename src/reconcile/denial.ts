import { Prisma } from "../generated/client.ts"
import { comment, hasComment } from "../github/comment.ts"
import { gitHubFailure } from "../github/error.ts"
import type { HeardLabel } from "../promotion/hearsay.ts"
import { builtInConfig } from "../promotion/config/config.ts"
import type { LabelDenial } from "../promotion/pause/label.ts"
import { denialMark, renderDenial } from "../report/comment.ts"
import type { ReconcileDeps } from "./deps.ts"
import type { KnownRepository } from "./repository-row.ts"

/** How long the same person is not told the same again, however often the label is set and taken off. */
const quietMs = 24 * 3600 * 1000

/** Most told in one pass; the sweep comes back for others. */
const limitDenials = 20

/**
 * Tells the authors of denied changes of the pause label, on the pull request where they made them.
 *
 * It always looks first whether it was told: neither a crash after the comment nor a label that is set and taken off
 * all day makes the same comment twice.
 */
export async function tellDenials(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { number }: { number: number },
): Promise<void> {
  const repositoryId = BigInt(repository.id)
  const rows = await deps.prisma.ask.findMany({
    where: { repositoryId, number, kind: "label", settledAt: null, answer: { not: Prisma.DbNull } },
    orderBy: [{ at: "asc" }, { key: "asc" }],
    take: limitDenials,
  })
  for (const { key, at, data, answer } of rows) {
    const label = (data as HeardLabel).label || (repository.config?.config ?? builtInConfig).pause.label
    try {
      await tellOnce(deps, repository, { number, label, at, denial: answer as LabelDenial })
    } catch (error) {
      // What GitHub will not have said here (an archived repository, a locked thread) must not hold up the others.
      if (gitHubFailure(error) !== "refused") throw error
      deps.log.warn({ repositoryId: repository.id, number, err: error }, "GitHub refused an answer")
    }
    await deps.prisma.ask.update({
      where: { repositoryId_key: { repositoryId, key } },
      data: { settledAt: deps.clock.now() },
    })
  }
}

type Telling = { number: number; label: string; at: Date; denial: LabelDenial }

async function tellOnce(
  deps: ReconcileDeps,
  { installationId, address }: KnownRepository,
  { number, label, at, denial }: Telling,
): Promise<void> {
  const client = await deps.installation(installationId)
  const thread = { address, number }
  const since = new Date(at.getTime() - quietMs)
  const search = { mark: denialMark(denial), ownAppId: deps.ownAppId, since }
  if (!(await hasComment(client, thread, search))) await comment(client, thread, renderDenial(denial, label))
}
