import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join, relative, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { z } from "zod"

// A rule that never fires is not a rule. Snippets that break the house rules are written into a copy of the
// layout, linted once with the project's own config, and every one must be named.

const root = resolve(import.meta.dirname, "..")

/** Modules that an import can point at, by the name they have in `mayImport`. */
const modules = {
  lib: "src/lib/brand.ts",
  db: "src/lib/db/database.ts",
  generated: "src/generated/client.ts",
  entry: "src/ledger/entry.ts",
  chain: "src/ledger/chain.ts",
  promotion: "src/promotion/gate/decide.ts",
  report: "src/report/check-run.ts",
  github: "src/github/error.ts",
  ledger: "src/ledger/ledger.ts",
  inbox: "src/inbox/drain.ts",
  evidence: "src/evidence/probe.ts",
  env: "src/env.ts",
  reconcile: "src/reconcile/reconcile.ts",
  webhook: "src/webhook/receive.ts",
  web: "src/web/page.ts",
  cli: "src/cli/portcullis.ts",
  app: "src/app.ts",
  main: "src/main.ts",
  test: "test/harness/scenario.ts",
  demo: "demo/demo.ts",
  bench: "bench/main.ts",
}

type Module = keyof typeof modules

const bottom: Module[] = ["lib", "entry", "chain"]
const low: Module[] = [...bottom, "promotion", "report"]
const middle: Module[] = [...low, "db", "github", "ledger", "inbox", "evidence"]
const doors: Module[] = [...middle, "reconcile"]
const top: Module[] = [...doors, "generated", "env", "webhook", "web"]

/** The one direction: who may import what, besides the own folder. */
const mayImport: Partial<Record<Module, Module[]>> = {
  lib: ["lib", "db"],
  db: ["lib", "db", "generated"],
  entry: bottom,
  chain: bottom,
  promotion: [...bottom, "promotion"],
  report: low,
  github: [...low, "github"],
  ledger: [...low, "db", "generated", "ledger"],
  inbox: [...low, "db", "generated", "inbox"],
  evidence: [...low, "db", "generated", "evidence"],
  reconcile: [...middle, "generated", "reconcile"],
  webhook: [...doors, "generated", "webhook"],
  web: [...doors.filter((name) => name !== "db"), "env", "web"],
  cli: [...doors, "generated", "env", "cli"],
  env: ["lib"],
  app: [...top, "app"],
  main: [...top, "app", "main", "cli"],
}

const octokit = ["octokit", "@octokit/core", "@octokit/plugin-retry", "@octokit/webhooks"]
const database = ["@prisma/client", "@prisma/adapter-pg", "pg", "pg-boss", "@electric-sql/pglite"]
const free = ["zod"]
const parsers = ["yaml", "picomatch", "canonicalize", "mdast-util-from-markdown"]
const impure = ["node:fs", "node:crypto", "fs/promises", "pino", "hono"]
const anything = [...free, ...parsers, ...impure]
const packages = [...octokit, "probot", ...database, ...anything]

/** Packages that only some may import; what is not listed here is free for all but promotion/ and report/. */
const mayUse: Partial<Record<Module, string[]>> = {
  lib: [...anything],
  db: [...database, ...anything],
  entry: [...anything],
  chain: [...anything],
  promotion: [...free, ...parsers],
  report: free,
  github: [...octokit, "probot", ...anything],
  ledger: [...database, ...anything],
  inbox: [...database, ...anything],
  evidence: [...database, ...anything],
  reconcile: [...database, ...anything],
  webhook: ["@octokit/webhooks", ...database, ...anything],
  web: [...anything],
  cli: [...database, ...anything],
  env: [...anything],
  app: ["probot", ...database, ...anything],
  main: ["probot", ...database, ...anything],
}

const importers = Object.keys(mayImport).filter((name): name is Module => name in modules)
const targets = Object.keys(modules).filter((name): name is Module => name in modules)
const filler = (count: number): string => Array.from({ length: count }, (_, n) => `  sum += ${n}`).join("\n")
const branches = Array.from({ length: 15 }, (_, n) => `  if (of === ${n}) return ${n}`).join("\n")

/** Snippets that must be named: rule, place, code. */
const broken: [rule: string, place: string, code: string][] = [
  [
    "eslint(max-lines-per-function)",
    "src/web/long.ts",
    `export function long(): number {\n  let sum = 0\n${filler(68)}\n  return sum\n}`,
  ],
  [
    "eslint(max-lines-per-function)",
    "test/harness/long.ts",
    `export function long(): number {\n  let sum = 0\n${filler(68)}\n  return sum\n}`,
  ],
  [
    "eslint(max-lines)",
    "src/web/file.ts",
    Array.from({ length: 401 }, (_, n) => `export const line${n} = 1`).join("\n"),
  ],
  [
    "eslint(max-params)",
    "src/web/params.ts",
    "export const add = (a: number, b: number, c: number, d: number): number => a + b + c + d",
  ],
  [
    "eslint(complexity)",
    "src/web/complex.ts",
    `export function complex(of: number): number {\n${branches}\n  return of\n}`,
  ],
  ["import(no-default-export)", "src/web/default.ts", "export default 1"],
  ["typescript(no-explicit-any)", "src/web/any.ts", "export const loose = (value: any): string => String(value)"],
  [
    "typescript(no-unsafe-assignment)",
    "src/web/unsafe.ts",
    `export function unsafe(): string {\n  const text: string = JSON.parse("1")\n  return text\n}`,
  ],
  ["typescript(no-floating-promises)", "src/web/floating.ts", "export function go(): void {\n  Promise.resolve(1)\n}"],
  [
    "typescript(no-misused-promises)",
    "src/web/misused.ts",
    "export const ask = (later: Promise<boolean>): number => (later ? 1 : 2)",
  ],
  [
    "typescript(consistent-type-imports)",
    "src/web/type.ts",
    `import { Sha } from "../lib/brand.ts"\nexport type Head = { sha: Sha }`,
  ],
  ["typescript(no-non-null-assertion)", "src/web/bang.ts", "export const first = (list: string[]): string => list[0]!"],
  [
    "typescript(switch-exhaustiveness-check)",
    "src/web/switch.ts",
    `export function name(of: "a" | "b"): void {\n  switch (of) {\n    case "a":\n      break\n  }\n}`,
  ],
  [
    "typescript(strict-boolean-expressions)",
    "src/promotion/unknown.ts",
    "export const open = (mergeable: boolean | null): number => (mergeable ? 1 : 2)",
  ],
  [
    "typescript(restrict-template-expressions)",
    "src/report/undefined.ts",
    "export const words = (who: string | undefined): string => `paused by ${who}`",
  ],
  ["eslint(no-console)", "src/web/console.ts", `export const say = (): void => console.log("hello")`],
  ["eslint(no-console)", "test/harness/console.ts", `export const say = (): void => console.log("hello")`],
  ["node(no-process-env)", "src/web/env.ts", `export const port = process.env["PORT"]`],
  ["unicorn(no-process-exit)", "src/web/exit.ts", "export const stop = (): never => process.exit(1)"],
  ["import(no-cycle)", "src/web/cycle-a.ts", `import { b } from "./cycle-b.ts"\nexport const a = (): number => b()`],
  ["import(no-cycle)", "src/web/cycle-b.ts", `import { a } from "./cycle-a.ts"\nexport const b = (): number => a()`],
  [
    "vitest(no-focused-tests)",
    "test/focus.test.ts",
    `import { expect, test } from "vitest"\ntest.only("one", () => expect(1).toBe(1))`,
  ],
  ...["promotion", "report"].flatMap((pure): [string, string, string][] => [
    ["eslint(no-restricted-globals)", `src/${pure}/now.ts`, "export const now = (): number => Date.now()"],
    ["eslint(no-restricted-globals)", `src/${pure}/date.ts`, "export const now = (): unknown => new Date()"],
    [
      "eslint(no-restricted-globals)",
      `src/${pure}/global.ts`,
      "export const now = (): number => globalThis.Date.now()",
    ],
    ["eslint(no-restricted-globals)", `src/${pure}/process.ts`, "export const id = (): number => process.pid"],
    ["eslint(no-restricted-globals)", `src/${pure}/fetch.ts`, `export const get = (): unknown => fetch("https://x.y")`],
    [
      "eslint(no-restricted-globals)",
      `src/${pure}/timer.ts`,
      "export const wait = (f: () => void): unknown => setTimeout(f)",
    ],
    ["eslint(no-restricted-globals)", `src/${pure}/uuid.ts`, "export const id = (): string => crypto.randomUUID()"],
    ["eslint(no-restricted-properties)", `src/${pure}/random.ts`, "export const chance = (): number => Math.random()"],
    ["import(no-nodejs-modules)", `src/${pure}/node.ts`, `import { join } from "node:path"\nexport const j = join`],
    [
      "eslint(no-restricted-imports)",
      `src/${pure}/clock.ts`,
      `import { systemClock } from "../lib/clock.ts"\nexport const now = (): unknown => systemClock.now()`,
    ],
    [
      "eslint(no-restricted-imports)",
      `src/${pure}/later.ts`,
      `export const later = (): Promise<unknown> => import("../github/error.ts")`,
    ],
    [
      "eslint(no-restricted-imports)",
      "src/promotion/gate/later.ts",
      `export const later = (): Promise<unknown> => import("../../github/error.ts")`,
    ],
    ["eslint(no-restricted-imports)", `src/${pure}/from.ts`, `export { refused } from "../github/error.ts"`],
  ]),
]

/** Snippets that no rule may name. */
const sound: [place: string, code: string][] = [
  ["src/promotion/moment.ts", "export type Moment = { at: Date }"],
  ["src/promotion/injected.ts", `import type { Clock } from "../lib/clock.ts"\nexport type Needs = { clock: Clock }`],
  ["src/cli/say.ts", `export const say = (): void => console.log("hello")`],
  ["test/github/main.ts", `console.log("listening")`],
  ["vitest.config.ts", "export default {}"],
  [
    "test/story.test.ts",
    `import { expect, test } from "vitest"\ntest("long", () => {\n  let sum = 0\n${filler(80)}\n  expect(sum).toBe(3160)\n})`,
  ],
]

const reportSchema = z.object({
  diagnostics: z.array(
    z.object({
      code: z.string().optional(),
      message: z.string(),
      filename: z.string(),
      labels: z.array(z.object({ span: z.object({ line: z.number() }) })),
    }),
  ),
})

let folder: string
let found: { rule: string; file: string; line: number; message: string }[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-lint-"))
  await symlink(join(root, "node_modules"), join(folder, "node_modules"))
  for (const file of [".oxlintrc.json", "tsconfig.json", "src/lib/brand.ts", "src/lib/clock.ts"]) {
    await cp(join(root, file), join(folder, file))
  }
  await write("src/github/error.ts", "export const refused = 1")
  for (const importer of importers) await write(probe(importer), probeCode(importer))
  for (const [, place, code] of broken) await write(place, code)
  for (const [place, code] of sound) await write(place, code)
  found = await lint()
}, 120_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

describe("imports point one way", () => {
  test.each(importers)("%s imports only what stands before it", (importer) => {
    const named = found.filter(({ rule, file }) => rule === "eslint(no-restricted-imports)" && file === probe(importer))
    const refused = new Set(named.map(({ line }) => [...targets, ...packages][line - 1]))
    const allowed = [...(mayImport[importer] ?? []), ...(mayUse[importer] ?? [])]
    expect([...targets, ...packages].filter((name) => !refused.has(name)).toSorted()).toEqual(allowed.toSorted())
  })
})

describe("rules fire", () => {
  test.each(broken)("%s in %s", (rule, place) => {
    expect(found.filter(({ file }) => file === place).map((finding) => finding.rule)).toContain(rule)
  })

  test.each(sound)("nothing is said about %s", (place) => {
    expect(found.filter(({ file }) => file === place)).toEqual([])
  })
})

/** Where the probe of an importer stands: the module itself where its rule names the file, else beside it. */
function probe(importer: Module): string {
  const file = modules[importer]
  const namesFile = ["entry", "chain", "env", "app", "main"].includes(importer)
  return namesFile ? file : join(dirname(file), "probe.ts")
}

/** One import a line, so that a finding's line tells what was refused. */
function probeCode(importer: Module): string {
  const from = dirname(probe(importer))
  const paths = targets.map((target) => relative(from, modules[target]))
  const specifiers = [...paths.map((path) => (path.startsWith(".") ? path : `./${path}`)), ...packages]
  return specifiers.map((specifier, n) => `import * as m${n} from "${specifier}"`).join("\n")
}

async function write(place: string, code: string): Promise<void> {
  const path = join(folder, place)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${code}\n`)
}

async function lint(): Promise<typeof found> {
  const output = await new Promise<string>((done) => {
    const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 }
    const places = ["src", "test", "vitest.config.ts"]
    execFile(join(root, "node_modules/.bin/oxlint"), ["-f", "json", ...places], options, (_, out) => done(out))
  })
  return reportSchema.parse(JSON.parse(output)).diagnostics.map(({ code, message, filename, labels }) => ({
    rule: code ?? "syntax",
    file: filename,
    line: labels[0]?.span.line ?? 0,
    message,
  }))
}
