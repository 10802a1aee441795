import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseDiff, type DiffFile } from "../../src/promotion/change/patch.ts"
import { changed, diffOf, file, filesOf, git, treeOf, type Entry, type Files } from "./diffs.ts"
import { anyText } from "../harness/any-text.ts"

/** Content that looks like something else. */
const nastyLines = [
  "diff --git a/x b/x",
  "--- a/x",
  "+++ b/x",
  "-- a/x",
  "++ b/x",
  "@@ -1 +1 @@",
  "deleted file mode 100644",
  String.raw`\ No newline at end of file`,
  "Binary files a/x and b/x differ",
  "",
  "-",
  "+",
  " ",
  "end\r",
  "é💥",
  "plain",
  "\u2028line",
]

const nastyNames = [
  "plain.txt",
  "sp ace",
  "x b/y",
  "x b/x b/y",
  "é💥",
  'quo"te',
  "tab\tname",
  "new\nline b/z",
  String.raw`back\slash`,
  " leading",
  "trailing ",
  "dev/null",
  "-dash",
  "bell\u0007\u007F",
  "c1\u0085",
  "deep/er/and/deeper.yml",
]

const lineText = fc.oneof(fc.constantFrom(...nastyLines), fc.string({ maxLength: 5 }))
const text = fc
  .tuple(fc.array(lineText, { maxLength: 12 }), fc.boolean())
  .map(([lines, ended]) => `${lines.map((line) => line.replaceAll(/[\n\0]/g, "")).join("\n")}${ended ? "\n" : ""}`)
const entry: fc.Arbitrary<Entry> = fc.oneof(
  { weight: 6, arbitrary: text.map((content) => file(content)) },
  { weight: 1, arbitrary: text.map((content) => file(content, "100755")) },
  { weight: 1, arbitrary: fc.constantFrom("target", "other").map((content) => file(content, "120000")) },
  { weight: 1, arbitrary: fc.constantFrom("1", "2").map((digit) => file(digit.repeat(40), "160000")) },
  { weight: 1, arbitrary: fc.constantFrom("\0a", "\0b").map((content) => file(Buffer.from(content))) },
)
const trees: fc.Arbitrary<Files> = fc.dictionary(fc.constantFrom(...nastyNames), entry, {
  maxKeys: 8,
  noNullPrototype: true,
})

type Raw = { letter: string; oldMode: string; newMode: string; from: string; to: string; counts: string[] }

/** What git says of the same difference in its format for programs. */
async function rawOf(before: Files, after: Files): Promise<Raw[]> {
  const ids = [await treeOf(before), await treeOf(after)]
  const fields = (await git("diff", "-M", "--raw", "--numstat", "--abbrev=40", "-z", ...ids)).toString().split("\0")
  const records: Omit<Raw, "counts">[] = []
  while (fields[0]?.startsWith(":") === true) {
    const [oldMode = "", newMode = "", , , letter = ""] = (fields.shift() ?? "").slice(1).split(" ")
    const from = fields.shift() ?? ""
    const to = /^[RC]/.test(letter) ? (fields.shift() ?? "") : from
    records.push({ letter: letter.charAt(0), oldMode, newMode, from, to })
  }
  // The numbers of all of them follow; a renamed one has an empty name there, and both names after it.
  return records.map((record) => {
    const [additions = "", deletions = "", path] = (fields.shift() ?? "").split("\t")
    if (path === "") fields.splice(0, 2)
    return { ...record, counts: [additions, deletions] }
  })
}

/** What both formats tell. Lines of a binary file, even one that turned into a text, only we count; of a file that is only moved the diff tells no kind. */
function summary(one: DiffFile, uncounted: boolean): object {
  const { path, previousPath, status, kind, additions, deletions } = one
  const moved = status === "renamed" && additions + deletions === 0
  const counts = moved || uncounted ? "" : `+${additions} -${deletions}`
  return { path, previousPath, status, counts, ...(!moved && { kind: kind.replace("binary", "text") }) }
}

function summaryOfRaw({ letter, oldMode, newMode, from, to, counts }: Raw): object {
  const [additions = "", deletions = ""] = counts
  const moved = letter === "R" && `${additions}${deletions}`.replaceAll(/[-0]/g, "") === ""
  const modes = letter === "T" ? [oldMode, newMode] : [letter === "D" ? oldMode : newMode]
  const kind = modes.includes("160000") ? "submodule" : modes.includes("120000") ? "symlink" : "text"
  return {
    path: to,
    previousPath: letter === "R" ? from : null,
    status: statuses[letter],
    counts: moved || additions === "-" ? "" : `+${additions} -${deletions}`,
    ...(!moved && { kind }),
  }
}

const statuses: Record<string, string> = { A: "added", D: "removed", M: "modified", T: "modified", R: "renamed" }

describe("a diff as git prints it", () => {
  test("tells the same files as git's format for programs, whatever their names and content", async () => {
    await fc.assert(
      fc.asyncProperty(
        trees,
        trees,
        fc.constantFrom([], ["--binary"], ["--full-index"]),
        async (before, after, options) => {
          const files = await changed(before, after, ...options)
          const raw = await rawOf(before, after)
          expect(files.map((one, index) => summary(one, raw[index]?.counts[0] === "-"))).toEqual(raw.map(summaryOfRaw))
          for (const { path, added } of files) {
            const lines = String(after[path]?.content).split("\n")
            for (const one of added ?? []) expect(one.text).toBe(lines[one.line - 1]?.replace(/\r$/, ""))
          }
        },
      ),
      { numRuns: 150, seed: 1 },
    )
  })

  test("is read alike whether or not git quotes letters", async () => {
    const before = { "é b/x": file("1\n"), ü: file("\0") }
    const after = { "é b/x": file("2\n"), ü: file("\0\0"), "é new\t": file("") }
    const plain = (
      await git("-c", "core.quotePath=false", "diff", await treeOf(before), await treeOf(after))
    ).toString()
    expect(plain).toContain("a/é b/x")
    expect(filesOf(plain)).toEqual(await changed(before, after))
  })

  test("tells what becomes of files", async () => {
    const twelve = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => `line ${n}\n`).join("")
    const before = { a: file(twelve), b: file("x"), gone: file("1\n2\n"), run: file("#!\n"), link: file("t", "120000") }
    const after = {
      c: file(`${twelve}new\r\n`),
      b: file("x\n"),
      run: file("#!\n", "100755"),
      link: file("now\n"),
      e: file(""),
    }
    const files = await changed(before, after)
    expect(files).toMatchObject([
      {
        path: "b",
        previousPath: null,
        status: "modified",
        kind: "text",
        additions: 1,
        deletions: 1,
        added: [{ line: 1, text: "x" }],
      },
      {
        path: "c",
        previousPath: "a",
        status: "renamed",
        kind: "text",
        additions: 1,
        deletions: 0,
        added: [{ line: 13, text: "new" }],
      },
      { path: "e", previousPath: null, status: "added", kind: "text", additions: 0, deletions: 0, added: [] },
      { path: "gone", previousPath: null, status: "removed", kind: "text", additions: 0, deletions: 2, added: [] },
      {
        path: "link",
        previousPath: null,
        status: "modified",
        kind: "symlink",
        additions: 1,
        deletions: 1,
        added: [{ line: 1, text: "now" }],
      },
      { path: "run", previousPath: null, status: "modified", kind: "text", additions: 0, deletions: 0, added: [] },
    ])
  })

  test("tells copies", async () => {
    const before = { a: file("1\n2\n3\n4\n5\n") }
    const files = await changed(before, { ...before, b: file("1\n2\n3\n4\n5\n6\n") }, "-C", "--find-copies-harder")
    expect(files).toMatchObject([{ path: "b", previousPath: "a", status: "copied", additions: 1 }])
  })

  test("nothing is nothing", () => expect(parseDiff("")).toEqual({ files: [] }))
})

describe("what git would not have printed", () => {
  const whole = [
    "diff --git a/f b/f",
    "index 1111111..2222222 100644",
    "--- a/f",
    "+++ b/f",
    "@@ -1,2 +1,2 @@ heading",
    " stays",
    "-goes",
    "+comes",
  ]
  const replaced = (line: number, ...by: string[]): string => `${whole.toSpliced(line, 1, ...by).join("\n")}\n`

  test.each([
    ["a line too few", replaced(7)],
    ["a line too many", replaced(7, "+comes", " stays")],
    ["a line that goes too many", replaced(4, "@@ -1 +1,2 @@")],
    ["a line without sign", replaced(5, "")],
    ["another name below", replaced(2, "--- a/g")],
    ["another name below, the second", replaced(3, "+++ b/g")],
    ["two names for one file", "diff --git a/f b/g\nold mode 100644\nnew mode 100755\n"],
    ["a new file that was there", "diff --git a/f b/f\nnew file mode 100644\nindex 1111111..e69de29\n"],
    ["another name in the head", replaced(0, "diff --git a/f b/g")],
    ["a name that is quoted without need for it to be read", replaced(0, String.raw`diff --git "a/f" b/f\x`)],
    ["a name that leads out of the repository", `${whole.join("\n").replaceAll("/f", "/../f")}\n`],
    ["a name that is no UTF-8", `${whole.join("\n").replaceAll(/([ab])\/f/g, String.raw`"$1/\377"`)}\n`],
    ["a name whose bytes were lost", `${whole.join("\n").replaceAll("/f", "/\uFFFD")}\n`],
    ["no names", replaced(2)],
    ["no hunk", `${whole.slice(0, 4).join("\n")}\n`],
    ["an unknown mode", replaced(1, "index 1111111..2222222 040000").replace("040000", "040000 ")],
    ["no object ids", replaced(1)],
    ["only a head", "diff --git a/f b/f\n"],
    ["ids without content", `${whole.slice(0, 2).join("\n")}\n`],
    ["a new file with content and none", "diff --git a/f b/f\nnew file mode 100644\nindex 0000000..1111111\n"],
    [
      "a new file that has lines already",
      replaced(1, "new file mode 100644", "index 0000000..2222222").replace("--- a/f", "--- /dev/null"),
    ],
    ["a file that turns kind by a mere mode", "diff --git a/f b/f\nold mode 100644\nnew mode 120000\n"],
    ["a rename without its names", "diff --git a/f b/g\nsimilarity index 100%\n"],
    ["a rename to itself", "diff --git a/f b/f\nsimilarity index 100%\nrename from f\nrename to f\n"],
    ["a rename by halves", "diff --git a/f b/g\nsimilarity index 100%\nrename from f\ncopy to g\n"],
    ["something before it", `From 1111\n${whole.join("\n")}\n`],
    ["something after it", `${whole.join("\n")}\n-- \n2.39.5\n`],
    ["a combined diff", `diff --cc f\nindex 1,2..3\n`],
    ["no end of line", whole.join("\n")],
    ["one file twice", `${whole.join("\n")}\n${whole.join("\n")}\n`],
    ["hunks out of order", replaced(7, "+comes", "@@ -1 +1 @@", "-a", "+b")],
    ["hunks that do not add up", replaced(7, "+comes", "@@ -9 +10 @@", "-a", "+b")],
    ["a hunk of nothing", replaced(7, "+comes", "@@ -9,0 +9,0 @@")],
    ["a binary patch cut short", "diff --git a/f b/f\nindex 1111111..2222222 100644\nGIT binary patch\nliteral 1\n"],
  ])("%s is unreadable", (_, diff) => {
    expect("files" in parseDiff(`${whole.join("\n")}\n`)).toBe(true)
    expect(Object.keys(parseDiff(diff))).toEqual(["unreadable"])
  })

  test("a line of a file that looks like the next file hides nothing and adds nothing", async () => {
    const hostile = nastyLines.map((line) => `${line}\n`).join("")
    const files = await changed({ x: file(""), z: file("a\n") }, { x: file(hostile), z: file("b\n") })
    expect(files.map(({ path }) => path)).toEqual(["x", "z"])
    expect(files[0]?.added).toHaveLength(nastyLines.length)
  })

  test("never throws and never finds a file that is not there, however a diff is damaged", async () => {
    const diff = await diffOf(
      { a: file("1\n2\n"), "b b": file("\0"), c: file("1\n2\n3\n4\n"), d: file("t", "120000") },
      { a: file("1\n3\n"), "b b": file("\0\0"), e: file("1\n2\n3\n4\n5\n"), d: file("text") },
    )
    const lines = diff.slice(0, -1).split("\n")
    const line = fc.nat(lines.length - 1)
    const scrap = fc.oneof(fc.constantFrom(...nastyLines, ...lines), anyText())
    const damage = fc.record({ at: line, count: fc.nat(3), by: fc.array(scrap, { maxLength: 2 }) })
    fc.assert(
      fc.property(damage, ({ at, count, by }) => {
        const reading = parseDiff(`${lines.toSpliced(at, count, ...by).join("\n")}\n`)
        if ("files" in reading) for (const { path } of reading.files) expect(diff).toContain(path)
      }),
      { numRuns: 5000, seed: 3 },
    )
  })
})
