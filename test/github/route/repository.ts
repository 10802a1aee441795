/** Repositories, collaborators, branches and their protection. https://docs.github.com/en/rest/repos https://docs.github.com/en/rest/branches */
import { isAtLeast, roleOf } from "../access.ts"
import { invalidField, pageOf, refusal } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { plainProtection } from "../act/protection.ts"
import { activeRules } from "../act/rules.ts"
import { readCommit } from "../git-object.ts"
import { listRefs, readRef } from "../git-ref.ts"
import type { BranchProtection } from "../rules.ts"
import type { Account, Role } from "../state.ts"
import { accountView } from "../view/account.ts"
import { commitView } from "../view/commit.ts"
import { fullRepositoryView, repositoryUrl } from "../view/repository.ts"
import type { RepositoryPermissions } from "../view/repository.ts"

const metadata = [{ permission: "metadata", level: "read" as const }]
const contents = [{ permission: "contents", level: "read" as const }]
const readRules = [{ permission: "administration", level: "read" as const }]
const writeRules = [{ permission: "administration", level: "write" as const }]

/** Routes below `/repos/{owner}/{repo}`. */
export const repositoryRoutes: RepositoryRoute[] = [
  { method: "GET", path: "", needs: metadata, handle: getRepository },
  { method: "GET", path: "/collaborators", needs: metadata, handle: listCollaborators },
  { method: "GET", path: "/collaborators/:login", needs: metadata, handle: isCollaborator },
  { method: "GET", path: "/collaborators/:login/permission", needs: metadata, handle: getPermission },
  { method: "GET", path: "/branches", needs: contents, handle: listBranches },
  {
    method: "GET",
    path: "/branches/:branch{.+}/protection/required_status_checks",
    needs: readRules,
    handle: getRequiredChecks,
  },
  { method: "GET", path: "/branches/:branch{.+}/protection", needs: readRules, handle: getProtection },
  { method: "PUT", path: "/branches/:branch{.+}/protection", needs: writeRules, handle: putProtection },
  { method: "DELETE", path: "/branches/:branch{.+}/protection", needs: writeRules, handle: deleteProtection },
  { method: "GET", path: "/branches/:branch{.+}", needs: contents, handle: getBranch },
]

function getRepository(call: RepositoryCall): Answer {
  return { status: 200, body: fullRepositoryView(call.state, call.repository, permissionsOf(call)) }
}

function permissionsOf(call: RepositoryCall): RepositoryPermissions {
  if (call.caller.kind === "person") return rolePermissions(roleOf(call.repository, call.caller.account))
  const level = call.caller.kind === "installation" ? call.caller.token.permissions["contents"] : undefined
  return { admin: false, maintain: false, push: level === "write", triage: false, pull: level !== undefined }
}

function rolePermissions(role: Role | undefined): RepositoryPermissions {
  return {
    admin: isAtLeast(role, "admin"),
    maintain: isAtLeast(role, "maintain"),
    push: isAtLeast(role, "write"),
    triage: isAtLeast(role, "triage"),
    pull: isAtLeast(role, "read"),
  }
}

function listCollaborators(call: RepositoryCall): Answer {
  const { repository } = call
  const all = [repository.owner, ...[...repository.collaborators.values()].map((one) => one.account)]
  return pageOf(call, all, (account) => collaboratorView(call, account))
}

function collaboratorView(call: RepositoryCall, account: Account) {
  const role = roleOf(call.repository, account)
  return { ...accountView(call.state, account), permissions: rolePermissions(role), role_name: role ?? "none" }
}

function isCollaborator(call: RepositoryCall): Answer {
  const login = String(call.params["login"]).toLowerCase()
  const isOne = call.repository.collaborators.has(login) || call.repository.owner.login.toLowerCase() === login
  if (!isOne) throw refusal(404, "Not Found")
  return { status: 204 }
}

/** `permission` knows four words only: maintain counts as write, triage as read; `role_name` tells them apart. */
function getPermission(call: RepositoryCall): Answer {
  const account = call.state.accounts.get(String(call.params["login"]).toLowerCase())
  if (!account) throw refusal(404, `${call.params["login"]} is not a user`)
  const role = roleOf(call.repository, account)
  const coarse = { read: "read", triage: "read", write: "write", maintain: "write", admin: "admin" } as const
  const permission = role ? coarse[role] : "none"
  return { status: 200, body: { permission, role_name: role ?? "none", user: collaboratorView(call, account) } }
}

async function listBranches(call: RepositoryCall): Promise<Answer> {
  const { repository } = call
  const refs = await listRefs(repository.store, "refs/heads/")
  return pageOf(call, refs, ({ ref, sha }) => {
    const name = ref.slice("refs/heads/".length)
    return { name, commit: commitStub(call, sha), protected: isProtected(call, name) }
  })
}

/** Rulesets make a branch protected too, although `protection` then says that it is not enabled. */
function isProtected({ repository }: RepositoryCall, branch: string): boolean {
  return repository.protections.has(branch) || activeRules(repository, branch).length > 0
}

function commitStub(call: RepositoryCall, sha: string) {
  return { sha, url: `${repositoryUrl(call.state, call.repository)}/commits/${sha}` }
}

async function getBranch(call: RepositoryCall): Promise<Answer> {
  const { state, repository } = call
  const name = String(call.params["branch"])
  const sha = await readRef(repository.store, `refs/heads/${name}`)
  const commit = sha && (await readCommit(repository.store, sha))
  if (!commit) throw refusal(404, "Branch not found")
  const url = `${repositoryUrl(state, repository)}/branches/${name}`
  const protection = repository.protections.get(name)
  const body = {
    name,
    commit: commitView(state, repository, commit),
    _links: { self: url, html: `${state.urls.html}/${repository.owner.login}/${repository.name}/tree/${name}` },
    protected: isProtected(call, name),
    protection: {
      enabled: protection !== undefined,
      required_status_checks: protection
        ? { ...checksView(protection), enforcement_level: protection.enforceAdmins ? "everyone" : "non_admins" }
        : { enforcement_level: "off", contexts: [], checks: [] },
    },
    protection_url: `${url}/protection`,
  }
  return { status: 200, body }
}

function getProtection(call: RepositoryCall): Answer {
  const protection = call.repository.protections.get(String(call.params["branch"]))
  if (!protection) throw refusal(404, "Branch not protected")
  return { status: 200, body: protectionView(call, protection) }
}

function getRequiredChecks(call: RepositoryCall): Answer {
  const protection = call.repository.protections.get(String(call.params["branch"]))
  if (!protection) throw refusal(404, "Branch not protected")
  if (!hasChecks(protection)) throw refusal(404, "Required status checks not enabled")
  return { status: 200, body: requiredChecksView(call, protection) }
}

async function putProtection(call: RepositoryCall): Promise<Answer> {
  const branch = String(call.params["branch"])
  if (!(await readRef(call.repository.store, `refs/heads/${branch}`))) throw refusal(404, "Branch not found")
  const protection = readProtection(call, branch)
  call.repository.protections.set(branch, protection)
  return { status: 200, body: protectionView(call, protection) }
}

function deleteProtection(call: RepositoryCall): Answer {
  if (!call.repository.protections.delete(String(call.params["branch"]))) throw refusal(404, "Branch not protected")
  return { status: 204 }
}

function readProtection(call: RepositoryCall, branch: string): BranchProtection {
  const wanted = call.body["required_status_checks"] as WantedChecks | null | undefined
  const reviews = call.body["required_pull_request_reviews"] as { required_approving_review_count?: number } | null
  if (wanted === undefined) throw invalidField("Branch", "required_status_checks", "is required")
  const checks = wanted?.checks ?? (wanted?.contexts ?? []).map((context) => ({ context, app_id: null }))
  return {
    ...plainProtection(branch),
    strict: wanted?.strict ?? false,
    requiredChecks: checks.map(({ context, app_id: id }) => ({ context, appId: !id || id === -1 ? undefined : id })),
    requiredApprovals: reviews ? (reviews.required_approving_review_count ?? 1) : 0,
    enforceAdmins: call.body["enforce_admins"] === true,
    allowForcePushes: call.body["allow_force_pushes"] === true,
    allowDeletions: call.body["allow_deletions"] === true,
  }
}

type WantedChecks = {
  strict?: boolean
  contexts?: string[]
  checks?: { context: string; app_id?: number | null }[]
}

function checksView(protection: BranchProtection) {
  return {
    contexts: protection.requiredChecks.map((check) => check.context),
    checks: protection.requiredChecks.map(({ context, appId }) => ({ context, app_id: appId ?? null })),
  }
}

function hasChecks({ requiredChecks, strict }: BranchProtection): boolean {
  return requiredChecks.length > 0 || strict
}

/** https://docs.github.com/en/rest/branches/branch-protection#get-status-checks-protection */
function requiredChecksView(call: RepositoryCall, protection: BranchProtection) {
  const root = `${repositoryUrl(call.state, call.repository)}/branches/${protection.branch}/protection`
  const url = `${root}/required_status_checks`
  return { url, strict: protection.strict, ...checksView(protection), contexts_url: `${url}/contexts` }
}

/** https://docs.github.com/en/rest/branches/branch-protection#get-branch-protection */
function protectionView(call: RepositoryCall, protection: BranchProtection) {
  const url = `${repositoryUrl(call.state, call.repository)}/branches/${protection.branch}/protection`
  return {
    url,
    ...(hasChecks(protection) ? { required_status_checks: requiredChecksView(call, protection) } : {}),
    ...(protection.requiredApprovals > 0 ? { required_pull_request_reviews: approvalsView(url, protection) } : {}),
    enforce_admins: { url: `${url}/enforce_admins`, enabled: protection.enforceAdmins },
    required_linear_history: { enabled: false },
    allow_force_pushes: { enabled: protection.allowForcePushes },
    allow_deletions: { enabled: protection.allowDeletions },
    block_creations: { enabled: false },
    required_conversation_resolution: { enabled: false },
    lock_branch: { enabled: false },
    allow_fork_syncing: { enabled: false },
  }
}

function approvalsView(url: string, protection: BranchProtection) {
  return {
    url: `${url}/required_pull_request_reviews`,
    dismiss_stale_reviews: false,
    require_code_owner_reviews: false,
    required_approving_review_count: protection.requiredApprovals,
    require_last_push_approval: false,
  }
}
