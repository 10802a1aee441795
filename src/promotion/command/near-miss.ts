import { commandNames, type CommandName } from "./command-table.ts"

/**
 * Names that are no commands, but that people write for one, in an emergency above all. Not among them, because other
 * bots answer to them: `/hold` (Prow), `/merge` (Prow's kin, and workflows made for it), `/stop`.
 */
const meant = new Map<string, CommandName>([
  ["pause", "pause-promotion"],
  ["resume", "resume-promotion"],
  ["unpause", "resume-promotion"],
  ["unpause-promotion", "resume-promotion"],
  ["status", "promotion-status"],
])

/** From how many letters on a name may be missed by one letter, and by two: shorter ones are words of their own. */
const missByOne = 6
const missByTwo = 10

/** The command that was probably meant by a name that is none; undefined where that is anybody's guess. */
export function nearMiss(said: string): CommandName | undefined {
  const name = said.toLowerCase().replaceAll("_", "-")
  const near = commandNames
    .map((command) => ({ command, distance: distanceWithin(name, command, 2) }))
    .filter(({ command, distance }) => distance <= allowed(command))
    .toSorted((a, b) => a.distance - b.distance)
  return meant.get(name) ?? near[0]?.command
}

function allowed(name: string): number {
  if (name.length >= missByTwo) return 2
  return name.length >= missByOne ? 1 : 0
}

/** How many letters must be changed, added or taken away; anything above `limit` where it is more than that. */
function distanceWithin(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) > limit) return limit + 1
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1]
    for (const [place, wanted] of [...other].entries()) {
      const changed = (row[place] ?? 0) + (letter === wanted ? 0 : 1)
      next.push(Math.min(changed, (row[place + 1] ?? 0) + 1, (next[place] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
