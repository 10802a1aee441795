import type { HealthInput, HealthVerdict } from "../../src/promotion/health/judge-health.ts"
import type { HealthRules } from "../../src/promotion/health/rules.ts"
import { renderHealth, type HealthContext } from "../../src/report/health.ts"
import { at, deployment, judge, merged, url } from "../promotion/health-world.ts"
import { runId } from "./verdict.ts"

/** What stands beside a verdict; pull request 12, merged into main, and nothing more. */
export function contextOf(more: Partial<HealthContext> = {}): HealthContext {
  return {
    runId,
    number: 12,
    baseRef: "main",
    sha: merged,
    mode: "enforce",
    policy: { noData: "ask", automatic: true },
    knownGood: null,
    rollback: null,
    notes: [],
    button: null,
    watch: null,
    ...more,
  }
}

/** The check run as a person sees it: verdict and title in a line, the summary below, and its buttons. */
export function shownOf(verdict: HealthVerdict, more: Partial<HealthContext> = {}): string {
  const { status, conclusion, title, summary, actions = [] } = renderHealth(verdict, contextOf(more))
  const buttons = actions.map(({ label, description }) => `[${label}] ${description}`)
  return [`${conclusion ?? status} | ${title}`, summary, ...buttons].join("\n\n")
}

/** The same for what is judged by these rules and reports. */
export function shown(
  rules: Partial<HealthRules>,
  facts: Partial<HealthInput> = {},
  more: Partial<HealthContext> = {},
): string {
  return shownOf(judge(rules, facts), more)
}

/** What most merges here are watched by. */
export const rules = {
  deployments: ["production"],
  checks: [{ name: "smoke *", app: null, confirm: true }],
  probes: [{ url, everyMs: 30_000, failures: 2 }],
}

/** The merged commit in production, two minutes after the merge. */
export const deployments = [deployment({ createdAtMs: at(0), atMs: at(2) })]
