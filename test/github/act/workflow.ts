/** An app without `workflows: write` may not land changes to workflow files. */
import { installationsOf } from "../access.ts"
import { refusal } from "../api.ts"
import { compareCommits } from "../comparison.ts"
import type { Actor, World } from "../state.ts"

/** Throws the 403 GitHub gives an app that would land a changed file under `.github/workflows/`. */
export async function refuseWorkflowChange(
  world: World,
  actor: Actor,
  range: { from: string; to: string },
): Promise<void> {
  if (!actor.app || mayWriteWorkflows(world, actor)) return
  const { files } = await compareCommits(world.repository.store, range.from, range.to)
  refuseWorkflowPaths(files.map((file) => file.path))
}

/** The same for a known list of paths. */
export function refuseWorkflowPathsOf(world: World, actor: Actor, paths: string[]): void {
  if (actor.app && !mayWriteWorkflows(world, actor)) refuseWorkflowPaths(paths)
}

function mayWriteWorkflows(world: World, actor: Actor): boolean {
  const installation = installationsOf(world.state, world.repository).find((one) => one.app === actor.app)
  return installation?.permissions["workflows"] === "write"
}

function refuseWorkflowPaths(paths: string[]): void {
  const path = paths.find((one) => one.startsWith(".github/workflows/"))
  if (path === undefined) return
  throw refusal(
    403,
    `refusing to allow a GitHub App to create or update workflow \`${path}\` without \`workflows\` permission`,
  )
}
