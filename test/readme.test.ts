import { readFileSync, readdirSync } from "node:fs"
import { resolve } from "node:path"
import { expect, test } from "vitest"
import { proof } from "../demo/proof.ts"
import { guardrails } from "../demo/story-agent.ts"
import { production } from "../demo/story-production.ts"
import { story } from "../demo/story.ts"
import { envSchema } from "../src/env.ts"
import { rulesForBranch, type ConfigProblem, type Requirement } from "../src/promotion/config/config.ts"
import { readConfigFile } from "../src/promotion/config/config-file.ts"

// What the README promises about files and variables, held against the code.

const readme = readFileSync(resolve(import.meta.dirname, "../README.md"), "utf8")

test("the config it shows is valid and means what its comments say", () => {
  const text = /^```yaml\n(?<text>.*?)^```/ms.exec(readme)?.groups?.["text"] ?? ""
  const reading = readConfigFile(text)
  if (reading.status === "invalid") expect(reading.problems).toEqual<ConfigProblem[]>([])
  else {
    const required = (name: string): Requirement[] =>
      rulesForBranch(reading.config, { name, defaultBranch: "main" })?.stages.flatMap((one) =>
        one.kind === "checks" ? one.require : [],
      ) ?? []
    expect(reading.config).toMatchObject({
      mode: "enforce",
      pause: { label: "promotion-paused" },
      commands: { "pause-promotion": "write" },
    })
    expect(required("main")).toEqual([
      { name: "build", app: null },
      { name: "test", app: "github-actions" },
      { name: "e2e *", app: null },
    ])
    expect(required("release/2026/11")).toEqual([{ name: "*", app: null }])
    expect(required("feature")).toEqual([])
  }
})

const pages = readdirSync(resolve(import.meta.dirname, "../docs")).filter((name) => name.endsWith(".md"))

/** Every block of YAML in the documentation, with where it stands. All of them show a config, or a part of one. */
const configs = ["../README.md", ...pages.map((name) => `../docs/${name}`)].flatMap((path) => {
  const text = readFileSync(resolve(import.meta.dirname, path), "utf8")
  return [...text.matchAll(/^ *```ya?ml\n(?<yaml>.*?)^ *```/gms)]
    .map((match) => match.groups?.["yaml"] ?? "")
    .map((yaml, index) => ({ name: `${path.replace("../", "")}, block ${index + 1}`, yaml: whole(yaml) }))
})

/** A config that has this part in its place, and nothing else. */
function whole(yaml: string): string {
  if (/^version:/m.test(yaml)) return yaml
  const isOfBranch = yaml.startsWith("stages:")
  return `version: 1\n${isOfBranch ? `branches:\n  main:\n${yaml.replaceAll(/^/gm, "    ")}` : yaml}`
}

test.each(configs)("every config that is shown is valid: $name", ({ yaml }) => {
  const reading = readConfigFile(yaml)
  expect(reading.status === "invalid" ? reading.problems : []).toEqual([])
})

test("the guide shows a config for each of its steps that has one", () => {
  expect(configs.filter(({ name }) => name.startsWith("docs/protect-a-repository.md"))).toHaveLength(3)
})

test("the part of the demo that it shows is of the steps that the demo plays", () => {
  const steps = [...story, ...guardrails, ...production, ...proof]
  const shown = [...readme.matchAll(/^(?<place>\d+) (?<title>.+)$/gm)].map((match) => match.groups)
  expect(shown.length).toBeGreaterThan(3)
  expect(shown).toEqual(shown.map((groups) => ({ ...groups, title: steps[Number(groups?.["place"]) - 1]?.title })))
})

test("the variables it names exist", () => {
  const rows = readme.split("\n").filter((line) => /^\| `[A-Z_]+`/.test(line))
  const named = rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`([A-Z_]+)`/g)].map((match) => match[1] ?? ""),
  )
  expect(named.toSorted()).toEqual(Object.keys(envSchema.shape).toSorted())
})
