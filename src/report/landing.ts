import type { Sha } from "../lib/brand.ts"
import type { LandingDoubt, LandingFinding, LandingJudgement, LandingMismatch } from "../promotion/landing/judgement.ts"
import { code, plain, upTo } from "./markdown.ts"

/**
 * Where something landed: on which branch, between which commits, and which head of which pull request was approved.
 * `paused`: promotions into the branch were paused for it.
 */
export type LandedPlace = { branch: string; number: number; before: Sha; landed: Sha; head: Sha; paused: boolean }

/** Most findings told one by one, and most bytes of their list. */
const limitFindings = 20
const limitBytes = 12 * 1024

/** In one line, without Markdown, for the title of a check run. Empty for a clean landing. */
export function landingTitle(judgement: LandingJudgement): string {
  if (judgement.kind === "clean") return ""
  if (judgement.kind === "unknown") return "Not told whether what was approved has landed"
  const count = (how: LandingFinding["how"]): number => judgement.findings.filter((one) => one.how === how).length
  const parts = (["lost", "added", "altered"] as const).flatMap((how) => {
    const found = count(how)
    return found === 0 ? [] : [`${found} ${found === 1 ? "file" : "files"} ${titleWords[how]}`]
  })
  const more = judgement.more > 0 ? [`${judgement.more} more`] : []
  return `Something else landed than was approved: ${[...parts, ...more].join(", ")}`
}

const titleWords: Readonly<Record<LandingFinding["how"], string>> = {
  lost: "with lost content",
  added: "with added content",
  altered: "altered",
}

/** What is wrong with a landing and what to do, in Markdown, for somebody who has never heard of it. Empty for a clean one. */
export function explainLanding(place: LandedPlace, judgement: LandingJudgement): string {
  if (judgement.kind === "clean") return ""
  return judgement.kind === "unknown" ? explainDoubt(place, judgement) : explainMismatch(place, judgement)
}

function explainMismatch(place: LandedPlace, { findings, more }: LandingMismatch): string {
  const { branch, number, before, landed, head } = place
  const files = findings.length + more
  const lead = `**What landed on ${code(branch, 100)} for #${number} is not what was approved** (\`landing_mismatch\`). Commit ${landed} should be a merge of the branch as it stood before (${short(before)}) and the approved head (${short(head)}). Portcullis made that merge by itself, and ${files === 1 ? "one file differs" : `${files} files differ`}:`
  const { shown, left } = upTo(findings.slice(0, limitFindings).map(line), limitBytes)
  const rest = findings.length - shown.length + more
  const list = [...shown, ...(rest > 0 ? [`- and ${rest} more`] : [])].join("\n")
  const told = findings.slice(0, Math.min(limitFindings, findings.length) - left)
  return [lead, list, nextSteps(place, told)].join("\n\n")
}

function short(commit: string): string {
  return code(commit.slice(0, 12))
}

function line(finding: LandingFinding): string {
  const { missing, extra } = finding.lines ?? { missing: 0, extra: 0 }
  const counts = [
    ...(missing > 0 ? [`${missing} ${missing === 1 ? "line is" : "lines are"} missing`] : []),
    ...(extra > 0 ? [`${extra} ${extra === 1 ? "line is" : "lines are"} too many`] : []),
  ]
  return `- ${code(finding.path, 160)}: ${what(finding)}${counts.length === 0 ? "" : ` (${counts.join(", ")})`}.`
}

function what(finding: LandingFinding): string {
  const { how, of, right } = finding
  const words = sentences[of]
  if (how === "added" && right === "nothing") return words.back
  return how === "lost" && of === "branch" ? `${words.lost}${broughtBy(finding)}` : words[how]
}

type Words = { lost: string; added: string; altered: string; back: string }

const sentences: Readonly<Record<LandingFinding["of"], Words>> = {
  branch: {
    lost: "something that stood on the branch is gone, and nobody has approved that",
    added: "there is more in it than stood on the branch, although this pull request does not touch it",
    altered: "it stood on the branch, this pull request does not touch it, and yet it has changed",
    back: "the branch had removed it, and it is back",
  },
  change: {
    lost: "something that was approved did not land",
    added: "there is more in it than was approved",
    altered: "it landed otherwise than it was approved",
    back: "its removal was approved, and it is still there",
  },
  both: {
    lost: "the branch and this pull request have both changed it, and not all of that is there",
    added: "the branch and this pull request have both changed it, and there is more in it than both",
    altered: "the branch and this pull request have both changed it, and it landed otherwise",
    back: "the branch and this pull request have both removed it, and it is back",
  },
  neither: {
    lost: "nobody has approved it",
    added: "nobody has approved it",
    altered: "nobody has approved it",
    back: "nobody has approved it",
  },
}

function broughtBy({ brought }: LandingFinding): string {
  if (brought === null) return ""
  const pulls = brought.pulls.slice(0, 3).map((number) => `#${number}`)
  const from = pulls.length > 0 ? pulls.join(", ") : `commit ${short(brought.commit)}`
  return `: it had come with ${from}, “${plain(brought.headline, 80)}”`
}

/** Paths that a shell takes as they are. */
const tame = /^[\w.@+][\w.@+/-]*$/

function nextSteps({ branch, number, before, head, paused }: LandedPlace, findings: readonly LandingFinding[]): string {
  const pathsOf = (right: LandingFinding["right"]): string[] =>
    findings.filter((one) => one.right === right && tame.test(one.path)).map(({ path }) => path)
  const [ofBranch, ofChange, ofNobody] = [pathsOf("branch"), pathsOf("change"), pathsOf("nothing")]
  const commands = [
    ...(ofChange.length > 0
      ? [`git fetch origin pull/${number}/head`, `git checkout ${head} -- ${ofChange.join(" ")}`]
      : []),
    ...(ofBranch.length > 0 ? [`git checkout ${before} -- ${ofBranch.join(" ")}`] : []),
    ...(ofNobody.length > 0 ? [`git rm -- ${ofNobody.join(" ")}`] : []),
  ]
  const mended = new Set([...ofBranch, ...ofChange, ...ofNobody])
  const byHand = findings.filter(({ path }) => !mended.has(path)).map(({ path }) => code(path, 160))
  const steps = [
    `Next: on a new branch from ${code(branch, 100)}, put it right, and have that merged as any other pull request; if more has landed since, look first whether it builds on what is wrong.`,
    ...(commands.length > 0 ? [`These commands put the files back as they should be:\n\n${block(commands)}`] : []),
    ...(byHand.length > 0 ? [`To be put right by hand: ${byHand.join(", ")}.`] : []),
    ...(paused
      ? [`Then somebody with the ${code("write")} role resumes promotions with ${code("/resume-promotion")}.`]
      : []),
  ]
  return steps.join("\n\n")
}

function block(lines: readonly string[]): string {
  return ["```sh", ...lines, "```"].join("\n")
}

const doubts: Readonly<Record<LandingDoubt, string>> = {
  unreadable: "GitHub did not give all commits, folders or files",
  "too-large": "there is more to compare than Portcullis compares",
  unrelated: "the head and the branch have no commit in common",
  "no-text": "the branch and the pull request have both changed a file that is no text",
  submodule: "the branch and the pull request have both moved a submodule",
  conflict: "the branch and the pull request have both changed the same, so that there is no one way to merge them",
}

function explainDoubt(place: LandedPlace, doubt: LandingJudgement & { kind: "unknown" }): string {
  const { branch, number, before, landed, head } = place
  const names = [...doubt.paths.map((path) => code(path, 160)), ...(doubt.more > 0 ? [`${doubt.more} more`] : [])]
  const where = names.length === 0 ? "" : ` (${names.join(", ")})`
  return `**Whether what landed on ${code(branch, 100)} for #${number} is what was approved could not be told**: ${doubts[doubt.why]}${where}. Next: compare by hand what ${short(landed)} changes against ${short(before)} with what the approved head ${short(head)} changes.`
}
