import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { basename, dirname, join, normalize, resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { z } from "zod"
import { envSchema } from "../src/env.ts"

// House rules that no linter knows. Every test lists what breaks its rule, so that a failure reads as a to-do list.

const root = resolve(import.meta.dirname, "..")
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root })
  .toString()
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)))

const layout = new Set([
  "cli",
  "evidence",
  "generated",
  "github",
  "inbox",
  "ledger",
  "lib",
  "promotion",
  "reconcile",
  "report",
  "web",
  "webhook",
])
const rooms =
  /^src\/(?:lib\/db|promotion\/(?:config|change|policy|review|command|pause|merge|gate|deployment|lane|rollback|health|landing))\/[^/]+$/
const vagueNames = /^(?:utils?|helpers?|manager|services?|misc|common)$/

const binary = /\.(?:png|jpe?g|gif|ico|webp|woff2?|gz)$/
const code = files.filter((file) => file.endsWith(".ts"))
const src = code.filter((file) => file.startsWith("src/"))
const texts = files.filter((file) => !binary.test(file) && file !== "package-lock.json")
const pages = files.filter((file) => /^(?:[^/]+|docs\/.*)\.md$/.test(file))

/** Rules about single lines, each with a line that breaks it and one that does not. */
const lineRules = [
  {
    rule: "doc comments do not repeat types",
    places: src,
    pattern: /@(?:param|returns?|type)\s*\{/,
    broken: " * @param {string} name whose it is",
    sound: " * @param name whose it is",
  },
  {
    rule: "no barrels: a name is imported from where it is made",
    places: src,
    pattern: /^export (?:type )?(?:\*|\{[^}]*\}).* from /,
    broken: `export { decide } from "./decide.ts"`,
    sound: `import { decide } from "./decide.ts"`,
  },
  {
    rule: "no classes, unless a library or an error wants one",
    places: src,
    pattern: /^\s*(?:export )?(?:abstract )?class (?!.* extends )/,
    broken: "export class PullRequestService {",
    sound: "export class ConfigError extends Error {",
  },
  {
    rule: "what comes from outside is parsed, not cast",
    places: src,
    pattern: /(?:JSON\.parse\(.*\)|\.json\(\)\)?) as (?!unknown)/,
    broken: "const body = JSON.parse(text) as Body",
    sound: "const body = bodySchema.parse(JSON.parse(text) as unknown)",
  },
  {
    rule: "promotion/ and report/ draw no lots",
    places: src.filter((file) => /^src\/(?:promotion|report)\//.test(file)),
    pattern: /\brandom(?:UUID|Bytes|Int)?\s*[(}]/,
    broken: "const { random } = Math",
    sound: "// nothing random is in a plan",
  },
  {
    rule: "every open end names its issue",
    places: texts,
    pattern: /\b(?:T[O]DO|FIX[M]E|X[X]X)\b(?!.*#\d)/,
    broken: `// ${["TO", "DO"].join("")}: say why`,
    sound: `// ${["TO", "DO"].join("")} (#2): say why`,
  },
  {
    rule: "nothing names a path of somebody's machine",
    places: texts,
    pattern: /(?<![\w.$}~-])\/(?:wor[k]|hom[e]|roo[t]|User[s])\//,
    broken: `cd ${["", "home", "olga", "portcullis"].join("/")}`,
    sound: "https://github.com/home/repository",
  },
]

describe("names and places", () => {
  test("every folder and file of src/ is one of the layout's", () => {
    const misplaced = src.filter((file) => {
      const [, first = "", second, ...deeper] = file.split("/")
      if (second === undefined) return !["main.ts", "app.ts", "env.ts"].includes(first)
      return !layout.has(first) || (deeper.length > 0 && !rooms.test(file))
    })
    expect(misplaced).toEqual([])
  })

  test("names say what is inside", () => {
    const words = (file: string): string[] => file.replace(/\.[^/]*$/, "").split(/[/.-]/)
    expect(code.filter((file) => words(file).some((word) => vagueNames.test(word)))).toEqual([])
  })

  test("files are named in lower case with hyphens", () => {
    expect(code.filter((file) => !/^[a-z0-9.-]+$/.test(basename(file)))).toEqual([])
  })

  test("decisions are numbered without gaps and begin with their title", () => {
    const decisions = files.filter((file) => /^docs\/decisions\/.*\.md$/.test(file)).toSorted()
    for (const [index, file] of decisions.entries()) {
      expect(basename(file)).toMatch(new RegExp(`^${String(index + 1).padStart(3, "0")}-[a-z0-9-]+\\.md$`))
      expect(read(file), file).toMatch(/^# \S/)
    }
  })
})

describe("code", () => {
  test("every export of src/ has a doc comment", () => {
    expect(src.flatMap(undocumentedExports)).toEqual([])
  })

  test("functions of test files stay under 70 lines", () => {
    expect(code.filter((file) => file.endsWith(".test.ts")).flatMap(longFunctions)).toEqual([])
  })

  for (const { rule, places, pattern, broken, sound } of lineRules) {
    test(rule, () => {
      expect(pattern.test(broken), "the rule fires").toBe(true)
      expect(pattern.test(sound), "the rule spares what it should").toBe(false)
      expect(matches(places, pattern)).toEqual([])
    })
  }
})

describe("pages", () => {
  test("relative links lead somewhere", () => {
    const dead = pages.flatMap((page) =>
      [...withoutCode(read(page)).matchAll(/\]\((?<target>[^)\s]+)[^)]*\)/g)]
        .map((link) => link.groups?.["target"] ?? "")
        .filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(page, target))
        .map((target) => `${page}: ${target}`),
    )
    expect(dead).toEqual([])
  })

  test("every npm script named exists", () => {
    const { scripts } = manifest()
    const unknown = pages.flatMap((page) =>
      [...read(page).matchAll(/\bnpm (?:run (?<run>[\w:-]+)|(?<short>test|start))\b/g)]
        .map(({ groups }) => groups?.["run"] ?? groups?.["short"] ?? "")
        .filter((script) => !(script in scripts))
        .map((script) => `${page}: ${script}`),
    )
    expect(unknown).toEqual([])
  })
})

describe("settings", () => {
  test("versions are pinned exactly", () => {
    const { dependencies, devDependencies, overrides } = manifest()
    const all = Object.entries({ ...dependencies, ...devDependencies, ...overrides })
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(version))).toEqual([])
  })

  test("the lock file holds every platform's packages, or npm ci refuses it", () => {
    const { packages } = lockSchema.parse(JSON.parse(read("package-lock.json")))
    const holes = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages || `${place}/node_modules/${name}` in packages),
      ),
    )
    const unsealed = Object.entries(packages).filter(
      ([place, { integrity }]) => place !== "" && integrity === undefined,
    )
    expect({ holes, unsealed: unsealed.map(([place]) => place) }).toEqual({ holes: [], unsealed: [] })
  })

  test(".env.example names the variables that src/env.ts reads, each with a comment", () => {
    const example = read(".env.example").split("\n")
    const named = example.flatMap((line) => /^#?\s?(?<name>[A-Z][A-Z0-9_]*)=/.exec(line)?.groups?.["name"] ?? [])
    for (const name of named) {
      const line = example.findIndex((text) => text.replace(/^#\s?/, "").startsWith(`${name}=`))
      expect(example[line - 1], `${name} has no comment above it`).toMatch(/^# \S/)
    }
    expect(named.toSorted()).toEqual(Object.keys(envSchema.shape).toSorted())
  })

  test("app.yml says why it asks for each event and permission", () => {
    const text = read("app.yml").split("\n")
    const app = z
      .object({ default_events: z.array(z.string()), default_permissions: z.record(z.string(), z.string()) })
      .parse(parse(text.join("\n")))
    const wanted = [
      ...app.default_events.map((event) => `- ${event}`),
      ...Object.entries(app.default_permissions).map(([name, access]) => `${name}: ${access}`),
    ]
    const explained = (entry: string): boolean => {
      const line = text.findIndex(
        (candidate) => candidate.trim() === entry || candidate.trim().startsWith(`${entry} #`),
      )
      return /# \S/.test(text[line] ?? "") || /^\s*# \S/.test(text[line - 1] ?? "")
    }
    expect(wanted.filter((entry) => !explained(entry))).toEqual([])
    const door = src.filter((file) => file.startsWith("src/webhook/")).map(read)
    const unread = app.default_events.filter((event) => !door.some((module) => new RegExp(`\\b${event}:`).test(module)))
    expect(unread, "asked for, but not read by src/webhook/").toEqual([])
  })
})

const manifestSchema = z.object({
  scripts: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
  overrides: z.record(z.string(), z.string()),
})

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      integrity: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
})

function manifest(): z.infer<typeof manifestSchema> {
  return manifestSchema.parse(JSON.parse(read("package.json")))
}

function read(file: string): string {
  return readFileSync(join(root, file), "utf8")
}

/** Lines that match, as `file:line text`. */
function matches(places: readonly string[], pattern: RegExp): string[] {
  return places.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [])),
  )
}

/** Exports without a doc comment right above; of overloads the first one carries it. */
function undocumentedExports(file: string): string[] {
  const lines = read(file).split("\n")
  const declaration = /^export (?:declare )?(?:async )?(?:function\*?|const|let|type|class|enum|interface) (?<name>\w+)/
  return lines.flatMap((line, index) => {
    const name = declaration.exec(line)?.groups?.["name"]
    if (name === undefined) return []
    const above = lines.slice(0, index).filter((text) => !text.startsWith("// oxlint-disable"))
    const last = above.at(-1) ?? ""
    if (declaration.exec(last)?.groups?.["name"] === name) return []
    const opening = above.findLast((text) => text.startsWith("/*")) ?? ""
    return last.trimEnd().endsWith("*/") && opening.startsWith("/**") ? [] : [`${file}:${index + 1} ${name}`]
  })
}

/** Top-level functions over the cap; the callbacks of describe and test are stories and may be longer. */
function longFunctions(file: string): string[] {
  const lines = read(file).split("\n")
  return lines.flatMap((line, index) => {
    if (!/^(?:export )?(?:async )?function\b/.test(line)) return []
    const length = lines.slice(index).findIndex((text) => text === "}") + 1
    return length > 70 ? [`${file}:${index + 1} has ${length} lines`] : []
  })
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```/gms, "").replaceAll(/`[^`\n]*`/g, "")
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path = "", anchor] = target.split("#")
  const place = path === "" ? page : normalize(join(dirname(page), decodeURIComponent(path)))
  if (!existsSync(join(root, place))) return false
  return anchor === undefined || !place.endsWith(".md") || headings(read(place)).includes(anchor)
}

/** The anchors that GitHub gives to a page's headings. */
function headings(markdown: string): string[] {
  return markdown
    .split("\n")
    .filter((line) => /^#{1,6} /.test(line))
    .map((line) => line.replace(/^#+ /, "").toLowerCase())
    .map((title) => title.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(/\s/g, "-"))
}
