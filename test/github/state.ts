/**
 * Everything the test GitHub knows, as plain data. Routes and acts read and change it; `view-*.ts` turn it into
 * GitHub's JSON. Trees, commits and refs live in git (`git.ts`), everything else lives here.
 */
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Deployment } from "./deployment.ts"
import type { Environment, WorkflowRun } from "./environment.ts"
import type { GitStore } from "./git.ts"
import type { Organization } from "./organization.ts"
import type { IssueComment, IssueEvent } from "./talk.ts"
import { githubLimits, type Limits } from "./limits.ts"
import type { QueueEntry } from "./merge-queue.ts"
import type { BranchProtection, QueueSettings, Ruleset } from "./rules.ts"
import type { ApiCallRecord, Delivery } from "./traffic.ts"

/** Roles a person can have on a repository, weakest first. https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization */
export type Role = "read" | "triage" | "write" | "maintain" | "admin"

/** A person, an organisation (with `organization`), or the bot account of an app (`slug[bot]`). */
export type Account = {
  id: number
  nodeId: string
  login: string
  type: "User" | "Organization" | "Bot"
  name: string
  email: string
  /** Further addresses of theirs, as commits may carry. */
  otherEmails?: string[]
  organization?: Organization
}

/** Level of one permission of an app or installation. */
export type PermissionLevel = "read" | "write"

/** Permission names as in `app.yml` (`checks`, `contents`, …) and the level granted. */
export type Permissions = Record<string, PermissionLevel>

/** A GitHub App. `hookUrl` is undefined when nobody listens over HTTP. */
export type App = {
  id: number
  nodeId: string
  slug: string
  name: string
  owner: Account
  bot: Account
  permissions: Permissions
  events: string[]
  webhookSecret: string
  hookId: number
  hookUrl: string | undefined
  privateKeyPem: string
  publicKeyPem: string
  clientId: string
  createdAt: string
}

/** An app installed on an account, seeing only the repositories in `repositoryIds`. `coversAll`: new ones join them. */
export type Installation = {
  id: number
  nodeId: string
  app: App
  account: Account
  repositoryIds: Set<number>
  coversAll: boolean
  permissions: Permissions
  events: string[]
  createdAt: string
  updatedAt: string
  suspendedAt: string | undefined
  suspendedBy: Account | undefined
  deleted: boolean
}

/** A `ghs_…` token. Permissions and repositories may be narrower than the installation's. */
export type InstallationToken = {
  token: string
  installation: Installation
  permissions: Permissions
  repositoryIds: Set<number> | undefined
  /** One hour after creation, on the injected clock and on the machine's: expired when both are past. */
  expiresAtMs: number
  expiresAtRealMs: number
}

/** Who sends an API request, found from its `Authorization` header. */
export type Caller =
  | { kind: "anonymous" }
  | { kind: "app"; app: App }
  | { kind: "installation"; token: InstallationToken }
  | { kind: "person"; account: Account }

/** Who acts: a person, or an app through its bot account. */
export type Actor = { account: Account; app?: App | undefined }

/** A label of a repository. Issues hold the same object, so a rename shows everywhere. */
export type Label = {
  id: number
  nodeId: string
  name: string
  color: string
  description: string | null
  isDefault: boolean
}

/** An issue, or the issue half of a pull request (then `Repository.pulls` has the same number). */
export type Issue = {
  id: number
  nodeId: string
  number: number
  title: string
  body: string | null
  author: Account
  viaApp: App | undefined
  state: "open" | "closed"
  stateReason: "completed" | "not_planned" | "reopened" | null
  labels: Label[]
  locked: boolean
  createdAt: string
  updatedAt: string
  closedAt: string | null
  closedBy: Account | null
}

/** What is known about merging one (head, base) pair. `readsLeft` answers of `null` come before the truth. */
export type Mergeability = {
  headSha: string
  baseSha: string
  nullReadsLeft: number
  mergeable: boolean | undefined
  mergeSha: string | undefined
}

/** The pull request half. Title, body, state, author and labels are on `issue`. */
export type PullRequest = {
  id: number
  nodeId: string
  number: number
  issue: Issue
  /** The repository the head branch lives in; differs from the base's for a fork. */
  headRepository: Repository
  headRef: string
  headSha: string
  baseRef: string
  /** Tip of the base branch when the pull request was opened or last pushed to (GitHub leaves it stale too). */
  baseSha: string
  draft: boolean
  mergedAt: string | null
  mergedBy: Account | null
  mergeCommitSha: string | null
  /** Where the base branch was when this landed on it; null while it has not, or if somebody pushed it there by hand. */
  landedOn: string | null
  autoMerge: {
    enabledBy: Account
    method: MergeMethod
    title: string | null
    message: string | null
    enabledAt: string
  } | null
  requestedReviewers: Account[]
  maintainerCanModify: boolean
  mergeability: Mergeability | undefined
}

/** https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request */
export type MergeMethod = "merge" | "squash" | "rebase"

/** A submitted review. */
export type Review = {
  id: number
  nodeId: string
  pullNumber: number
  author: Account
  state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED"
  body: string | null
  commitSha: string
  submittedAt: string
  updatedAt: string
}

/** https://docs.github.com/en/rest/checks/runs */
export type CheckStatus = "queued" | "in_progress" | "completed" | "waiting" | "requested" | "pending"

/** `stale` is only ever set by GitHub itself. */
export type CheckConclusion =
  | "action_required"
  | "cancelled"
  | "failure"
  | "neutral"
  | "success"
  | "skipped"
  | "stale"
  | "timed_out"

/** One line note of a check run. Lines count from 1. */
export type CheckAnnotation = {
  path: string
  start_line: number
  end_line: number
  start_column: number | null
  end_column: number | null
  annotation_level: "notice" | "warning" | "failure"
  message: string
  title: string | null
  raw_details: string | null
  blob_href: string
}

/** A button on a check run: label 20, description 40, identifier 20 characters at most. */
export type CheckAction = { label: string; description: string; identifier: string }

/** One check run. The latest run per name and suite is the one that counts. */
export type CheckRun = {
  id: number
  nodeId: string
  suite: CheckSuite
  app: App
  name: string
  headSha: string
  externalId: string
  /** The app's homepage unless the app names a page. */
  detailsUrl: string
  status: CheckStatus
  conclusion: CheckConclusion | null
  startedAt: string | null
  completedAt: string | null
  output: { title: string | null; summary: string | null; text: string | null; annotations: CheckAnnotation[] }
  actions: CheckAction[]
  createdAt: string
  updatedAt: string
}

/** One suite per app and head SHA; its status follows from its runs. */
export type CheckSuite = {
  id: number
  nodeId: string
  app: App
  headSha: string
  headBranch: string | null
  before: string | null
  after: string | null
  createdAt: string
  updatedAt: string
}

/** A commit status. The newest per context counts. */
export type CommitStatus = {
  id: number
  nodeId: string
  sha: string
  state: "error" | "failure" | "pending" | "success"
  context: string
  description: string | null
  targetUrl: string | null
  creator: Account
  app: App | undefined
  createdAt: string
  updatedAt: string
}

/** A repository: git data in `store`, the rest in the lists below (all oldest first). */
export type Repository = {
  id: number
  nodeId: string
  owner: Account
  name: string
  description: string | null
  isPrivate: boolean
  /** Read-only for everybody until it is brought back. */
  isArchived: boolean
  defaultBranch: string
  store: GitStore
  forkOf: Repository | undefined
  /** Lower-cased login to role; the owner is always admin and not listed. */
  collaborators: Map<string, { account: Account; role: Role }>
  nextNumber: number
  issues: Map<number, Issue>
  pulls: Map<number, PullRequest>
  labels: Label[]
  comments: IssueComment[]
  reviews: Review[]
  issueEvents: IssueEvent[]
  checkSuites: CheckSuite[]
  checkRuns: CheckRun[]
  statuses: CommitStatus[]
  protections: Map<string, BranchProtection>
  rulesets: Ruleset[]
  /** Branches whose classic protection wants a merge queue. */
  mergeQueues: Map<string, QueueSettings>
  queueEntries: QueueEntry[]
  deployments: Deployment[]
  environments: Environment[]
  workflowRuns: WorkflowRun[]
  allowedMergeMethods: Set<MergeMethod>
  allowAutoMerge: boolean
  deleteBranchOnMerge: boolean
  createdAt: string
  updatedAt: string
  pushedAt: string
}

/** The whole world of one test GitHub. */
export type GitHubState = {
  clock: { now(): Date }
  /** Root of the API without trailing slash; `html` is the root of pages. Changes once a real port is known. */
  urls: { api: string; html: string }
  /** Temporary directory that holds the git repositories. */
  dir: string
  /** Lower-cased login to account. */
  accounts: Map<string, Account>
  repositories: Map<number, Repository>
  /** Lower-cased `owner/name`, old names of renamed repositories included, to repository id. */
  repositoryIdsByName: Map<string, number>
  apps: Map<number, App>
  installations: Map<number, Installation>
  tokens: Map<string, InstallationToken>
  /** Webhooks that wait to be taken. */
  outbox: Delivery[]
  /** The newest webhooks, whatever became of them. */
  deliveries: Delivery[]
  /** Called for each new delivery in HTTP mode. */
  onDelivery: (() => void) | undefined
  /** Looks at a delivery before it waits in the outbox: may drop or delay it, and returns extra copies of it. */
  deliveryFault: ((delivery: Delivery) => Delivery[]) | undefined
  calls: ApiCallRecord[]
  unknownRequests: string[]
  /** Requests per caller in the running hour, for the rate-limit headers. */
  rates: Map<string, { used: number; resetMs: number }>
  /** REST requests a caller may make in an hour: more are refused. */
  hourlyLimit: number
  /** How many reads of a new (head, base) pair see `mergeable: null`. GitHub: usually the first. */
  nullMergeableReads: number
  limits: Limits
  nextGuid: number
}

/** Makes an empty world. Its directory is made under `tempDir`, or under the system's. */
export function createState(options: { clock: { now(): Date }; tempDir?: string | undefined }): GitHubState {
  return {
    clock: options.clock,
    urls: { api: "http://github.test", html: "http://github.test" },
    dir: mkdtempSync(join(options.tempDir ?? tmpdir(), "test-github-")),
    accounts: new Map(),
    repositories: new Map(),
    repositoryIdsByName: new Map(),
    apps: new Map(),
    installations: new Map(),
    tokens: new Map(),
    outbox: [],
    deliveries: [],
    onDelivery: undefined,
    deliveryFault: undefined,
    calls: [],
    unknownRequests: [],
    rates: new Map(),
    hourlyLimit: 5000,
    nullMergeableReads: 1,
    limits: githubLimits(),
    nextGuid: 1,
  }
}

/** The injected clock's time as GitHub writes it: UTC, whole seconds. */
export function isoNow(state: GitHubState): string {
  return isoOf(state.clock.now())
}

/** A date as GitHub writes it: UTC, whole seconds. */
export function isoOf(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, "Z")
}

/** A repository and the GitHub it is in: what nearly every act and view needs. */
export type World = { state: GitHubState; repository: Repository }
