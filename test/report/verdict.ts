import { promotionConfigSchema, rulesForBranch, type ConfigInForce } from "../../src/promotion/config/config.ts"
import { readConfigFile } from "../../src/promotion/config/config-file.ts"
import type { CheckFact, DeploymentFact } from "../../src/promotion/fact.ts"
import { labelPauseId, type Pause } from "../../src/promotion/pause/pause.ts"
import type { Snapshot } from "../../src/promotion/gate/snapshot.ts"
import { judgeGate, type Verdict } from "../../src/promotion/gate/verdict.ts"
import { renderGate } from "../../src/report/check-run.ts"
import { expect } from "vitest"
import { head, nowMs, number, promotions, pulls, snapshotOf } from "../promotion/world.ts"

const blob = "d".repeat(40)

/** A check by its name and what it said: a conclusion, or `null` while it runs. */
export type Said = { name: string; says: string | null; app?: string | null }

function check({ name, says, app = "github-actions" }: Said, index: number): CheckFact {
  const place = { sha: head, url: null, atMs: nowMs, appId: app === null ? null : app.length }
  const status = says === null ? "in_progress" : "completed"
  return { source: "check-run", id: index + 1, name, app, status, conclusion: says, ...place }
}

/** A pause of the whole repository by a command. */
export function pauseBy(login: string, reason: string | null = null): Pause {
  const actor = { kind: "user", login, id: 1 } as const
  const scope = { scope: "repository", branch: null, number: null, source: "command", untilMs: null } as const
  return { id: `comment:${login}:0`, ...scope, reason, actor, atMs: nowMs }
}

/** The pause of the label on the pull request; by nobody that GitHub names, unless told. */
export function pauseByLabel(login: string | null): Pause {
  const actor = login === null ? ({ kind: "system", login: "portcullis", id: null } as const) : pauseBy(login).actor
  const scope = { scope: "pull-request", branch: null, number, source: "label", untilMs: null } as const
  return { id: labelPauseId(number), ...scope, reason: null, actor, atMs: nowMs + 1 }
}

/** What a gate is judged by; everything left out is in order. */
export type Situation = {
  mode?: "advisory" | "enforce"
  require?: readonly unknown[]
  checks?: readonly Said[]
  pauses?: readonly Pause[]
  draft?: boolean
  /** Whether the pause label is on; true unless told, where the label's pause holds. */
  labelled?: boolean
  partial?: boolean
  /** Text of the newest config file, when that is not valid. */
  invalid?: string
  /** Whether a valid file was there before the invalid one; true unless told. */
  lastValid?: boolean
  /** Text of the stages, when it is not one of checks. */
  stages?: readonly unknown[]
  deployments?: readonly DeploymentFact[]
}

/** Judges a situation, as the app does. */
export function verdictOf(situation: Situation): Verdict {
  const { mode = "enforce", require = ["build"], checks = [], pauses = [], partial = false } = situation
  const stages = situation.stages ?? [{ checks: { require } }]
  const config = inForce(situation, promotionConfigSchema.parse({ version: 1, mode, branches: { main: { stages } } }))
  const fact = pulls[situation.draft === true ? "draft into main" : "open into main"]
  const rules = rulesForBranch(config.config, { name: "main", defaultBranch: "main" })
  if (fact === undefined || fact === null || rules === undefined) throw new Error("the world is not as it was")
  const { labelled = pauses.some((pause) => pause.source === "label") } = situation
  const sight = partial ? "partial" : "complete"
  const choice = {
    config,
    pull: fact,
    checks: checks.map(check),
    pauses,
    label: unlabelled,
    promotion: underWay,
    sight,
  } as const
  const judged = judgeGate({
    pullRequest: labelled ? { ...fact, labels: ["promotion-paused"] } : fact,
    config,
    rules,
    pauses,
    promotion: underWay,
    snapshot: deployedAs(situation, snapshotOf(choice)),
    changesConfig: false,
  })
  if (judged.needs !== null) throw new Error("something is not known")
  return judged.result
}

const unlabelled = { on: false, asks: [], roles: new Map() }
const underWay = promotions["proposed"] ?? expect.fail("the world is not as it was")

function deployedAs({ deployments = [] }: Situation, snapshot: Snapshot): Snapshot {
  return { ...snapshot, deployments }
}

function inForce({ invalid, lastValid = true }: Situation, config: ConfigInForce["config"]): ConfigInForce {
  if (invalid === undefined) return { status: "valid", blob, config }
  const reading = readConfigFile(invalid)
  if (reading.status === "valid") throw new Error("this config is valid")
  return { status: "invalid", blob, config, lastValid, problems: reading.problems, more: reading.more }
}

/** Run id that every gate shows. */
export const runId = "01930000-0000-7000-8000-000000000001"

/** The gate as a person sees it: verdict and title in a line, and the summary below. */
export function shown(situation: Situation): string {
  const { status, conclusion, title, summary } = renderGate(verdictOf(situation), { runId })
  return `${conclusion ?? status} | ${title}\n\n${summary}`
}

/** The one check that is required unless told otherwise. */
export const passed: readonly Said[] = [{ name: "build", says: "success" }]

/** A config file with two mistakes. */
export const badConfig = "version: 1\nmode: strict\nbranches:\n  main:\n    stages: [deployment]\n"
