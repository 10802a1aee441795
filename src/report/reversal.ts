import type { Reversal, ReversalReason } from "../promotion/merge/reversal.ts"
import { code } from "./markdown.ts"

/** How the change could be taken back, for whoever weighs the merge. Empty where nothing was judged. */
export function reversalSection(reversal: Reversal | null): string {
  if (reversal === null) return ""
  const { how, because, dependants } = reversal
  const reasons = because.map(sentence).join("; ")
  const beside =
    dependants.length === 0
      ? ""
      : ` ${dependants.map((number) => `#${number}`).join(", ")} ${dependants.length === 1 ? "changes" : "change"} files that this one changes: whatever of that lands after it may have to be taken back first.`
  return `**Taking it back: ${leads[how]}**${reasons === "" ? "." : `, because ${reasons}.`}${how === "one-step" ? trial : ""}${beside}`
}

const leads: Readonly<Record<Reversal["how"], string>> = {
  "one-step": "reversible in one step",
  "by-hand": "needs a hand",
  unknown: "not known",
}

const trial = " GitHub lands only what merges without conflict, and a revert gives back what was there before."

function sentence({ why, paths, more }: ReversalReason): string {
  const shown = paths.map((path) => code(path, 100))
  const list = [...shown, ...(more > 0 ? [`${more} more`] : [])].join(", ")
  return `${words[why]}${list === "" ? "" : ` (${list})`}`
}

const words: Readonly<Record<ReversalReason["why"], string>> = {
  migrations: "it changes migrations, and what has run in a database is not undone by taking back its code",
  workflows: "it changes workflow files, which this app may not write",
  conflict: "GitHub tried the merge, and it has conflicts",
  "not-read": "not all of its files could be read",
}
