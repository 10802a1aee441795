import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { expect, test } from "vitest"
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

test("the variables it names exist", () => {
  const rows = readme.split("\n").filter((line) => /^\| `[A-Z_]+`/.test(line))
  const named = rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`([A-Z_]+)`/g)].map((match) => match[1] ?? ""),
  )
  expect(named.toSorted()).toEqual(Object.keys(envSchema.shape).toSorted())
})
