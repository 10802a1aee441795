import { valueDifference, type Pair } from "./config-compare-review.ts"
import {
  byStrictness,
  compareOthers,
  compareSets,
  requirementText,
  timeText,
  valueText,
  type ConfigDifference,
} from "./config-difference.ts"
import type { Requirement, StageRules } from "./config.ts"

/** Compares two lists of stages; their order does not matter. */
export function compareStages(path: string, { was, becomes }: Pair<readonly StageRules[]>): ConfigDifference[] {
  const kinds = (stages: readonly StageRules[]): string[] => stages.map(({ kind }) => kind)
  const both = was.flatMap((before) => {
    const after = becomes.find(({ kind }) => kind === before.kind)
    return after === undefined ? [] : compareStage(path, { was: before, becomes: after })
  })
  return [
    ...compareSets({ path, was: kinds(was), becomes: kinds(becomes), more: "tightens", shown: valueText }),
    ...both,
  ]
}

/** How many entries such a list has, to be held against another's. */
export function sizeOfStages(stages: readonly StageRules[]): number {
  return stages.reduce((sum, stage) => sum + (stage.kind === "checks" ? stage.require.length : 0), 1)
}

function compareStage(path: string, { was, becomes }: Pair<StageRules>): ConfigDifference[] {
  if (was.kind === "checks" && becomes.kind === "checks") return compareChecks(`${path}.checks`, { was, becomes })
  if (was.kind === "deployment" && becomes.kind === "deployment") {
    return compareDeployment(`${path}.deployment`, { was, becomes })
  }
  return compareOthers(`${path}.${was.kind}`, { was, becomes, known: ["kind"] })
}

type Stage<Kind> = Extract<StageRules, { kind: Kind }>

function compareChecks(path: string, { was, becomes }: Pair<Stage<"checks">>): ConfigDifference[] {
  return [
    ...compareSets<Requirement>({
      path: `${path}.require`,
      was: was.require,
      becomes: becomes.require,
      more: "tightens",
      key: ({ name, app, ...rest }) => JSON.stringify([name, app, rest]),
      shown: requirementText,
    }),
    ...compareOthers(path, { was, becomes, known: ["kind", "require"] }),
  ]
}

/** Another environment is another proof. GitHub takes no account of upper and lower case in its name. */
function compareDeployment(path: string, { was, becomes }: Pair<Stage<"deployment">>): ConfigDifference[] {
  const same = was.environment.toLowerCase() === becomes.environment.toLowerCase()
  return [
    ...valueDifference(`${path}.environment`, {
      was: was.environment,
      becomes: becomes.environment,
      effect: same ? "neither" : "unclear",
    }),
    ...valueDifference(`${path}.observe`, {
      was: timeText(was.observeMs),
      becomes: timeText(becomes.observeMs),
      effect: byStrictness(was.observeMs, becomes.observeMs),
    }),
    ...compareOthers(path, { was, becomes, known: ["kind", "environment", "observeMs"] }),
  ]
}
