import { readBlobs } from "../github/blob.ts"
import type { GitHubClient, RepositoryAddress } from "../github/client.ts"
import { readOrigins } from "../github/origin.ts"
import { readPatch } from "../github/patch.ts"
import { readCommitTrees, readFolders, readMergeBase } from "../github/landing-tree.ts"
import type { Sha } from "../lib/brand.ts"
import type { BlobReading } from "../promotion/landing/judge-path.ts"
import { judgeLanding } from "../promotion/landing/judge-landing.ts"
import type { LandingDoubt, LandingJudgement, LandingMismatch } from "../promotion/landing/judgement.ts"
import type { Folder, FourSides } from "../promotion/landing/tree.ts"

/**
 * One landing: `before` is the branch right before it (the first parent of the first commit that belongs to it),
 * `landed` its last commit, `head` the head of the pull request that was approved.
 */
export type Landing = { address: RepositoryAddress; before: Sha; landed: Sha; head: Sha }

/** Most rounds of reading, folders and files: what needs more is not judged by its trees. */
const limitRounds = 120
const limitFolders = 2000
const limitBlobs = 1000

/**
 * Compares one landing with what was approved. Two requests where nothing else has come onto the branch since the head
 * left it, or only in other folders of the root; one more for each level of folders that both have changed, and one or
 * two for texts that both have.
 *
 * @throws what Octokit throws; the caller asks again later.
 */
export async function inspectLanding(client: GitHubClient, landing: Landing): Promise<LandingJudgement> {
  const judgement = await compareTrees(client, landing)
  if (judgement.kind === "clean") return judgement
  if (isArguable(judgement) && (await haveSamePatch(client, landing))) return { kind: "clean" }
  return judgement.kind === "mismatch" ? withOrigins(client, landing, judgement) : judgement
}

async function compareTrees(client: GitHubClient, landing: Landing): Promise<LandingJudgement> {
  const { address, before, landed, head } = landing
  const ancestor = await readMergeBase(client, address, { base: before, head })
  if (ancestor === "unrelated") return unknown("unrelated")
  if (ancestor === "gone") return unknown("unreadable")
  const commits = await readCommitTrees(client, address, [ancestor, before, head, landed])
  const [base, ours, theirs, result] = [ancestor, before, head, landed].map((commit) => commits.get(commit))
  if (base === undefined || ours === undefined || theirs === undefined || result === undefined) {
    return unknown("unreadable")
  }
  const folders = new Map<string, Folder>()
  for (const { tree, folder } of [base, ours, theirs, result]) if (folder !== null) folders.set(tree, folder)
  const roots = { ancestor: base.tree, ours: ours.tree, theirs: theirs.tree, landed: result.tree }
  return readAndJudge(client, address, { roots, folders, blobs: new Map() })
}

function unknown(why: LandingDoubt): LandingJudgement {
  return { kind: "unknown", why, paths: [], more: 0 }
}

type Known = { roots: FourSides<string>; folders: Map<string, Folder>; blobs: Map<string, BlobReading> }

async function readAndJudge(client: GitHubClient, address: RepositoryAddress, known: Known): Promise<LandingJudgement> {
  for (let round = 0; round < limitRounds; round += 1) {
    const step = judgeLanding(known)
    if (step.kind !== "needs") return step
    if (known.folders.size + step.folders.length > limitFolders) return unknown("too-large")
    if (known.blobs.size + step.blobs.length > limitBlobs) return unknown("too-large")
    const folders = await readFolders(client, address, step.folders)
    for (const [id, folder] of folders) known.folders.set(id, folder)
    if (step.folders.some((id) => !folders.has(id))) return unknown("unreadable")
    for (const [id, blob] of await readBlobs(client, address, step.blobs)) known.blobs.set(id, blob)
  }
  return unknown("too-large")
}

/** Whether it stands on how texts were merged that both sides changed, or could not be told, and not on mere ids. */
function isArguable(judgement: LandingMismatch | (LandingJudgement & { kind: "unknown" })): boolean {
  return judgement.kind === "unknown" || judgement.findings.every(({ of }) => of === "both")
}

/** Whether the landing changes the branch exactly as the head changes where it left it, line by line. */
async function haveSamePatch(client: GitHubClient, { address, before, landed, head }: Landing): Promise<boolean> {
  const approved = await readPatch(client, address, { base: before, head })
  return approved !== null && approved === (await readPatch(client, address, { base: before, head: landed }))
}

/** Looks up who brought what the branch has lost: in a merge queue, for one, a member of the same group. */
async function withOrigins(
  client: GitHubClient,
  { address, before }: Landing,
  mismatch: LandingMismatch,
): Promise<LandingMismatch> {
  const paths = mismatch.findings.filter(({ of }) => of === "branch" || of === "both").map(({ path }) => path)
  const origins = await readOrigins(client, address, { at: before, paths })
  return {
    ...mismatch,
    findings: mismatch.findings.map((finding) => ({ ...finding, brought: origins.get(finding.path) ?? null })),
  }
}
