import { Prisma } from "../generated/client.ts"
import { comment, hasComment } from "../github/comment.ts"
import { gitHubFailure } from "../github/error.ts"
import type { HeardButton } from "../promotion/hearsay.ts"
import type { Answer } from "../promotion/command/reply.ts"
import { pressMark, renderPressReply } from "../report/press.ts"
import type { ReconcileDeps } from "./deps.ts"
import type { KnownRepository } from "./repository-row.ts"

/** How long the same person is not told the same again, however often the button is pressed. */
const quietMs = 24 * 3600 * 1000

/** Most told in one pass; the sweep comes back for others. */
const limitPresses = 20

/**
 * Tells those who pressed a button in vain why, on the pull request: there is no comment to react to. What was done is
 * shown by the gate itself.
 *
 * It always looks first whether it was told: neither a crash after the comment nor a button that is pressed all day
 * makes the same comment twice.
 */
export async function tellPresses(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { number }: { number: number },
): Promise<void> {
  const repositoryId = BigInt(repository.id)
  const rows = await deps.prisma.ask.findMany({
    where: { repositoryId, number, kind: "button", settledAt: null, answer: { not: Prisma.DbNull } },
    orderBy: [{ at: "asc" }, { key: "asc" }],
    take: limitPresses,
  })
  for (const { key, at, data, answer } of rows) {
    const told = { heard: data as HeardButton, answer: answer as unknown as Answer, at }
    try {
      await tellOnce(deps, repository, told)
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

type Telling = { heard: HeardButton; answer: Answer; at: Date }

async function tellOnce(
  deps: ReconcileDeps,
  { installationId, address }: KnownRepository,
  { heard, answer: { reply }, at }: Telling,
): Promise<void> {
  if (reply.length === 0) return
  const client = await deps.installation(installationId)
  const thread = { address, number: heard.number }
  const search = { mark: pressMark(heard, reply), ownAppId: deps.ownAppId, since: new Date(at.getTime() - quietMs) }
  if (!(await hasComment(client, thread, search))) await comment(client, thread, renderPressReply(heard, reply))
}
