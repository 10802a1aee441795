import type { RacedMerge, Receipt } from "../promotion/pause/receipt.ts"
import { explainHardStop } from "./hard-stop.ts"
import { code, plain } from "./markdown.ts"
import { moment, secondOf } from "./moment.ts"

/** Hidden mark by which the receipt of one pause is found again after a crash. */
export function receiptMark(pause: string): string {
  return `<!-- portcullis:receipt:${pause} -->`
}

/** What came of a pause, for whoever asked for it. */
export function renderReceipt(receipt: Receipt, pause: string): string {
  const sections = [lead(receipt), racedList(receipt), greenList(receipt), explainHardStop(receipt.hardStop ?? null)]
  return [...sections.filter((text) => text !== ""), receiptMark(pause)].join("\n\n")
}

function lead(receipt: Receipt): string {
  const { shut, total, tookMs, lifted, untilMs = null } = receipt
  const paused = `${whatIsPaused(receipt)} paused${untilMs === null ? "" : ` until ${moment(untilMs)}`}`
  const merged = mergedWords(receipt)
  const gates = `${total} ${total === 1 ? "gate" : "gates"}`
  if (total === 0) return `${paused}. No gate was open, so there was nothing to shut; ${merged}.`
  if (lifted) return `The pause was lifted when ${shut} of ${total} gates were shut; ${merged}.`
  return `${paused}. ${shut} of ${gates} shut in ${(tookMs / 1000).toFixed(1)} s; ${merged}.`
}

function whatIsPaused({ scope, branch = null }: Receipt): string {
  if (scope === "pull-request") return "This pull request is"
  return branch === null ? "Promotions are" : `Promotions into ${code(branch, 100)} are`
}

function mergedWords({ raced, moreRaced }: Receipt): string {
  const [first] = raced
  if (first === undefined) return "none merged meanwhile"
  const count = raced.length + moreRaced
  return count === 1 ? `one merge raced: ${mergeWords(first)}` : `${count} merges raced`
}

function mergeWords({ number, atMs, by }: RacedMerge): string {
  return `#${number} at ${secondOf(atMs)} UTC${by === null ? "" : `, merged by ${plain(`@${by}`, 60)}`}`
}

function racedList({ raced, moreRaced }: Receipt): string {
  const next = "Next: look whether what was merged must be taken back."
  if (raced.length === 0) return ""
  if (raced.length === 1) return next
  const more = moreRaced > 0 ? [`- and ${moreRaced} more`] : []
  return `${[...raced.map((merge) => `- ${mergeWords(merge)}`), ...more].join("\n")}\n\n${next}`
}

function greenList({ green, moreGreen, lifted }: Receipt): string {
  if (green.length === 0 || lifted) return ""
  const lines = green.map(({ number, problem }) => {
    const what = number === 0 ? "a commit of the merge queue" : `#${number}`
    return `- ${what}, because ${problem === null ? "GitHub has not taken the change yet" : plain(problem, 200)}`
  })
  const more = moreGreen > 0 ? [`- and ${moreGreen} more`] : []
  return `**Still green:**\n\n${[...lines, ...more].join("\n")}\n\nNext: see to it by hand that these are not merged. Portcullis goes on trying to shut them.`
}
