import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ChangedFile } from "../../src/promotion/change/change.ts"
import { judgeReversal, type Reversal, type ReversalInput } from "../../src/promotion/merge/reversal.ts"
import { reversalSection } from "../../src/report/reversal.ts"

function file(path: string, previousPath: string | null = null): ChangedFile {
  const status = previousPath === null ? "modified" : "renamed"
  return { path, previousPath, status, kind: "text", additions: 1, deletions: 0, added: [], syntax: null }
}

function judge(paths: readonly (string | ChangedFile)[], more: Partial<ReversalInput> = {}): Reversal {
  const files = paths.map((one) => (typeof one === "string" ? file(one) : one))
  return judgeReversal({ mergeable: "yes", change: { files, complete: true }, dependants: [], ...more })
}

describe("how a change could be taken back", () => {
  test("files that a revert gives back, and no conflict that is known: in one step", () => {
    expect(reversalSection(judge(["src/price.ts"]))).toMatchInlineSnapshot(
      `"**Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before."`,
    )
  })

  test("migrations and workflow files need a hand, also when a file is moved out of their folders", () => {
    const moved = file("attic/2.sql", "db/migrate/2.sql")
    const changed = ["prisma/migrations/1/migration.sql", moved, ".github/workflows/ci.yml", "src/price.ts"]
    expect(reversalSection(judge(changed))).toMatchInlineSnapshot(
      `"**Taking it back: needs a hand**, because it changes migrations, and what has run in a database is not undone by taking back its code (\`prisma/migrations/1/migration.sql\`, \`db/migrate/2.sql\`); it changes workflow files, which this app may not write (\`.github/workflows/ci.yml\`)."`,
    )
  })

  test("what merely has such a name does not", () => {
    expect(judge(["docs/migrations.md", "workflows/ci.yml", "src/.github/workflows.ts"]).how).toBe("one-step")
  })

  test("a conflict, files that were not read: not known; that GitHub has not tried the merge yet changes nothing", () => {
    expect(reversalSection(judge(["a"], { mergeable: "no" }))).toMatchInlineSnapshot(
      `"**Taking it back: not known**, because GitHub tried the merge, and it has conflicts."`,
    )
    expect(judge(["a"], { mergeable: "unknown" })).toEqual(judge(["a"]))
    expect(reversalSection(judge([], { change: { files: [], complete: false } }))).toMatchInlineSnapshot(
      `"**Taking it back: not known**, because not all of its files could be read."`,
    )
    expect(judge(["a"], { change: null }).how).toBe("unknown")
  })

  test("others that change the same files are named", () => {
    expect(reversalSection(judge(["a"], { dependants: [7] }))).toMatchInlineSnapshot(
      `"**Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before. #7 changes files that this one changes: whatever of that lands after it may have to be taken back first."`,
    )
    expect(reversalSection(judge(["db/migrations/1.sql"], { dependants: [7, 9] }))).toMatchInlineSnapshot(
      `"**Taking it back: needs a hand**, because it changes migrations, and what has run in a database is not undone by taking back its code (\`db/migrations/1.sql\`). #7, #9 change files that this one changes: whatever of that lands after it may have to be taken back first."`,
    )
  })

  test("of many paths ten are named", () => {
    const many = Array.from({ length: 13 }, (_, index) => `db/migrations/${index}.sql`)
    expect(judge(many).because).toMatchObject([{ why: "migrations", more: 3 }])
  })

  test("hostile paths stay text", () => {
    const section = reversalSection(judge(["db/migrations/`@olga` [x](http://evil).sql"]))
    expect(section).toContain("(``db/migrations/`@olga` [x](http://evil).sql``)")
  })

  test("law: in one step exactly if everything was read, no conflict is known, and no such path is in it", () => {
    const paths = fc.constantFrom("a", "db/migrations/1", ".github/workflows/x.yml")
    fc.assert(
      fc.property(
        fc.array(paths),
        fc.constantFrom("yes" as const, "no" as const, "unknown" as const),
        fc.boolean(),
        (all, mergeable, complete) => {
          const change = { files: all.map((path) => file(path)), complete }
          const { how } = judgeReversal({ mergeable, change, dependants: [] })
          expect(how === "one-step").toBe(mergeable !== "no" && complete && all.every((path) => path === "a"))
        },
      ),
    )
  })
})
