import { buttonIdentifier, type Button, type ButtonName } from "../promotion/command/button.ts"

/** A button as GitHub takes it: 20 characters of a label, 40 of a description, 20 of an identifier at most. */
export type CheckAction = { label: string; description: string; identifier: string }

/** What each button shows. */
export const buttonTexts: Readonly<Record<ButtonName, { label: string; description: string }>> = {
  approve: { label: "Approve", description: "Approve this change at this commit" },
  promote: { label: "Promote", description: "Merge this change now" },
  pause: { label: "Pause", description: "Hold this pull request until resumed" },
  resume: { label: "Resume", description: "End the pause of this pull request" },
  "roll-back": { label: "Roll back", description: "Take this change back" },
}

/** The buttons in the form GitHub's API takes. */
export function renderButtons(buttons: readonly Button[]): CheckAction[] {
  return buttons.map((button) => ({ ...buttonTexts[button.name], identifier: buttonIdentifier(button) }))
}
