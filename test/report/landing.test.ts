import { describe, expect, test } from "vitest"
import { sha } from "../../src/lib/brand.ts"
import { landingPaths } from "../../src/promotion/landing/landing-paths.ts"
import type { LandingFinding, LandingMismatch } from "../../src/promotion/landing/judgement.ts"
import { explainLanding, landingTitle, type LandedPlace } from "../../src/report/landing.ts"

const place: LandedPlace = {
  branch: "main",
  number: 12,
  before: sha("b".repeat(40)),
  landed: sha("1".repeat(40)),
  head: sha("a".repeat(40)),
  paused: true,
}

function finding(path: string, over: Partial<LandingFinding> = {}): LandingFinding {
  return { path, how: "lost", of: "branch", lines: null, right: "branch", brought: null, ...over }
}

function mismatch(...findings: LandingFinding[]): LandingMismatch {
  return { kind: "mismatch", findings, more: 0 }
}

const brought = { commit: "c".repeat(40), headline: "Add the cart (#9)", pulls: [9] }

describe("a mismatch is told to whoever must put it right", () => {
  test("with whose content is lost, and how to get it back", () => {
    const found = mismatch(
      finding("src/cart.ts", { lines: { missing: 3, extra: 1, back: 1 }, brought }),
      finding("src/new.ts", { brought: { ...brought, pulls: [] } }),
      finding("docs/b.md", { of: "change", right: "change", lines: { missing: 1, extra: 0, back: 0 } }),
      finding("src/miner.ts", { how: "added", of: "neither", right: "nothing" }),
      finding("docs/a.md", { how: "added", of: "change", right: "nothing" }),
      finding("src/tax.ts", { how: "altered", of: "both", right: "merge", lines: { missing: 2, extra: 2, back: 0 } }),
    )
    expect(landingTitle(found)).toMatchInlineSnapshot(
      `"Something else landed than was approved: 3 files with lost content, 2 files with added content, 1 file altered"`,
    )
    expect(explainLanding(place, found)).toMatchInlineSnapshot(`
      "**What landed on \`main\` for #12 is not what was approved** (\`landing_mismatch\`). Commit 1111111111111111111111111111111111111111 should be a merge of the branch as it stood before (\`bbbbbbbbbbbb\`) and the approved head (\`aaaaaaaaaaaa\`). Portcullis made that merge by itself, and 6 files differ:

      - \`src/cart.ts\`: something that stood on the branch is gone, and nobody has approved that: it had come with #9, “Add the cart (&#35;9)” (3 lines are missing, 1 line is too many).
      - \`src/new.ts\`: something that stood on the branch is gone, and nobody has approved that: it had come with commit \`cccccccccccc\`, “Add the cart (&#35;9)”.
      - \`docs/b.md\`: something that was approved did not land (1 line is missing).
      - \`src/miner.ts\`: nobody has approved it.
      - \`docs/a.md\`: its removal was approved, and it is still there.
      - \`src/tax.ts\`: the branch and this pull request have both changed it, and it landed otherwise (2 lines are missing, 2 lines are too many).

      Next: on a new branch from \`main\`, put it right, and have that merged as any other pull request; if more has landed since, look first whether it builds on what is wrong.

      These commands put the files back as they should be:

      \`\`\`sh
      git fetch origin pull/12/head
      git checkout aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -- docs/b.md
      git checkout bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb -- src/cart.ts src/new.ts
      git rm -- src/miner.ts docs/a.md
      \`\`\`

      To be put right by hand: \`src/tax.ts\`.

      Then somebody with the \`write\` role resumes promotions with \`/resume-promotion\`."
    `)
  })

  test("in one file, where nothing is paused", () => {
    const found = mismatch(finding("README.md", { how: "altered", lines: { missing: 1, extra: 1, back: 0 } }))
    expect(landingTitle(found)).toMatchInlineSnapshot(`"Something else landed than was approved: 1 file altered"`)
    expect(explainLanding({ ...place, paused: false }, found)).toMatchInlineSnapshot(`
      "**What landed on \`main\` for #12 is not what was approved** (\`landing_mismatch\`). Commit 1111111111111111111111111111111111111111 should be a merge of the branch as it stood before (\`bbbbbbbbbbbb\`) and the approved head (\`aaaaaaaaaaaa\`). Portcullis made that merge by itself, and one file differs:

      - \`README.md\`: it stood on the branch, this pull request does not touch it, and yet it has changed (1 line is missing, 1 line is too many).

      Next: on a new branch from \`main\`, put it right, and have that merged as any other pull request; if more has landed since, look first whether it builds on what is wrong.

      These commands put the files back as they should be:

      \`\`\`sh
      git checkout bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb -- README.md
      \`\`\`"
    `)
  })

  test("in every combination with a sentence of its own, and nothing undefined", () => {
    const hows = ["lost", "added", "altered"] as const
    const ofs = ["branch", "change", "both", "neither"] as const
    const rights = ["branch", "change", "nothing", "merge"] as const
    for (const how of hows) {
      for (const of of ofs) {
        for (const right of rights) {
          const words = explainLanding(place, mismatch(finding("a.ts", { how, of, right })))
          expect(words).toMatch(/- `a\.ts`: [a-z].*\.\n/)
          expect(words).not.toContain("undefined")
        }
      }
    }
  })

  test("without a command for a path that a shell would not take as it is, and without markup from it", () => {
    const path = "$(rm -rf ~)`|\n<img src=x>.ts"
    const words = explainLanding(place, mismatch(finding(path), finding("-rf"), finding("src/a b.ts")))
    expect(words).not.toContain("git checkout")
    expect(words).not.toContain("\n<img")
    expect(words).toContain("To be put right by hand: ``$(rm -rf ~)`¦ <img src=x>.ts``, `-rf`, `src/a b.ts`.")
  })

  test("of very many files with the first of them, for people and for the ledger", () => {
    const found = mismatch(...Array.from({ length: 100 }, (_, index) => finding(`${"folder/".repeat(20)}${index}.ts`)))
    const all = { ...found, more: 900 }
    expect(landingTitle(all)).toBe("Something else landed than was approved: 100 files with lost content, 900 more")
    const words = explainLanding(place, all)
    expect(words).toContain("1000 files differ")
    expect(words).toContain("- and 980 more")
    expect(new TextEncoder().encode(words).length).toBeLessThan(20_000)
    const paths = landingPaths(all)
    expect(paths.lost.length + paths.more).toBe(1000)
    expect(JSON.stringify(landingPaths(mismatch(finding("\u0001".repeat(4000))))).length).toBeLessThan(100)
    expect(JSON.stringify(paths).length).toBeLessThan(6000)
  })
})

test("what could not be told is told as such, with the reason", () => {
  const doubt = { kind: "unknown", why: "no-text", paths: ["logo.png"], more: 2 } as const
  expect(landingTitle(doubt)).toBe("Not told whether what was approved has landed")
  expect(explainLanding(place, doubt)).toMatchInlineSnapshot(
    `"**Whether what landed on \`main\` for #12 is what was approved could not be told**: the branch and the pull request have both changed a file that is no text (\`logo.png\`, 2 more). Next: compare by hand what \`111111111111\` changes against \`bbbbbbbbbbbb\` with what the approved head \`aaaaaaaaaaaa\` changes."`,
  )
})

test("a clean landing needs no words", () => {
  expect(landingTitle({ kind: "clean" }) + explainLanding(place, { kind: "clean" })).toBe("")
})
