/** Labels of repositories, and on issues and pull requests. */
import { emit } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import { isoNow } from "../state.ts"
import type { Actor, Issue, Label, World } from "../state.ts"
import { issueView, labelView } from "../view/issue.ts"
import { recordIssueEvent } from "./issue-record.ts"
import { emitPull } from "./pull.ts"

/** A label of the repository by name in any case. */
export function findLabel(world: World, name: string): Label | undefined {
  return world.repository.labels.find((label) => label.name.toLowerCase() === name.toLowerCase())
}

/** Makes a label. Emits `label.created`. */
export function createLabel(
  world: World,
  actor: Actor,
  plan: { name: string; color?: string; description?: string | null },
): Label {
  const { state, repository } = world
  const label = {
    ...freshIds("LA"),
    name: plan.name,
    color: plan.color ?? "ededed",
    description: plan.description ?? null,
    isDefault: false,
  }
  repository.labels.push(label)
  const payload = { label: labelView(state, repository, label) }
  emit(state, { event: "label", action: "created", repository, sender: actor.account, payload })
  return label
}

/**
 * Puts labels on and takes labels off, by name; unknown ones are made, as GitHub does when labels are added.
 * Emits `labeled` and `unlabeled` of `pull_request` or `issues`, one per label that really changed.
 */
export async function setLabels(
  world: World,
  actor: Actor,
  change: { issue: Issue; add: string[]; remove: string[] },
): Promise<void> {
  const { issue } = change
  for (const name of change.remove) {
    const label = issue.labels.find((one) => one.name.toLowerCase() === name.toLowerCase())
    if (!label) continue
    issue.labels = issue.labels.filter((other) => other !== label)
    await announce(world, actor, { issue, label, action: "unlabeled" })
  }
  for (const name of change.add) {
    const label = findLabel(world, name) ?? createLabel(world, actor, { name })
    if (issue.labels.includes(label)) continue
    issue.labels.push(label)
    await announce(world, actor, { issue, label, action: "labeled" })
  }
}

async function announce(
  world: World,
  actor: Actor,
  happened: { issue: Issue; label: Label; action: "labeled" | "unlabeled" },
): Promise<void> {
  const { state, repository } = world
  const { issue, label, action } = happened
  issue.updatedAt = isoNow(state)
  recordIssueEvent(world, actor, { issueNumber: issue.number, event: action, label })
  const extra = { label: labelView(state, repository, label) }
  const pull = repository.pulls.get(issue.number)
  if (pull) {
    await emitPull(world, actor, { pull, action, extra })
    return
  }
  const payload = { issue: issueView(state, repository, issue), ...extra }
  emit(state, { event: "issues", action, repository, sender: actor.account, payload })
}
