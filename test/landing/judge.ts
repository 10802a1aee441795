import type { BlobReading } from "../../src/promotion/landing/judge-path.ts"
import { judgeLanding } from "../../src/promotion/landing/judge-landing.ts"
import type { LandingJudgement } from "../../src/promotion/landing/judgement.ts"
import type { Folder, FourSides } from "../../src/promotion/landing/tree.ts"

import { folderOf, type Objects } from "./objects.ts"

/** What judging took: folders and files read. */
export type Reading = { folders: number; blobs: number }

/** Judges a landing by objects at hand, without any GitHub. Every side is the id of a tree. */
export function judgeHere(
  objects: Objects,
  roots: FourSides<string>,
): { judgement: LandingJudgement; reading: Reading } {
  const folders = new Map<string, Folder>()
  const blobs = new Map<string, BlobReading>()
  for (;;) {
    const step = judgeLanding({ roots, folders, blobs })
    if (step.kind !== "needs") return { judgement: step, reading: { folders: folders.size, blobs: blobs.size } }
    if (step.folders.length + step.blobs.length === 0) throw new Error("needs nothing, and does not judge")
    for (const id of step.folders) folders.set(id, folderOf(bodyOf(objects, id)))
    for (const id of step.blobs) blobs.set(id, readingOf(bodyOf(objects, id)))
  }
}

function bodyOf(objects: Objects, id: string): Buffer {
  const found = objects.get(id)
  if (found === undefined) throw new Error(`no object ${id}`)
  return found.body
}

function readingOf(bytes: Buffer): BlobReading {
  return bytes.includes(0) ? { kind: "none", why: "no-text" } : { kind: "text", text: bytes.toString("latin1") }
}

/** What is found, in short: `how of path`, with the pull requests that brought what is lost. */
export function short(judgement: LandingJudgement): string[] {
  if (judgement.kind === "clean") return ["clean"]
  if (judgement.kind === "unknown") return [`unknown: ${judgement.why}`, ...judgement.paths]
  return judgement.findings.map(({ path, how, of, lines, brought }) => {
    const count = lines === null ? "" : ` -${lines.missing} +${lines.extra}`
    const from = brought === null ? "" : ` (${brought.pulls.map((number) => `#${number}`).join(", ")})`
    return `${how} of ${of}: ${path}${count}${from}`
  })
}
