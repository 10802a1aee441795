import type { HardStopOutcome } from "../promotion/pause/hard-stop.ts"
import { code, plain } from "./markdown.ts"

/** Most refs named one by one. */
const limitRefs = 10

/** Whether the ruleset stands that refuses every update of the paused branches. Empty where the config asks for none. */
export function explainHardStop(stop: HardStopOutcome | null): string {
  if (stop === null) return ""
  if (stop.problem !== null) {
    return `**The hard stop is not in force**: ${plain(stop.problem, 200)}. Next: grant the app the repository permission ${code("administration: write")} on its installation's page, and see that no other ruleset is named ${code("Portcullis hard stop")}. It is tried again every hour.`
  }
  const names = stop.refs.slice(0, limitRefs).map((ref) => code(ref.replace(/^refs\/heads\//, ""), 100))
  const more = stop.refs.length > names.length ? ` and ${stop.refs.length - names.length} more` : ""
  return `The hard stop is in force: while the pause holds, nobody but Portcullis can update ${names.join(", ")}${more}.`
}

/** What to do where GitHub would not change or delete the ruleset, so that it may shut a branch that no pause is over. */
export function explainLeftover(problem: string, branch: string): string {
  return `**The hard stop may still shut ${code(branch, 100)}, although no pause is over it**: GitHub did not let the app change or delete the ruleset (${plain(problem, 200)}). Next: delete the ruleset ${code("Portcullis hard stop")} by hand in the repository's settings, or grant the app the repository permission ${code("administration: write")} on its installation's page. It is tried again every hour.`
}
