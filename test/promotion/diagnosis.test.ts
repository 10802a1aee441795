import { expect, test } from "vitest"
import {
  diagnose,
  neededEvents,
  neededPermissions,
  type BranchGuard,
  type DiagnosisInput,
} from "../../src/promotion/gate/diagnosis.ts"
import { diagnosisLine, diagnosisSection } from "../../src/report/diagnosis.ts"

const gateName = "Promotion gate"
const own = { context: gateName, appId: 7 }
const none: BranchGuard = { byRules: [], byProtection: [], mergeQueue: false }
const granted = { permissions: neededPermissions, events: neededEvents }
const sound: DiagnosisInput = {
  gateName,
  ownAppId: 7,
  mode: "enforce",
  teams: true,
  guard: { ...none, byProtection: [own] },
  granted,
  impostors: [],
}

const codes = (more: Partial<DiagnosisInput>): string[] => diagnose({ ...sound, ...more }).map(({ code }) => code)
const guarded = (guard: Partial<BranchGuard>): string[] => codes({ guard: { ...none, ...guard } })

test("one sound requirement is enough, wherever it stands, and whatever else is required", () => {
  expect(codes({})).toEqual([])
  expect(guarded({ byRules: [own] })).toEqual([])
  expect(guarded({ byRules: [{ ...own, appId: null }], byProtection: [own] })).toEqual([])
  expect(guarded({ byRules: null, byProtection: [own] })).toEqual([])
  expect(guarded({ byRules: [{ ...own, context: "build" }] })).toEqual(["gate-not-required"])
})

test("what could not be read is said, and nothing is guessed from it", () => {
  expect(guarded({ byRules: null })).toEqual(["branch-rules-unread"])
  expect(guarded({ byProtection: null, byRules: [{ ...own, appId: null }] })).toEqual(["branch-rules-unread"])
  expect(guarded({ byRules: [own], mergeQueue: null })).toEqual(["merge-queue-unread"])
  expect(codes({ granted: null })).toEqual(["grant-unread"])
  expect(codes({ granted: null, guard: { ...sound.guard, mergeQueue: true } })).toEqual(["grant-unread"])
})

test("an advisory gate need not be required", () => {
  expect(codes({ mode: "advisory", guard: none })).toEqual([])
  expect(codes({ mode: "advisory", guard: { byRules: null, byProtection: null, mergeQueue: false } })).toEqual([])
})

test("more than was asked for is no fault, less is", () => {
  const permissions = { ...neededPermissions, contents: "write", administration: "write" }
  expect(codes({ granted: { ...granted, permissions } })).toEqual([])
  expect(codes({ granted: { ...granted, permissions: { ...permissions, checks: "read" } } })).toEqual([
    "permission-missing",
  ])
  const { members: _members, ...without } = neededPermissions
  expect(codes({ teams: false, granted: { ...granted, permissions: without } })).toEqual([])
})

test("a merge queue is sound where the app hears of it", () => {
  const guard = { ...sound.guard, mergeQueue: true }
  const deaf = { ...granted, events: neededEvents.filter((event) => event !== "merge_group") }
  expect(codes({ guard, granted: deaf })).toEqual(["merge-queue-without-gate", "event-missing"])
  expect(codes({ guard })).toEqual([])
})

const everything = diagnose({
  ...sound,
  guard: { ...none, mergeQueue: true },
  granted: { permissions: {}, events: [] },
  impostors: ["evil-ci", "evil-ci", "`|<x>"],
})

test("each finding in a line", () => {
  expect(everything.slice(0, 5).map((one) => diagnosisLine(one, "main"))).toMatchInlineSnapshot(`
    [
      "gate-not-required: The gate is not required on main, so GitHub lets anybody merge although it is shut. Next: require the check Promotion gate of this app, in a ruleset or in branch protection.",
      "merge-queue-without-gate: Merges into main go through a merge queue, and the app does not hear of it, so the queue waits for a gate that never comes. Next: let the app subscribe to merge_group, or take the queue away.",
      "gate-of-another-app: Another app reports a check that is named Promotion gate as well; it does not open the gate, but people may take it for the gate (\`|<x>). Next: find out what it is.",
      "gate-of-another-app: Another app reports a check that is named Promotion gate as well; it does not open the gate, but people may take it for the gate (evil-ci). Next: find out what it is.",
      "permission-missing: A permission that the app asks for was not granted (checks: write). Next: accept it on the page of the app's installation.",
    ]
  `)
  const rest = [
    "gate-required-of-any-app",
    "gate-required-of-another-app",
    "branch-rules-unread",
    "merge-queue-unread",
    "grant-unread",
  ] as const
  expect(rest.map((code) => diagnosisLine({ code, detail: "9" }, "main"))).toMatchInlineSnapshot(`
    [
      "gate-required-of-any-app: The gate is required on main without saying of which app, so anybody who may set a commit status can open it (9). Next: choose this app as the source of Promotion gate.",
      "gate-required-of-another-app: The gate is required on main, but of another app, so it never passes. Next: choose this app as the source of Promotion gate.",
      "branch-rules-unread: GitHub did not tell all rules of main, so nobody can say whether the gate is required there.",
      "merge-queue-unread: GitHub did not tell whether merges into main go through a merge queue.",
      "grant-unread: GitHub did not tell what the app was granted here.",
    ]
  `)
})

test("the section of the check run", () => {
  expect(diagnosisSection([], "main")).toBe("")
  expect(diagnosisSection(everything, "release/*`x`")).toMatchInlineSnapshot(`
    "**Portcullis is not set up soundly here**

    - The gate is not required on \`\` release/*\`x\` \`\`, so GitHub lets anybody merge although it is shut. Next: require the check \`Promotion gate\` of this app, in a ruleset or in branch protection.
    - Merges into \`\` release/*\`x\` \`\` go through a merge queue, and the app does not hear of it, so the queue waits for a gate that never comes. Next: let the app subscribe to \`merge_group\`, or take the queue away.
    - Another app reports a check that is named \`Promotion gate\` as well; it does not open the gate, but people may take it for the gate (\`\` \`¦<x> \`\`). Next: find out what it is.
    - Another app reports a check that is named \`Promotion gate\` as well; it does not open the gate, but people may take it for the gate (\`evil-ci\`). Next: find out what it is.
    - A permission that the app asks for was not granted (\`checks: write\`). Next: accept it on the page of the app's installation.
    - A permission that the app asks for was not granted (\`statuses: read\`). Next: accept it on the page of the app's installation.
    - A permission that the app asks for was not granted (\`contents: write\`). Next: accept it on the page of the app's installation.
    - A permission that the app asks for was not granted (\`pull_requests: write\`). Next: accept it on the page of the app's installation.
    - and 18 more"
  `)
})
