/**
 * The acts of people and of other apps: what scenarios say happens. Every act takes one object (`repo` as
 * `owner/name`, `by` as a login, `slug[bot]` for an app) and gives back plain data, so that `/_people` can offer the
 * same over HTTP. Acts go by GitHub's rules: a refusal is an error with GitHub's words as its message.
 */
import type { GitHubState } from "./state.ts"
import * as checks from "./people/check.ts"
import * as code from "./people/code.ts"
import * as pulls from "./people/pull.ts"
import * as settle from "./people/settle.ts"
import * as talk from "./people/talk.ts"

const acts = {
  createUser: settle.createUser,
  createRepository: settle.createRepository,
  addCollaborator: settle.addCollaborator,
  removeCollaborator: settle.removeCollaborator,
  renameRepository: settle.renameRepository,
  configureRepository: settle.configureRepository,
  fork: settle.fork,
  protectBranch: settle.protectBranch,
  unprotectBranch: settle.unprotectBranch,
  createApp: settle.createApp,
  setHookUrl: settle.setHookUrl,
  installApp: settle.installApp,
  uninstallApp: settle.uninstallApp,
  suspendApp: settle.suspendApp,
  unsuspendApp: settle.unsuspendApp,
  changeInstallation: settle.changeInstallation,
  commit: code.commit,
  createBranch: code.createBranch,
  pushBranch: code.pushBranch,
  deleteBranch: code.deleteBranch,
  tag: code.tag,
  deleteTag: code.deleteTag,
  readFile: code.readFile,
  resolve: code.resolve,
  openPullRequest: pulls.openPullRequest,
  pushToPullRequest: pulls.pushToPullRequest,
  editPullRequest: pulls.editPullRequest,
  closePullRequest: pulls.closePullRequest,
  reopenPullRequest: pulls.reopenPullRequest,
  draftPullRequest: pulls.draftPullRequest,
  mergePullRequest: pulls.mergePullRequest,
  review: pulls.review,
  dismiss: pulls.dismiss,
  askForReview: pulls.askForReview,
  openIssue: talk.openIssue,
  closeIssue: talk.closeIssue,
  reopenIssue: talk.reopenIssue,
  comment: talk.comment,
  editComment: talk.editComment,
  deleteComment: talk.deleteComment,
  label: talk.label,
  unlabel: talk.unlabel,
  createLabel: talk.createLabel,
  reportCheck: checks.reportCheck,
  rerunCheck: checks.rerunCheck,
  pressCheckButton: checks.pressCheckButton,
  setStatus: checks.setStatus,
  deploy: checks.deploy,
  setDeploymentStatus: checks.setDeploymentStatus,
}

/** All acts, bound to one test GitHub: each takes its arguments object and answers with a promise. */
export type People = {
  [Name in keyof typeof acts]: (
    args: Parameters<(typeof acts)[Name]>[1],
  ) => Promise<Awaited<ReturnType<(typeof acts)[Name]>>>
}

/** Binds the acts to a state. */
export function createPeople(state: GitHubState): People {
  const bound = Object.entries(acts).map(([name, act]) => [
    name,
    async (args: never) => (act as (state: GitHubState, args: never) => unknown)(state, args),
  ])
  return Object.fromEntries(bound) as People
}
