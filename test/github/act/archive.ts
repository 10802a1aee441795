/** Archived repositories: everything stays to be read, nothing changes any more. */
import { refusal } from "../api.ts"
import type { Repository } from "../state.ts"

/** Throws the 403 GitHub gives whoever would change something in an archived repository. */
export function refuseArchived(repository: Repository): void {
  if (repository.isArchived) throw refusal(403, "Repository was archived so is read-only.")
}
