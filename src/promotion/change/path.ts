import { segmentsMatch } from "./glob.ts"

/** Path globs of one rule, ready for many paths. */
export type PathMatcher = {
  /** The first of the rule's globs that the path fits, as written; null when it fits none. */
  find(path: string): string | null
}

/** A path split once for all globs. */
type Split = { path: string; segments: readonly string[] }

/**
 * Makes ready the path globs of a rule: `*` stands for any run of characters within a folder, a whole segment `**` for
 * any number of folders, none included (so `docs/**` holds for `docs` too, should it be a file); every other sign,
 * `?`, `[` and `{` included, stands for itself. Upper and lower case differ. Time for a path grows with the product of
 * its length and that of the globs at most.
 */
export function pathMatcher(globs: readonly string[]): PathMatcher {
  const plain = new Set(globs.filter((glob) => !glob.includes("*")))
  const starred = globs
    .filter((glob) => glob.includes("*"))
    .map((glob) => ({ glob, wanted: glob.split("/"), beginning: glob.slice(0, glob.indexOf("*")) }))
  const findStarred = ({ path, segments }: Split): string | undefined =>
    starred.find(({ wanted, beginning }) => mayBegin(beginning, path) && segmentsMatch(wanted, segments))?.glob
  return {
    find: (path) => (plain.has(path) ? path : (findStarred({ path, segments: path.split("/") }) ?? null)),
  }
}

/** A cheap look before the whole comparison; `docs/**` also holds for `docs`, so a slash before a star may be missing. */
function mayBegin(beginning: string, path: string): boolean {
  return path.startsWith(beginning) || `${path}/` === beginning
}
