import type { AskedDeed, EffectOutcome } from "../promotion/merge/effect.ts"
import { code, plain } from "./markdown.ts"

/** What a person has to know of something that was to be done; null where it was done. */
export function explainEffect(deed: AskedDeed, outcome: EffectOutcome | null): string | null {
  if (outcome === null || !("words" in outcome)) return null
  const what = deed.kind === "close-pull-request" ? "This pull request" : `The branch ${code(deed.branch, 100)}`
  const not = deed.kind === "close-pull-request" ? "closed" : "deleted"
  const why = outcome.how === "refused" ? `GitHub refused it (${plain(outcome.words, 200)})` : plain(outcome.words, 200)
  const next = outcome.how === "refused" ? " Next: a person does it by hand." : ""
  return `${what} was not ${not}: ${why}.${next}`
}
