import { createRequire } from "node:module"
import fc from "fast-check"
import { expect, test } from "vitest"
import type { Reading } from "../../src/inbox/reading.ts"
import { parseSubject, subjectKey } from "../../src/inbox/subject.ts"
import { readDelivery } from "../../src/webhook/payload.ts"

const require = createRequire(import.meta.url)
type Json = Record<string, unknown>
const all = require("@octokit/webhooks-examples/api.github.com/index.json") as { name: string; examples: Json[] }[]
const installation = { id: 9 }
const used = ["pull_request", "check_run", "status", "issue_comment", "push", "repository", "installation_repositories"]

function read(event: string, payload: unknown): Reading {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload)
  return readDelivery({ id: 1n, guid: "a-guid", event, payload: text, receivedAt: new Date(0) }, 1)
}

/** The first example of an event, changed. */
function example(event: string, change: (payload: Json) => void): Json {
  const found = all.find(({ name }) => name === event)?.examples[0]
  const payload = { ...structuredClone(found ?? expect.fail(`no example of ${event}`)), installation }
  change(payload)
  return payload
}

function pull(change: Json): Reading {
  return read(
    "pull_request",
    example("pull_request", (payload) => Object.assign(payload["pull_request"] as Json, change)),
  )
}

const strings = (value: unknown): string[] => {
  if (typeof value === "string") return [value]
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : []
}

test("NUL and halves of characters, which PostgreSQL refuses, are taken out", () => {
  const labels = [{ name: "a\0b" }, { name: "half \ud83d" }, { name: `${"x".repeat(999)}💚` }]
  const head = { sha: "a".repeat(40), ref: `${"r".repeat(254)}💚` }
  const reading = pull({ labels, head })
  expect(reading.outcome).toBe("queued")
  expect(reading.hearsay[0]?.facts[0]?.fact).toMatchObject({ labels: ["ab", "half \ufffd", "x".repeat(999)] })
  for (const text of strings(reading)) {
    expect(text.isWellFormed(), text).toBe(true)
    expect(text).not.toContain("\0")
  }
})

test("a comment as long as GitHub allows keeps its command, also when the cut goes through a character", () => {
  const body = `/pause-promotion ${"💚".repeat(65_000)}`
  const payload = example("issue_comment", (one) => {
    one["action"] = "created"
    Object.assign(one["comment"] as Json, { body })
  })
  for (const one of [payload, { ...payload, comment: { ...(payload["comment"] as Json), body: ` ${body}` } }]) {
    const [ask] = read("issue_comment", one).hearsay[0]?.asks ?? []
    expect(ask?.kind === "comment" && ask.body.isWellFormed()).toBe(true)
  }
})

test("names of any length are cut, and no fact grows with them", () => {
  const huge = "x".repeat(1_000_000)
  const reading = pull({
    labels: [{ name: huge }],
    head: { sha: "a".repeat(40), ref: huge },
    user: { login: huge, id: 1 },
  })
  expect(reading.outcome).toBe("queued")
  expect(JSON.stringify(reading).length).toBeLessThan(5000)
})

test("ten thousand labels, and numbers nothing can be stored under, are explained and not taken", () => {
  const labels = Array.from({ length: 10_000 }, (_, index) => ({ name: `label ${index}` }))
  const why = [{ labels }, { number: -7 }, { number: 2 ** 31 }, { number: 1.5 }, { number: "7" }, { number: 0 }]
  expect(why.map((change) => pull(change)).map((reading) => `${reading.outcome}: ${reading.why}`))
    .toMatchInlineSnapshot(`
      [
        "unparseable: pull_request.labels: Too big: expected array to have <=200 items",
        "unparseable: pull_request.number: Too small: expected number to be >0",
        "unparseable: pull_request.number: Too big: expected number to be <=2147483647",
        "unparseable: pull_request.number: Invalid input: expected int, received number",
        "unparseable: pull_request.number: Invalid input: expected number, received string",
        "unparseable: pull_request.number: Too small: expected number to be >0",
      ]
    `)
  const repository = (id: number): Reading =>
    read(
      "push",
      example("push", (payload) => {
        payload["ref"] = "refs/heads/master"
        Object.assign(payload["repository"] as Json, { id })
      }),
    )
  expect(repository(1).outcome).toBe("queued")
  expect([-1, 0, 2 ** 53 - 1].map((id) => repository(id).outcome)).toEqual(Array(3).fill("unparseable"))
})

test("text that is no JSON object is explained", () => {
  const texts = ["", "{", "null", "[]", '"x"', "7", "[".repeat(100_000), '{"installation":[]}', '{"installation":{}}']
  for (const text of texts) {
    const { outcome, why, hearsay } = read("push", text)
    expect({ outcome, hearsay }, text.slice(0, 40)).toEqual({ outcome: "unparseable", hearsay: [] })
    expect(why, text.slice(0, 40)).toMatch(/^not JSON$|: Invalid input: expected/)
  }
})

test("keys and events that objects have by birth are nothing special", () => {
  for (const event of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    expect(read(event, { installation })).toEqual({ outcome: "ignored", why: "event not used", hearsay: [] })
  }
  const proto = '"__proto__":{"installation":{"id":9},"polluted":true},"constructor":{"prototype":{"polluted":true}}'
  expect(read("push", `{${proto},"ref":"refs/heads/main"}`).outcome).toBe("not-installed")
  expect(Reflect.get({}, "polluted")).toBeUndefined()
})

/** Every place in a value, as the keys that lead to it. */
function places(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))]
}

function changed(value: unknown, path: readonly string[], put: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return put
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as Json) }) as Json
  copy[key] = changed(copy[key], rest, put)
  return copy
}

test("whatever stands at any place of an example, it is read without throwing, and what is queued can be done", () => {
  const seeds = used.flatMap((event) => {
    const payload = example(event, () => undefined)
    return places(payload).map((path) => ({ event, payload, path }))
  })
  const odd = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      undefined,
      "",
      "\0",
      "\ud800",
      -1,
      1e300,
      2 ** 53,
      true,
      [],
      {},
      [null],
      "9".repeat(99),
    ),
    fc.jsonValue(),
  )
  const property = fc.property(fc.constantFrom(...seeds), odd, ({ event, payload, path }, put) => {
    const reading = read(event, JSON.stringify(changed(payload, path, put)) ?? "")
    for (const { subjects } of reading.hearsay) {
      for (const subject of subjects) expect(parseSubject(subjectKey(subject))).toEqual(subject)
    }
    for (const text of strings(reading)) expect(text.isWellFormed() && !text.includes("\0"), path.join(".")).toBe(true)
    expect(reading.outcome === "unparseable" || reading.outcome === "ignored").toBe(reading.why !== null)
  })
  fc.assert(property, { numRuns: 3000, seed: 20_261_120 })
})
