/**
 * How urgent it is to turn a gate red when a pause begins: first the ruleset that shuts the branch for everybody, where the
 * config asks for one, then the commits of the merge queue, since GitHub lands them
 * by itself; then whatever lands by itself as soon as it may; then every other green gate, which anybody could merge
 * through; and in the end those that are shut anyway.
 */
export function urgencyUnderPause(gate: "hard-stop" | "merge-group" | { landing: boolean; green: boolean }): number {
  if (gate === "hard-stop") return 5
  if (gate === "merge-group") return 4
  return gate.landing ? 3 : gate.green ? 2 : 1
}
