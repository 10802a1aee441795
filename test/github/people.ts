/**
 * The acts of people and of other apps: what scenarios say happens. Every act takes one object (`repo` as
 * `owner/name`, `by` as a login, `slug[bot]` for an app) and gives back plain data, so that `/_people` can offer the
 * same over HTTP. Acts go by GitHub's rules: a refusal is an error with GitHub's words as its message.
 */
import { advance } from "./advance.ts"
import type { GitHubState } from "./state.ts"
import * as checks from "./people/check.ts"
import * as code from "./people/code.ts"
import * as deploys from "./people/deploy.ts"
import * as landing from "./people/landing.ts"
import * as organize from "./people/organize.ts"
import * as pulls from "./people/pull.ts"
import * as rules from "./people/rules.ts"
import * as settle from "./people/settle.ts"
import * as talk from "./people/talk.ts"

const acts = {
  createUser: settle.createUser,
  joinOrganization: organize.joinOrganization,
  leaveOrganization: organize.leaveOrganization,
  createTeam: organize.createTeam,
  addTeamMember: organize.addTeamMember,
  removeTeamMember: organize.removeTeamMember,
  createRepository: settle.createRepository,
  addCollaborator: settle.addCollaborator,
  removeCollaborator: settle.removeCollaborator,
  renameRepository: settle.renameRepository,
  transferRepository: settle.transferRepository,
  archiveRepository: settle.archiveRepository,
  unarchiveRepository: settle.unarchiveRepository,
  configureRepository: settle.configureRepository,
  fork: settle.fork,
  protectBranch: rules.protectBranch,
  unprotectBranch: rules.unprotectBranch,
  requireMergeQueue: rules.requireMergeQueue,
  createRuleset: rules.createRuleset,
  deleteRuleset: rules.deleteRuleset,
  createApp: settle.createApp,
  changeApp: settle.changeApp,
  setHookUrl: settle.setHookUrl,
  installApp: settle.installApp,
  uninstallApp: settle.uninstallApp,
  suspendApp: settle.suspendApp,
  unsuspendApp: settle.unsuspendApp,
  acceptPermissions: settle.acceptPermissions,
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
  enableAutoMerge: landing.enableAutoMerge,
  disableAutoMerge: landing.disableAutoMerge,
  enqueuePullRequest: landing.enqueuePullRequest,
  dequeuePullRequest: landing.dequeuePullRequest,
  wakeMergeQueue: landing.wakeMergeQueue,
  landWrongly: landing.landWrongly,
  revertPullRequest: landing.revertPullRequest,
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
  rerunSuite: checks.rerunSuite,
  pressCheckButton: checks.pressCheckButton,
  setStatus: checks.setStatus,
  deploy: deploys.deploy,
  reportDeployment: deploys.reportDeployment,
  addEnvironment: deploys.addEnvironment,
  protectEnvironment: deploys.protectEnvironment,
  unprotectEnvironment: deploys.unprotectEnvironment,
  requestDeployment: deploys.requestDeployment,
  deploymentRequests: deploys.deploymentRequests,
  bypassProtection: deploys.bypassProtection,
  cancelDeployment: deploys.cancelDeployment,
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
    async (args: never) => {
      const result = await (act as (state: GitHubState, args: never) => unknown)(state, args)
      await advance(state)
      return result
    },
  ])
  return Object.fromEntries(bound) as People
}
