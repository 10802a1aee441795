/** An app without `workflows: write` may not land changes to workflow files. */
import { installationsOf } from "../access.ts"
import { refusal } from "../api.ts"
import { compareCommits } from "../comparison.ts"
import { listRefs } from "../git-ref.ts"
import { readTree, type TreeEntry } from "../git-tree.ts"
import type { Actor, World } from "../state.ts"

/** Throws the 403 GitHub gives an app that would land a changed file under `.github/workflows/`. */
export async function refuseWorkflowChange(
  world: World,
  actor: Actor,
  range: { from: string; to: string },
): Promise<void> {
  if (!actor.app || mayWriteWorkflows(world, actor)) return
  const { files } = await compareCommits(world.repository.store, range.from, range.to)
  refuseWorkflowPaths(files.flatMap(({ path, previousPath = path }) => [path, previousPath]))
}

/**
 * Throws it for a new branch with a workflow file that is not on any branch with the same path and content.
 * https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps#available-scopes
 */
export async function refuseNewWorkflows(world: World, actor: Actor, sha: string): Promise<void> {
  if (!actor.app || mayWriteWorkflows(world, actor)) return
  const known = new Set<string>()
  for (const { sha: tip } of await listRefs(world.repository.store, "refs/heads/")) {
    for (const { path, sha: blob } of await workflowsAt(world, tip)) known.add(`${blob} ${path}`)
  }
  const added = (await workflowsAt(world, sha)).filter(({ path, sha: blob }) => !known.has(`${blob} ${path}`))
  refuseWorkflowPaths(added.map(({ path }) => path))
}

async function workflowsAt(world: World, sha: string): Promise<TreeEntry[]> {
  const entries = (await readTree(world.repository.store, sha, { recursive: true })) ?? []
  return entries.filter(({ path, type }) => type !== "tree" && isWorkflow(path))
}

/** The same for a known list of paths. */
export function refuseWorkflowPathsOf(world: World, actor: Actor, paths: string[]): void {
  if (actor.app && !mayWriteWorkflows(world, actor)) refuseWorkflowPaths(paths)
}

function mayWriteWorkflows(world: World, actor: Actor): boolean {
  const installation = installationsOf(world.state, world.repository).find((one) => one.app === actor.app)
  return installation?.permissions["workflows"] === "write"
}

function isWorkflow(path: string): boolean {
  return path.startsWith(".github/workflows/")
}

function refuseWorkflowPaths(paths: string[]): void {
  const path = paths.find(isWorkflow)
  if (path === undefined) return
  throw refusal(
    403,
    `refusing to allow a GitHub App to create or update workflow \`${path}\` without \`workflows\` permission`,
  )
}
