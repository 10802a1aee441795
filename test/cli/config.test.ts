import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { checkConfig } from "../../src/cli/config.ts"

let folder: string
let printed: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-config-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(() => {
  printed = []
})

/** Exit code and lines, with the file's folder taken out. */
async function check(text: string): Promise<{ code: number; lines: string[] }> {
  const path = join(folder, "promotion.yml")
  await writeFile(path, text)
  const code = checkConfig({ path, extended: null }, (line) => void printed.push(line))
  return { code, lines: printed.map((line) => line.replace(`${folder}/`, "")) }
}

test("a valid file is called so, with its mode", async () => {
  expect(await check("version: 1\nmode: enforce\n")).toEqual({ code: 0, lines: ["promotion.yml: valid, mode enforce"] })
})

test("every problem stands behind its file, line and column", async () => {
  const { code, lines } = await check("version: 1\nmode: often\nstags: []\n")
  expect(code).toBe(1)
  expect(lines).toEqual([
    expect.stringMatching(/^promotion\.yml:2:\d+ mode: .+/),
    expect.stringMatching(/^promotion\.yml:3:1 stags: .+/),
  ])
})

test("of many problems the first are told, and the others counted", async () => {
  const many = Array.from({ length: 23 }, (_, index) => `key${index}: 1\n`).join("")
  const { code, lines } = await check(`version: 1\n${many}`)
  expect(code).toBe(1)
  expect(lines).toHaveLength(21)
  expect(lines.at(-1)).toBe("promotion.yml: and 3 more")
})

test("a file that is no YAML is told with the place where it ends to be", async () => {
  const { code, lines } = await check("version: 1\nmode: [\n")
  expect(code).toBe(1)
  expect(lines[0]).toMatch(/^promotion\.yml:\d+:\d+ not valid YAML: .+/)
})

test("a key of control characters is told without them", async () => {
  const { code, lines } = await check('version: 1\n"a\\e[2J\\nb": 1\n')
  expect(code).toBe(1)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^promotion\.yml:2:1 .*a�\[2J�b/)
  expect(lines[0]).not.toMatch(/\p{Cc}/u)
})

test("a file that is not there: one sentence", () => {
  expect(() => checkConfig({ path: join(folder, "nowhere.yml"), extended: null }, () => undefined)).toThrow(
    `cannot read ${join(folder, "nowhere.yml")}`,
  )
})

test("a file is checked over the organisation's, and each problem stands behind its own file", async () => {
  const [path, extended] = [join(folder, "own.yml"), join(folder, "organisation.yml")]
  await writeFile(path, "version: 1\n_extends: .github\nfoo: 1\n")
  await writeFile(extended, "version: 1\nmode: enforce\n")
  const print = (line: string) => void printed.push(line.replace(`${folder}/`, ""))
  expect(checkConfig({ path, extended }, print)).toBe(1)
  expect(printed.splice(0)).toEqual(["own.yml:3:1 foo: unknown key `foo`"])
  await writeFile(extended, "version: 1\nmode: often\n")
  expect(checkConfig({ path, extended }, print)).toBe(1)
  expect(printed.splice(0)).toEqual([expect.stringMatching(/^organisation\.yml:2:1 mode: /)])
  expect(checkConfig({ path, extended: null }, print)).toBe(1)
  expect(printed[0]).toMatch(/^own\.yml: extends the organisation's file, which was not given/)
})
