import fc from "fast-check"
import { sha } from "../../src/lib/brand.ts"
import type { Change, ChangedFile } from "../../src/promotion/change/change.ts"
import type { PolicyRules, RiskRule } from "../../src/promotion/config/config-rules.ts"
import { alwaysProtected } from "../../src/promotion/policy/policy.ts"
import { anyText } from "../harness/any-text.ts"

/** A change of one file after another, everything about them ordinary but what is given. */
export function changeOf(
  files: readonly (Partial<ChangedFile> & { path: string })[],
  more: Partial<Change> = {},
): Change {
  return {
    headSha: sha("a".repeat(40)),
    baseRef: "main",
    files: files.map((file) => ({ ...ordinary, ...file, ...countsOf(file) })),
    complete: true,
    patchId: null,
    commits: { people: [], trailers: [], complete: true },
    syntaxOf: ["yaml", "json"],
    ...more,
  }
}

const ordinary: Omit<ChangedFile, "path"> = {
  previousPath: null,
  status: "modified",
  kind: "text",
  additions: 0,
  deletions: 0,
  added: [],
  syntax: null,
}

function countsOf({ additions, added }: Partial<ChangedFile>): Pick<ChangedFile, "additions"> {
  return { additions: additions ?? added?.length ?? 0 }
}

/** Lines of a file, numbered from 1. */
export function lines(...texts: string[]): NonNullable<ChangedFile["added"]> {
  return texts.map((text, index) => ({ line: index + 1, text }))
}

const paths = fc.constantFrom(
  "a.ts",
  "b.yml",
  "src/a.ts",
  "src/b.json",
  ".github/workflows/ci.yml",
  "logo.png",
  "secrets/x",
  "",
)
const hostileText = fc.oneof(fc.constantFrom("https://evil", "write-all", "x\rsecret", ""), anyText())

const files: fc.Arbitrary<ChangedFile> = fc.record({
  path: paths,
  previousPath: fc.option(paths),
  status: fc.constantFrom("added", "modified", "removed", "renamed", "copied"),
  kind: fc.constantFrom("text", "text", "text", "binary", "symlink", "submodule"),
  additions: fc.nat(8),
  deletions: fc.nat(8),
  added: fc.option(fc.array(fc.record({ line: fc.nat(9), text: hostileText }), { maxLength: 4 })),
  syntax: fc.option(
    fc.record({ problems: fc.array(fc.record({ line: fc.nat(9), message: hostileText }), { maxLength: 3 }) }),
  ),
})

/** Changes of a few files in which rules find something often, whole ones and others. */
export const changes: fc.Arbitrary<Change> = fc
  .tuple(fc.array(files, { maxLength: 5 }), fc.boolean())
  .map(([list, complete]) => ({ ...changeOf([], { complete }), files: list }))

const globs = fc.constantFrom("**", "src/**", "**/*.yml", "*.png", "a.ts", "secrets/**", "nothing", ...alwaysProtected)
const globLists = fc.array(globs, { maxLength: 3 })

/** Content rules, whose names are made different where they are gathered. */
const contentRule: fc.Arbitrary<PolicyRules["content"][number]> = fc.record(
  {
    name: fc.constant("rule"),
    added: fc.constantFrom("https?://(?!github)", "write-all", "^secret", ".", "("),
    action: fc.constantFrom("block", "require-approval", "raise-risk"),
    paths: fc.array(globs, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ["name", "added", "action"] },
)

/** Rules of a policy, valid but for a pattern that is none now and then. */
export const policies: fc.Arbitrary<PolicyRules> = fc.record({
  protected_paths: globLists,
  forbidden_paths: globLists,
  scope: globLists,
  max_changed_lines: fc.nat(30),
  description: fc.record({ require_sections: fc.subarray(["Test plan", "Risk"]) }),
  syntax: fc.subarray(["yaml", "json"]),
  content: fc
    .array(contentRule, { maxLength: 3 })
    .map((list) => list.map((rule, index) => ({ ...rule, name: `rule ${index}` }))),
})

/** Rules of risk. */
export const riskRules: fc.Arbitrary<RiskRule[]> = fc.array(
  fc.record(
    {
      level: fc.constantFrom("low", "medium", "high"),
      paths: fc.array(globs, { minLength: 1, maxLength: 2 }),
      changed_lines_over: fc.nat(30),
      author: fc.constant("agent"),
      reason: fc.constant("because"),
    },
    { requiredKeys: ["level"] },
  ),
  { maxLength: 4 },
)
