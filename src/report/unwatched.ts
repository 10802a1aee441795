import { integritySection, type AfterMergeContent, type AfterMergeTold } from "./after-merge.ts"
import { landingTitle } from "./landing.ts"
import { code } from "./markdown.ts"

/** What is told of a landing that no health window watches. */
export type UnwatchedTold = Pick<AfterMergeTold, "run" | "landed" | "enforced">

/**
 * Renders the check run of a landing that nothing watches, where there is something to say of it; null: it landed as it
 * was approved. What it says does not change any more.
 */
export function renderUnwatched(told: UnwatchedTold): AfterMergeContent | null {
  const { run, landed, enforced } = told
  const { integrity, sha } = run.after.landing
  if (integrity === "clean" || (integrity === "unasked" && !enforced)) return null
  const title =
    integrity === "unasked"
      ? "Pushed past all pull requests: nobody has approved this"
      : integrity === "mismatch"
        ? landingTitle(landed ?? { kind: "mismatch", findings: [], more: run.after.mismatch?.more ?? 0 })
        : "Not told whether what was approved has landed"
  const conclusion = enforced && integrity !== "unknown" ? "failure" : "neutral"
  const summary = [
    integritySection(told),
    `Nothing watches what this does to the running system: the config has no ${code("health")} for ${code(run.baseRef)}.`,
    `<sub>run id ${code(run.runId)} · commit ${code(sha.slice(0, 12))} · into ${code(run.baseRef)}</sub>`,
  ].join("\n\n")
  const content = { status: "completed", conclusion, title, summary, annotations: [], actions: [] } as const
  return { content, core: JSON.stringify([conclusion, title]) }
}
