import type { ChangedFile } from "./change.ts"
import { readHunks, type DiffCursor, type Hunks } from "./hunk.ts"
import { readPatchNames, unquoteName, type Move, type PatchNames } from "./patch-name.ts"

/**
 * Reads what `git diff` prints, strictly: whatever git would not have printed makes the whole diff unreadable, because
 * a file that was overlooked would be a file that no rule saw.
 *
 * @see https://git-scm.com/docs/diff-generate-patch
 */

/**
 * A file of a diff. `patch` is its change alone, without line numbers and object ids (see {@link changeText}); null
 * when the diff does not carry all of it. `added` is null for what is no text now. `before` is the id of the blob that it
 * was, perhaps only its beginning: nothing but zeros for a new file, null when that is not told.
 */
export type DiffFile = Omit<ChangedFile, "syntax"> & { patch: string | null; before: string | null }

/** All files of a diff in its order, or the one reason why nothing of it can be believed. */
export type DiffReading = { files: DiffFile[] } | { unreadable: string }

/** Longest diff read, in UTF-16 units. */
const limitLength = 16 * 1024 * 1024

/**
 * Parses a diff with git's own prefixes (`a/`, `b/`); renames and copies as git found them. A file that turns from
 * one kind into another (a text into a symlink) is two sections of the diff and one file here. Takes time in
 * proportion to the length.
 */
export function parseDiff(text: string): DiffReading {
  if (text === "") return { files: [] }
  if (text.length > limitLength) return { unreadable: `longer than ${limitLength} characters` }
  if (!text.endsWith("\n")) return { unreadable: "it ends in the middle of a line" }
  const cursor: DiffCursor = { lines: text.slice(0, -1).split("\n"), at: 0 }
  const sections: Section[] = []
  while (cursor.at < cursor.lines.length) {
    const line = cursor.at + 1
    const section = readSection(cursor)
    if (typeof section === "string") return { unreadable: `${section}, in what begins at line ${line}` }
    sections.push(section)
  }
  return filesOf(sections)
}

/**
 * The change itself as one text, for a digest: equal for equal changes, whatever they stand on, and different as soon
 * as a line, a space, a line of context, the line git names as what a hunk stands in, a mode or a path differs. Null
 * when some file's change is not known in full.
 *
 * Like git's own patch id it does not say where in a file a hunk applies.
 *
 * @see https://git-scm.com/docs/git-patch-id
 */
export function changeText(files: readonly Pick<DiffFile, "patch">[]): string | null {
  const patches = files.map((file) => file.patch)
  if (!patches.every((patch) => patch !== null)) return null
  return patches.toSorted().join("\n")
}

type Mode = { text: string; kind: "file" | "symlink" | "submodule" }

/** How a file came to be or ceased to be, or how its mode changed. */
type Fate =
  | { kind: "kept" }
  | { kind: "created"; mode: Mode }
  | { kind: "deleted"; mode: Mode }
  | { kind: "mode-changed"; old: Mode; mode: Mode }

type ObjectIds = { old: string; new: string; mode: Mode | null }

type Content = { kind: "none" } | { kind: "binary" } | { kind: "text"; hunks: Hunks }

type Section = {
  path: string
  previousPath: string | null
  status: ChangedFile["status"]
  kind: ChangedFile["kind"]
  content: Content
  patch: string | null
  before: string | null
}

function readSection(cursor: DiffCursor): Section | string {
  const written = take(cursor, /^diff --git (.+)$/s)?.[1]
  if (written === undefined) return "not the beginning of a file"
  const fate = readFate(cursor)
  const moved = readMove(cursor)
  if (typeof moved === "string") return moved
  const { move, how } = moved
  const names = readPatchNames(written, move)
  if (fate === undefined || names === undefined) return "a file's name or mode that cannot be read"
  const ids = readIds(cursor)
  const content = readContent(cursor, names, fate)
  if (typeof content === "string") return content
  const wrong = contradiction({ fate, how, ids, content })
  if (wrong !== null) return wrong
  const kind = kindOf(fate.kind === "kept" ? ids?.mode : fate.mode, content)
  const status = statuses[fate.kind] ?? how ?? "modified"
  const head = JSON.stringify([status, kind, names.from, names.to, modesOf(fate)])
  const previousPath = how === null ? null : names.from
  const patch = patchOf(head, content, ids)
  return { path: names.to, previousPath, status, kind, content, patch, before: ids?.old ?? null }
}

const statuses: Partial<Record<Fate["kind"], ChangedFile["status"]>> = { created: "added", deleted: "removed" }

/** Of a file that is only moved git tells no mode; what stays as it was is taken for text. */
function kindOf(mode: Mode | null | undefined, content: Content): ChangedFile["kind"] {
  if (mode?.kind === "symlink" || mode?.kind === "submodule") return mode.kind
  return content.kind === "binary" ? "binary" : "text"
}

function modesOf(fate: Fate): string[] {
  if (fate.kind === "kept") return []
  return fate.kind === "mode-changed" ? [fate.old.text, fate.mode.text] : [fate.mode.text]
}

/** The next line, if it fits; then it is read. */
function take(cursor: DiffCursor, pattern: RegExp): RegExpExecArray | null {
  const match = pattern.exec(cursor.lines[cursor.at] ?? "")
  if (match !== null) cursor.at += 1
  return match
}

function readMode(text: string | undefined): Mode | undefined {
  if (text === "120000") return { text, kind: "symlink" }
  if (text === "160000") return { text, kind: "submodule" }
  return text !== undefined && /^100[0-7]{3}$/.test(text) ? { text, kind: "file" } : undefined
}

function readFate(cursor: DiffCursor): Fate | undefined {
  const oldMode = take(cursor, /^old mode (\d{6})$/)
  if (oldMode !== null) {
    const old = readMode(oldMode[1])
    const mode = readMode(take(cursor, /^new mode (\d{6})$/)?.[1])
    if (old === undefined || mode === undefined || old.kind !== mode.kind) return undefined
    return { kind: "mode-changed", old, mode }
  }
  const whole = take(cursor, /^(new|deleted) file mode (\d{6})$/)
  if (whole === null) return { kind: "kept" }
  const mode = readMode(whole[2])
  return mode === undefined ? undefined : { kind: whole[1] === "new" ? "created" : "deleted", mode }
}

type Moved = { move: Move; how: "renamed" | "copied" } | { move: null; how: null }

function readMove(cursor: DiffCursor): Moved | string {
  const likeness = take(cursor, /^(similarity|dissimilarity) index \d{1,3}%$/)
  if (likeness?.[1] !== "similarity") return { move: null, how: null }
  const verb = take(cursor, /^(rename|copy) from (.+)$/s)
  const [, to = ""] = take(cursor, verb?.[1] === "copy" ? /^copy to (.+)$/s : /^rename to (.+)$/s) ?? []
  const move = { from: unquoteName(verb?.[2] ?? ""), to: unquoteName(to) }
  if (move.from === undefined || move.to === undefined || move.from === move.to) return "a move that cannot be read"
  return { move: { from: move.from, to: move.to }, how: verb?.[1] === "copy" ? "copied" : "renamed" }
}

function readIds(cursor: DiffCursor): ObjectIds | null {
  const match = take(cursor, /^index ([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: (\d{6}))?$/)
  return match === null ? null : { old: match[1] ?? "", new: match[2] ?? "", mode: readMode(match[3]) ?? null }
}

function readContent(cursor: DiffCursor, names: PatchNames, fate: Fate): Content | string {
  const before = fate.kind === "created" ? "/dev/null" : names.writtenFrom
  const after = fate.kind === "deleted" ? "/dev/null" : names.writtenTo
  const line = cursor.lines[cursor.at] ?? "diff --git "
  if (line.startsWith("diff --git ")) return { kind: "none" }
  cursor.at += 1
  if (line === `Binary files ${before} and ${after} differ`) return { kind: "binary" }
  if (line === "GIT binary patch") return readBinaryPatch(cursor) ? { kind: "binary" } : "a binary patch cut short"
  if (line !== `--- ${ended(before)}` || cursor.lines[cursor.at] !== `+++ ${ended(after)}`) {
    return "neither a next file nor this one's content"
  }
  cursor.at += 1
  const hunks = readHunks(cursor)
  return typeof hunks === "string" ? hunks : { kind: "text", hunks }
}

/** Git marks the end of a name that holds a space. */
function ended(name: string): string {
  return name.includes(" ") ? `${name}\t` : name
}

/** Two blocks, forward and back, of a head, lines in git's base 85 and an empty line. */
function readBinaryPatch(cursor: DiffCursor): boolean {
  for (const _ of ["forward", "back"]) {
    if (take(cursor, /^(?:literal|delta) \d+$/) === null) return false
    while (take(cursor, /^[A-Za-z][0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]+$/) !== null);
    if (take(cursor, /^$/) === null) return false
  }
  return true
}

/** Ids of the empty file, by SHA-1 and SHA-256. */
const emptyIds = [
  "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
  "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
]

type Parts = { fate: Fate; how: "renamed" | "copied" | null; ids: ObjectIds | null; content: Content }

/** What git would not say of one file at once, in words; null when all of it fits together. */
function contradiction({ fate, how, ids, content }: Parts): string | null {
  if (fate.kind === "created" || fate.kind === "deleted") {
    if (how !== null || ids === null) return "a file that is new or removed, and something else"
    return contradictionOfWhole(fate.kind, ids, content)
  }
  if (ids === null) {
    const nothing = how === null && fate.kind === "kept"
    return nothing || content.kind !== "none" ? "a change that is not told" : null
  }
  if ((fate.kind === "kept") !== (ids.mode !== null)) return "no mode, or two"
  return content.kind === "none" ? "a file without its content" : null
}

function contradictionOfWhole(kind: "created" | "deleted", ids: ObjectIds, content: Content): string | null {
  const [nothing, id] = kind === "created" ? [ids.old, ids.new] : [ids.new, ids.old]
  if (!/^0+$/.test(nothing) || /^0+$/.test(id) || ids.mode !== null) return "a new or removed file that is neither"
  if (content.kind === "none") {
    return emptyIds.some((empty) => empty.startsWith(id)) ? null : "a file without its content"
  }
  if (content.kind === "binary") return null
  const others = kind === "created" ? " -" : " +"
  const foreign = content.hunks.body.some((line) => others.includes(line.charAt(0)))
  return foreign ? "a new or removed file with other lines" : null
}

/** Bytes that are no UTF-8 were lost when the diff became text, and more than one text becomes the same. */
function patchOf(head: string, content: Content, ids: ObjectIds | null): string | null {
  if (content.kind === "none") return head
  if (content.kind === "text") {
    const { body } = content.hunks
    const exact = body.every((line) => line.startsWith("@") || (!line.includes("\uFFFD") && line.isWellFormed()))
    if (exact) return [head, ...body].join("\n")
  }
  if (ids === null || ids.old.length < 40 || ids.new.length < 40) return null
  return `${head}\n=${ids.old}..${ids.new}`
}

function filesOf(sections: readonly Section[]): DiffReading {
  const files: DiffFile[] = []
  const seen = new Set<string>()
  for (const [index, section] of sections.entries()) {
    const before = sections[index - 1]
    if (seen.has(section.path)) {
      const turned = before?.path === section.path && before.status === "removed" && section.status === "added"
      if (!turned || !seen.delete(section.path)) return { unreadable: "one path is told of twice" }
      files.pop()
      files.push(turnedFile(fileOf(before), fileOf(section)))
    } else {
      files.push(fileOf(section))
      seen.add(section.path)
    }
  }
  return { files }
}

function fileOf(section: Section): DiffFile {
  const { path, previousPath, status, kind, content, patch, before } = section
  const hunks = content.kind === "text" ? content.hunks : null
  const [additions, deletions] = [hunks?.additions ?? 0, hunks?.deletions ?? 0]
  const added = kind === "text" ? (hunks?.added ?? []) : null
  return { path, previousPath, status, kind, additions, deletions, added, patch, before }
}

/** Least readable last. */
const kinds: readonly ChangedFile["kind"][] = ["text", "binary", "symlink", "submodule"]

function turnedFile(before: DiffFile, after: DiffFile): DiffFile {
  return {
    ...after,
    status: "modified",
    kind: kinds.indexOf(before.kind) > kinds.indexOf(after.kind) ? before.kind : after.kind,
    deletions: before.deletions,
    before: before.before,
    patch: before.patch === null || after.patch === null ? null : `${before.patch}\n${after.patch}`,
  }
}
