/** What may happen to a branch: classic protection, rulesets, and the settings of a merge queue. Plain data. */

/** A check a branch waits for. `appId` undefined: any app or status may satisfy it. */
export type RequiredCheck = { context: string; appId: number | undefined }

/** Classic branch protection, as far as it decides about merges and pushes. */
export type BranchProtection = {
  branch: string
  strict: boolean
  requiredChecks: RequiredCheck[]
  /** 0: none needed. */
  requiredApprovals: number
  enforceAdmins: boolean
  allowForcePushes: boolean
  allowDeletions: boolean
}

/**
 * How a merge queue works: group sizes, minutes, how its commits are made, and whether each of a group's commits must
 * pass (ALLGREEN) or only its last one. https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
 */
export type QueueSettings = {
  merge_method: "MERGE" | "SQUASH" | "REBASE"
  grouping_strategy: "ALLGREEN" | "HEADGREEN"
  max_entries_to_build: number
  max_entries_to_merge: number
  min_entries_to_merge: number
  min_entries_to_merge_wait_minutes: number
  check_response_timeout_minutes: number
}

/** The rules this GitHub keeps, in GitHub's own form. https://docs.github.com/en/rest/repos/rules */
export type Rule =
  | { type: "creation" | "deletion" | "non_fast_forward" }
  | { type: "update"; parameters?: { update_allows_fetch_and_merge: boolean } }
  | {
      type: "required_status_checks"
      parameters: {
        required_status_checks: { context: string; integration_id?: number }[]
        strict_required_status_checks_policy: boolean
        do_not_enforce_on_create?: boolean
      }
    }
  | { type: "merge_queue"; parameters: QueueSettings }

/** Who a ruleset lets through: always, on pull requests only, or without even looking. */
export type BypassActor = {
  actor_id: number | null
  actor_type: "Integration" | "OrganizationAdmin" | "RepositoryRole" | "Team" | "DeployKey" | "User"
  bypass_mode: "always" | "pull_request" | "exempt"
}

/**
 * A ruleset of a repository, about its branches or its tags. Patterns are `~DEFAULT_BRANCH`, `~ALL`, or `refs/heads/` or
 * `refs/tags/` and a glob.
 */
export type Ruleset = {
  id: number
  nodeId: string
  name: string
  target: "branch" | "tag"
  enforcement: "active" | "disabled" | "evaluate"
  include: string[]
  exclude: string[]
  bypassActors: BypassActor[]
  rules: Rule[]
  createdAt: string
  updatedAt: string
}

/** GitHub's defaults for a new queue, from its settings page. */
export function defaultQueue(): QueueSettings {
  return {
    merge_method: "MERGE",
    grouping_strategy: "ALLGREEN",
    max_entries_to_build: 5,
    max_entries_to_merge: 5,
    min_entries_to_merge: 1,
    min_entries_to_merge_wait_minutes: 5,
    check_response_timeout_minutes: 60,
  }
}
