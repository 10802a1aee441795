/** Opens the promotion pull request of a known-good commit, or brings the open one forward to it. */
export type OpenOnward = {
  kind: "open-onward"
  /** Branch that it goes into. */
  target: string
  /** The known-good commit: its head is exactly this. */
  commit: string
  /** Place on the source branch up to which the target has everything; 0: nothing is known of that. */
  since: number
  /** Branch of the pull request. */
  head: string
  title: string
  body: string
}

/**
 * Closes the promotion pull request, if one is open: the target has all that it carries, or some of that is being taken
 * out of the source branch. That stands for the commit of its key: nothing is opened for it any more.
 */
export type CloseOnward = {
  kind: "close-onward"
  target: string
  head: string
  why: "contained" | "taken-back"
  /** Description that it is left with. */
  body: string
}

/** A commit, and the branch that it is to be promoted into. */
export type OnwardPlace = { target: string; commit: string }

/** Key of the deed that opens the promotion pull request of a commit, or brings it forward to that. */
export function onwardKey({ target, commit }: OnwardPlace): string {
  return `onward:${target}:${commit}`
}

/** Key of the deed that closes it. */
export function onwardCloseKey(place: OnwardPlace): string {
  return `${onwardKey(place)}:close`
}

const prefix = "portcullis/promote-"

/** Branch that the app keeps at the known-good commit of another one. */
export function onwardBranch(source: string): string {
  return `${prefix}${source}`
}

/** Whether a branch has the name of one that the app keeps so. Anybody may give a branch such a name. */
export function isOnwardBranch(name: string): boolean {
  return name.startsWith(prefix)
}
