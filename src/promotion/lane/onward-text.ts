import { clip } from "../../lib/clip.ts"
import type { LandedRun } from "../rollback/plan-rollback.ts"
import type { CloseOnward } from "./onward-deed.ts"

/** What a promotion pull request is of. */
export type OnwardTold = {
  /** The source branch, and where it goes. */
  branch: string
  target: string
  commit: string
  /** The known-good tag. */
  tag: string
  runId: string
  /** Sections that the config demands of a description. */
  sections: readonly string[]
}

/** Title of a promotion pull request that carries these landings. */
export function onwardTitle({ branch, target }: OnwardTold, carries: readonly LandedRun[]): string {
  const count = carries.length === 0 ? "" : ` (${carries.length} ${carries.length === 1 ? "change" : "changes"})`
  return `Promote ${bare(branch)} to ${bare(target)}${count}`
}

/** Its description: what it carries, and that nothing else goes along. */
export function onwardBody(told: OnwardTold, carries: readonly LandedRun[]): string {
  const { branch, commit, tag, runId, sections } = told
  const proven = `\`${commit}\`, the known-good commit of ${code(branch)}`
  return [
    `This carries exactly ${proven} (tag ${code(tag)}): it passed its health window there, and nothing that came after it goes along. When a newer commit is known-good, Portcullis brings this pull request forward to that.`,
    `It carries:\n\n${listOf(carries)}`,
    ...sections.map((name) => {
      return `## ${bare(name)}\n\nEach change proved itself on ${code(branch)}: see the check run \`Promotion health\` on its commit.`
    }),
    `<sub>run id \`${runId}\`</sub>`,
  ].join("\n\n")
}

/** What is left in the description of one that was closed. */
export function onwardEndBody({ branch, target, why }: { branch: string; target: string } & Pick<CloseOnward, "why">) {
  const because =
    why === "contained"
      ? `${code(target)} has all of it by now.`
      : `some of what it carried is being taken out of ${code(branch)}. What is known-good there next gets a pull request of its own.`
  return `Portcullis closed this: ${because}`
}

/** Most landings that are listed; the newest come first. */
const limitListed = 100

function listOf(carries: readonly LandedRun[]): string {
  if (carries.length === 0) return "- what came on the branch before Portcullis followed it"
  const lines = carries.toReversed().map(({ number, state, after: { landing } }) => {
    const what = number === 0 ? `pushed past all pull requests: ${landing.sha}` : `#${number}`
    return `- ${what}${state === "rolled_back" ? " (taken out again)" : ""}`
  })
  return lines.slice(0, limitListed).join("\n")
}

/** One line of a name, without marks of Markdown that git allows in it. */
function bare(name: string): string {
  return clip(name.replaceAll(/[\s`<>@#|]+/g, " ").trim(), 100)
}

function code(name: string): string {
  return `\`${bare(name)}\``
}
