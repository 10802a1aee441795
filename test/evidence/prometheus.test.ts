import type { RequestListener } from "node:http"
import { text } from "node:stream/consumers"
import { describe, expect, test } from "vitest"
import { makePrometheusQuery, type QueryOutcome } from "../../src/evidence/prometheus.ts"
import { openSources } from "../../src/evidence/sources.ts"
import { serve, serveRaw, unusedPort } from "./loopback.ts"

const at = 1_763_640_000.5
const no = (why: string): QueryOutcome => ({ value: null, why }) as QueryOutcome

function source(port: number, name = "main", token?: string): { name: string; url: string; token: string | undefined } {
  return { name, url: `http://127.0.0.1:${port}`, token }
}

/** Asks the only source, which answers so. */
async function answered(listener: RequestListener): Promise<QueryOutcome> {
  return makePrometheusQuery([source(await serve(listener))], { timeoutMs: 2000 })(null, "up")
}

const saying =
  (body: unknown, status = 200): RequestListener =>
  (_, response) =>
    void response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body))

const success = (resultType: string, result: unknown, more: object = {}): unknown => ({
  status: "success",
  data: { resultType, result },
  ...more,
})
const series = (value: string, instance = "a"): unknown => ({ metric: { instance }, value: [at, value] })

describe("a value", () => {
  test.each([
    ["of one series", success("vector", [series("0.042")]), 0.042],
    ["of a scalar", success("scalar", [at, "7"]), 7],
    ["in powers of ten", success("scalar", [at, "1e-03"]), 0.001],
    ["below nothing", success("vector", [series("-5")]), -5],
    ["with notes, but nothing missing", success("scalar", [at, "1"], { infos: ["a note"], warnings: [] }), 1],
  ])("%s", async (_, body, value) => {
    expect(await answered(saying(body))).toEqual({ value, why: null })
  })
})

describe("no value", () => {
  test.each<[string, string, unknown, number?]>([
    ["no-sample", "of no series", success("vector", [])],
    ["several-samples", "of several series", success("vector", [series("1"), series("2", "b")])],
    ["not-a-number", "that is none", success("vector", [series("NaN")])],
    ["not-a-number", "that is endless", success("scalar", [at, "+Inf"])],
    ["not-a-number", "that is blank", success("scalar", [at, " "])],
    ["wrong-type", "of a range", success("matrix", [{ metric: {}, values: [[at, "1"]] }])],
    ["wrong-type", "of a text", success("string", [at, "1"])],
    ["wrong-type", "of a histogram", success("vector", [{ metric: {}, histogram: [at, { count: "1" }] }])],
    ["partial", "when something is missing", success("vector", [series("1")], { warnings: ["a store is away"] })],
    ["malformed", "of an error that says 200", { status: "error", errorType: "internal", error: "x" }],
    ["malformed", "of numbers that are no text", success("vector", [{ metric: {}, value: [at, 1] }])],
    ["malformed", "of a scalar without a value", success("scalar", [at])],
    ["malformed", "of something else", "<html>"],
    ["malformed", "of nothing", ""],
    ["query", "of a query that is none", { status: "error", errorType: "bad_data", error: "parse error" }, 400],
    ["query", "of a query that cannot be worked out", { status: "error", errorType: "execution" }, 422],
    ["denied", "without the right token", "who are you?", 401],
    ["denied", "for want of permission", "no", 403],
    ["status", "of a source in trouble", success("scalar", [at, "1"]), 503],
    ["status", "of another success", success("scalar", [at, "1"]), 204],
  ])("%s: %s", async (...[why, , body, status]) => {
    expect(await answered(saying(body, status))).toEqual(no(why))
  })

  test("of a source that sends elsewhere: the token stays here", async () => {
    const asked: (string | undefined)[] = []
    const elsewhere = await serve((request, response) => {
      asked.push(request.headers.authorization)
      response.end(JSON.stringify(success("scalar", [at, "1"])))
    })
    const port = await serve((_, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${elsewhere}/api/v1/query` }).end()
    })
    expect(await makePrometheusQuery([source(port, "main", "a-token")])("main", "up")).toEqual(no("status"))
    expect(asked).toEqual([])
  })

  test("of a source that is not there, breaks off, or speaks otherwise", async () => {
    const query = (port: number): Promise<QueryOutcome> => makePrometheusQuery([source(port)])(null, "up")
    expect(await query(await unusedPort())).toEqual(no("connection"))
    expect(await query(await serveRaw((socket) => void socket.end("220 smtp\r\n")))).toEqual(no("connection"))
    const breaking: RequestListener = (_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{", () => void response.destroy())
    }
    expect(await answered(breaking)).toEqual(no("connection"))
  })

  test("of a source that is too slow, at any point", async () => {
    const slow: RequestListener[] = [() => undefined, (_, response) => void response.writeHead(200).write("{")]
    for (const listener of slow) {
      const query = makePrometheusQuery([source(await serve(listener))], { timeoutMs: 50 })
      expect(await query(null, "up")).toEqual(no("timeout"))
    }
  })

  test("of a source that says too much", async () => {
    const body = JSON.stringify(success("scalar", [at, "1"]))
    const port = await serve(saying(body))
    const limited = (bodyBytes: number): Promise<QueryOutcome> =>
      makePrometheusQuery([source(port)], { bodyBytes })(null, "up")
    expect(await limited(body.length)).toEqual({ value: 1, why: null })
    expect(await limited(body.length - 1)).toEqual(no("too-large"))
  })
})

describe("what is asked", () => {
  test("the query as it is, at the source of that name, with its token", async () => {
    const asked: unknown[] = []
    const port = await serve((request, response) => {
      const { method, url, headers } = request
      void text(request).then((body) => {
        asked.push([method, url, headers.authorization, [...new URLSearchParams(body)]])
        response.end(JSON.stringify(success("scalar", [at, "1"])))
      })
    })
    const elsewhere = await unusedPort()
    const { query } = openSources({
      probe: { allowedHosts: [], allowPrivate: false },
      prometheus: [
        source(elsewhere, "main"),
        { ...source(port, "shop-eu", "a-token"), url: `http://127.0.0.1:${port}/prometheus` },
      ],
    })
    const promql = 'sum(rate(errors{path=~"/a&b=.+"}[5m])) # ü'
    for (const name of ["shop-eu", "SHOP_EU"]) expect(await query(name, promql)).toEqual({ value: 1, why: null })
    const expected = [
      "POST",
      "/prometheus/api/v1/query",
      "Bearer a-token",
      [
        ["query", promql],
        ["timeout", "10000ms"],
      ],
    ]
    expect(asked).toEqual([expected, expected])
  })

  test("nothing, where no source is meant, or the query is endless", async () => {
    const port = await serve(saying(success("scalar", [at, "1"])))
    const [one, other] = [source(port), source(port, "other")]
    expect(await makePrometheusQuery([])(null, "up")).toEqual(no("unknown-source"))
    expect(await makePrometheusQuery([one, other])(null, "up")).toEqual(no("unknown-source"))
    expect(await makePrometheusQuery([one, other])("third", "up")).toEqual(no("unknown-source"))
    expect(await makePrometheusQuery([one])("http://127.0.0.1", "up")).toEqual(no("unknown-source"))
    expect(await makePrometheusQuery([one])(null, "a".repeat(4001))).toEqual(no("query"))
    expect(await makePrometheusQuery([one])(null, "a".repeat(4000))).toEqual({ value: 1, why: null })
  })
})
