import { descend } from "./descend.ts"
import { findingOf, type Difference } from "./finding.ts"
import { judgePath, type BlobReading, type PathVerdict, type Texts } from "./judge-path.ts"
import type { LandingDoubt, LandingJudgement } from "./judgement.ts"
import { countLines } from "./lines.ts"
import { mergeTrees, type Contested, type MergedTrees } from "./merge-trees.ts"
import { isFile, isSame, type FlatTree, type Folder, type FourSides, type TreeEntry } from "./tree.ts"

/** What a landing is judged by: the ids of its four trees, and the folders and files that were read of them so far. */
export type LandingInput = {
  roots: FourSides<string>
  folders: ReadonlyMap<string, Folder>
  blobs: ReadonlyMap<string, BlobReading>
}

/** The judgement; or what must be read before it can be made. */
export type LandingStep = LandingJudgement | { kind: "needs"; folders: readonly string[]; blobs: readonly string[] }

/** Most findings told of, most whose lines are counted, and most paths that both sides changed which are looked into. */
const limitFindings = 100
const limitCounted = 20
const limitContested = 100

/** Most work done with texts: about a second. */
const limitWork = 6_000_000

/** Most paths named where something could not be told. */
const limitDoubts = 20

/**
 * Compares what landed with a merge, made here, of the branch right before it and the head that was approved. Only the
 * four trees count, so the same holds for a merge, a squash, the last commit of a rebase, and each member of a merge
 * queue's group against the commit before it.
 *
 * Total: the same input gives the same step, and reading what a step needs leads on to the judgement.
 */
export function judgeLanding(input: LandingInput): LandingStep {
  const quick = look(input, false)
  return quick.mayBeMoved ? look(input, true).step : quick.step
}

type Judged = { contested: Contested; verdict: PathVerdict }

function look(input: LandingInput, thorough: boolean): { step: LandingStep; mayBeMoved: boolean } {
  const descent = descend({ roots: input.roots, folders: input.folders, thorough })
  const end = (step: LandingStep) => ({ step, mayBeMoved: false })
  if (descent.kind === "needs") return end({ kind: "needs", folders: descent.folders, blobs: [] })
  if (descent.kind === "too-deep") return end(doubt("too-large"))
  const { trees } = descent
  const merged = mergeTrees(trees)
  const texts = textsOf(input.blobs)
  const judged = judgeContested(merged, trees, texts)
  const differences = [...differencesOf(trees, merged.tree, judged), ...judged.flatMap(differenceOf)]
  const counted = countedIn(differences, texts)
  if (texts.missing.size > 0) return end({ kind: "needs", folders: [], blobs: [...texts.missing] })
  return { step: conclude(counted, judged), mayBeMoved: judged.some(mayBeMoved) }
}

function judgeContested(merged: MergedTrees, trees: FourSides<FlatTree>, texts: Texts): Judged[] {
  const taken = new Set<string>()
  return merged.contested.map((contested, index) => {
    if (index >= limitContested) return { contested, verdict: { kind: "open", why: "too-large" } }
    const verdict = judgePath(contested, { trees, merged: merged.tree, taken }, texts)
    for (const path of movedBy(verdict)) taken.add(path)
    return { contested, verdict }
  })
}

function movedBy(verdict: PathVerdict): readonly string[] {
  return "moved" in verdict ? verdict.moved : []
}

function doubt(why: LandingDoubt): LandingJudgement {
  return { kind: "unknown", why, paths: [], more: 0 }
}

function textsOf(blobs: LandingInput["blobs"]): Texts & { missing: Set<string> } {
  const missing = new Set<string>()
  let work = 0
  return {
    missing,
    spend: (more) => void (work += more),
    isSpent: () => work > limitWork,
    read(sha) {
      const found = blobs.get(sha) ?? null
      if (found === null) missing.add(sha)
      return found
    },
  }
}

/** A file that one side alone has no more, or that both have anew, may have come from or gone to somewhere else. */
function mayBeMoved({ contested: { ancestor, ours, theirs }, verdict }: Judged): boolean {
  return !(verdict.kind === "fits" && verdict.sure) && ![ancestor, ours, theirs].every(isFile)
}

/** Where something else landed than one side alone, or both alike, put there. */
function differencesOf(trees: FourSides<FlatTree>, merged: FlatTree, judged: readonly Judged[]): Difference[] {
  const apart = new Set(judged.flatMap(({ contested, verdict }) => [contested.path, ...movedBy(verdict)]))
  return [...new Set([...merged.keys(), ...trees.landed.keys()])]
    .filter((path) => !apart.has(path) && !isSame(merged.get(path) ?? null, trees.landed.get(path) ?? null))
    .map((path) => {
      const at = (tree: FlatTree): TreeEntry | null => tree.get(path) ?? null
      const { ancestor, ours, theirs, landed } = trees
      const sides = { ancestor: at(ancestor), ours: at(ours), theirs: at(theirs), landed: at(landed) }
      return { path, sides, expected: at(merged), lines: null, moved: false }
    })
}

function differenceOf({ verdict }: Judged): Difference[] {
  return verdict.kind === "differs" ? [{ ...verdict, moved: verdict.moved.length > 0 }] : []
}

/** Counts the lines of the first of them, in which what should have landed is known and was not looked into yet. */
function countedIn(differences: readonly Difference[], texts: Texts): Difference[] {
  const sorted = differences.toSorted((one, other) => (one.path < other.path ? -1 : 1))
  const countable = ({ lines, expected, sides }: Difference): boolean =>
    lines === null && isFile(expected) && isFile(sides.landed)
  const chosen = new Set(sorted.filter(countable).slice(0, limitCounted))
  return sorted.map((one) => {
    if (!chosen.has(one) || one.expected == null || one.sides.landed === null) return one
    const [expected, landed] = [texts.read(one.expected.sha), texts.read(one.sides.landed.sha)]
    const old = isFile(one.sides.ancestor) ? texts.read(one.sides.ancestor.sha) : null
    if (expected?.kind !== "text" || landed?.kind !== "text") return one
    const ancestor = old?.kind === "text" ? old.text : null
    return { ...one, lines: countLines({ expected: expected.text, landed: landed.text, ancestor }) }
  })
}

function conclude(differences: readonly Difference[], judged: readonly Judged[]): LandingJudgement {
  if (differences.length > 0) {
    const findings = differences.slice(0, limitFindings).map(findingOf)
    return { kind: "mismatch", findings, more: differences.length - findings.length }
  }
  const open = judged.flatMap(({ contested, verdict }) =>
    verdict.kind === "open" ? [{ path: contested.path, why: verdict.why }] : [],
  )
  const [first] = open
  if (first === undefined) return { kind: "clean" }
  const paths = open.slice(0, limitDoubts).map(({ path }) => path)
  return { kind: "unknown", why: first.why, paths, more: open.length - paths.length }
}
