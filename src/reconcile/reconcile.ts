import type { Subject } from "../inbox/subject.ts"
import { reconcileConversation } from "./conversation.ts"
import type { ReconcileDeps } from "./deps.ts"
import { reconcilePullRequest } from "./pull-request.ts"
import { reconcileRepository } from "./repository.ts"

/**
 * Looks at one dirty subject and brings what it stands for up to date. Never asks why it was woken, and may be run
 * again at any time. Throws when it could not be done now; the queue brings it back.
 */
export async function reconcile(deps: ReconcileDeps, subject: Subject): Promise<void> {
  switch (subject.kind) {
    case "pull-request":
      return reconcilePullRequest(deps, subject)
    case "conversation":
      return reconcileConversation(deps, subject)
    case "repository":
      return reconcileRepository(deps, subject.repositoryId)
  }
}
