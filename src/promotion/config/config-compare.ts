import { compareBranches } from "./config-compare-branches.ts"
import { compareAgents, comparePolicy } from "./config-compare-policy.ts"
import { compareReview, compareRisk, valueDifference, type Pair } from "./config-compare-review.ts"
import { compareOthers, compareSets, valueText, type ConfigDifference, type ConfigEffect } from "./config-difference.ts"
import type { CommandRoles } from "./config-rules.ts"
import type { PromotionConfig } from "./config.ts"
import { commandNames, commandTable } from "../command/command-table.ts"
import { atLeast, type Role } from "../permission.ts"

/** Two configs: the one in force, and the one that shall be. `defaultBranch` is the one promotion branch of a config that names none. */
export type ComparedConfigs = Pair<PromotionConfig> & { defaultBranch: string }

type Comparer = (configs: ComparedConfigs) => ConfigDifference[]

/** Every key of the config; what stands under another one is unclear. */
const comparers: Readonly<Partial<Record<keyof PromotionConfig, Comparer>>> = {
  version: () => [],
  _extends: ({ was, becomes }) =>
    // What stands in the organisation's file by then, nobody knows.
    valueDifference("_extends", { was: was._extends ?? null, becomes: becomes._extends ?? null, effect: "unclear" }),
  mode: ({ was, becomes }) => {
    const effect = becomes.mode === "enforce" ? "tightens" : "loosens"
    return valueDifference("mode", { was: was.mode, becomes: becomes.mode, effect })
  },
  branches: (configs) => compareBranches(configs, configs),
  risk: compareRisk,
  review: ({ was, becomes }) => compareReview({ was: was.review, becomes: becomes.review }),
  policy: comparePolicy,
  agents: compareAgents,
  pause: ({ was, becomes }) => [
    ...valueDifference("pause.label", {
      was: was.pause.label,
      becomes: becomes.pause.label,
      effect: was.pause.label.toLowerCase() === becomes.pause.label.toLowerCase() ? "neither" : "unclear",
    }),
    ...valueDifference("pause.hard_stop", {
      was: String(was.pause.hard_stop),
      becomes: String(becomes.pause.hard_stop),
      effect: becomes.pause.hard_stop ? "tightens" : "loosens",
    }),
    ...compareOthers("pause", { was: was.pause, becomes: becomes.pause, known: ["label", "hard_stop"] }),
  ],
  commands: ({ was, becomes }) => compareCommands({ was: was.commands, becomes: becomes.commands }),
  urgent: ({ was, becomes }) => [
    ...compareSets({
      path: "urgent.may_skip",
      was: was.urgent.may_skip,
      becomes: becomes.urgent.may_skip,
      more: "loosens",
      shown: valueText,
    }),
    ...compareOthers("urgent", { was: was.urgent, becomes: becomes.urgent, known: ["may_skip"] }),
  ],
}

/** Keys of the config whose effect is known, rule by rule. */
export const comparedKeys: readonly string[] = Object.keys(comparers)

/**
 * Every rule in which a config differs from another one, and what that does to gates. Equal configs have no difference;
 * compared the other way round, loosening and tightening change places. If the new config opens a gate on anything on
 * which the old one shuts it, at least one difference loosens or is unclear. Of more than 500 the rest is counted, what
 * loosens coming first.
 */
export function compareConfigs(configs: ComparedConfigs): ConfigDifference[] {
  return upToLimit([
    ...Object.values(comparers).flatMap((compare) => compare(configs)),
    ...compareOthers("", { ...configs, known: comparedKeys }),
  ])
}

/** Most differences kept. */
const limitDifferences = 500

function upToLimit(found: ConfigDifference[]): ConfigDifference[] {
  if (found.length <= limitDifferences) return found
  const inOrder = [...found.filter(loosens), ...found.filter((one) => !loosens(one))]
  const rest = inOrder.slice(limitDifferences)
  const tightens = rest.some(({ effect }) => effect === "tightens") ? "tightens" : "neither"
  const effect = rest.some(loosens) ? "unclear" : tightens
  const more = {
    path: "",
    was: null,
    becomes: `${rest.length} differences more, which are not listed`,
    effect,
  } as const
  return [...inOrder.slice(0, limitDifferences), more]
}

/** Whether a difference makes a config one that an operator has to approve. */
export function loosens({ effect }: ConfigDifference): boolean {
  return effect === "loosens" || effect === "unclear"
}

function compareCommands({ was, becomes }: Pair<CommandRoles>): ConfigDifference[] {
  const roles = new Map(Object.entries(becomes))
  const told = Object.entries(was).flatMap(([command, before]) => {
    const after = roles.get(command) ?? before
    return valueDifference(`commands.${command}`, {
      was: before,
      becomes: after,
      effect: effectOfRole(command, { was: before, becomes: after }),
    })
  })
  return [...told, ...compareOthers("commands", { was, becomes, known: Object.keys(was) })]
}

/**
 * Fewer people for what can only shut a gate loosen it; for everything else they tighten it. Rolling back is both: it takes
 * away what hurts, and puts other code into the branch by a shorter list of stages.
 */
function effectOfRole(command: string, { was, becomes }: Pair<Role>): ConfigEffect {
  if (command === "rollback") return "unclear"
  const name = commandNames.find((one) => commandTable[one].role === command)
  const effect = name === undefined ? "loosens" : commandTable[name].effect
  if (effect === "reads") return "neither"
  return (effect === "tightens") === atLeast(was, becomes) ? "tightens" : "loosens"
}
