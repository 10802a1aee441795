import { pathMatcher } from "./path.ts"

const workflows = pathMatcher([".github/workflows/**"])

/**
 * Whether there is a workflow file among changed paths. An app that was not granted `workflows: write` can neither merge
 * nor revert such a change, so it need not try.
 *
 * @see https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps#repository-permissions-for-workflows
 */
export function touchesWorkflows(paths: readonly string[]): boolean {
  return paths.some((path) => workflows.find(path) !== null)
}
