import type { LandingMismatch } from "./judgement.ts"

/** The paths of a mismatch for the ledger; `more` counts those that were left out. */
export type LandingPaths = { lost: string[]; added: string[]; altered: string[]; more: number }

/** Most UTF-16 units of all paths together, and most paths. A unit takes six bytes of JSON at worst. */
const limitUnits = 1000
const limitPaths = 30

/** The first paths of a mismatch, few and short enough for an entry of the ledger. */
export function landingPaths({ findings, more }: LandingMismatch): LandingPaths {
  const paths: LandingPaths = { lost: [], added: [], altered: [], more }
  let units = 0
  for (const [index, { path, how }] of findings.entries()) {
    units += path.length + 3
    if (units > limitUnits || index >= limitPaths) paths.more += 1
    else paths[how].push(path)
  }
  return paths
}
