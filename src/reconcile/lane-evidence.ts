import { rerequestCheck } from "../github/rerun.ts"
import type { Wanted } from "../promotion/health/judge-evidence.ts"
import type { LaneContext } from "./lane.ts"
import type { LaneObservation } from "./lane-observe.ts"

/** Most questions of one pass. */
const limitQuestions = 50

/**
 * Asks what the health windows want to know now, and stores what came of it; true when anything was asked. To ask twice
 * after a crash does no harm; a check is asked to run again once at most, which is stored first.
 */
export async function gatherEvidence(
  context: LaneContext,
  { snapshot, inputs, watch }: LaneObservation,
): Promise<boolean> {
  let asked = 0
  const windows = [...snapshot.windows].map(([runId, { wanted }]) => ({ sha: inputs.get(runId)?.sha, wanted }))
  const all = [...windows, ...(watch === null ? [] : [{ sha: watch.sha, wanted: watch.judged.wanted }])]
  for (const { sha, wanted } of all) {
    if (sha === undefined || asked >= limitQuestions) continue
    await Promise.all([
      ...wanted.probes.map((url) => probe(context, url)),
      ...wanted.queries.map((one) => query(context, one)),
    ])
    for (const check of wanted.reruns) await rerun(context, { sha, check })
    asked += wanted.probes.length + wanted.queries.length + wanted.reruns.length
  }
  return asked > 0
}

async function probe({ deps, place }: LaneContext, url: string): Promise<void> {
  const { ok, status, why } = await deps.evidence.probe(url)
  const at = deps.clock.now()
  await deps.prisma.askedEvidence.create({
    data: { ...placeOf(place), kind: "probe", name: url, source: "", at, ok, status, why },
  })
}

async function query({ deps, place }: LaneContext, { query: name, source }: Wanted["queries"][number]): Promise<void> {
  const named = await deps.evidence.query(source, name)
  // A host with one source only need not have called it so.
  const isOnly = named.why === "unknown-source" && source === "default"
  const { value, why } = isOnly ? await deps.evidence.query(null, name) : named
  const at = deps.clock.now()
  await deps.prisma.askedEvidence.create({ data: { ...placeOf(place), kind: "query", name, source, at, value, why } })
}

function placeOf({ repositoryId, branch }: LaneContext["place"]) {
  return { repositoryId: BigInt(repositoryId), branch }
}

type Rerun = { sha: string; check: Wanted["reruns"][number] }

async function rerun({ deps, place, repository }: LaneContext, { sha, check }: Rerun): Promise<void> {
  const { checkRunId, name, app, atMs } = check
  const repositoryId = BigInt(place.repositoryId)
  const key = { repositoryId, checkRunId: BigInt(checkRunId) }
  const { count } = await deps.prisma.checkRerun.createMany({
    data: [{ ...key, sha, name, app, failedAt: new Date(atMs) }],
    skipDuplicates: true,
  })
  if (count === 0) return
  const client = await deps.installation(repository.installationId)
  const begun = await rerequestCheck(client, repository.address, checkRunId)
  if (!begun) {
    await deps.prisma.checkRerun.update({ where: { repositoryId_checkRunId: key }, data: { refused: true } })
  }
}
