import { z } from "zod"

/**
 * Queries to Prometheus, and to what answers like it. The sources are the host's: a repository names one, and says what
 * to ask, never where. A query has a value only when the answer is whole and is one number; everything else is a reason.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
 */

/** A source as the host set it up. `url`: root of its API, without a slash at the end; `name` in small letters. */
export type PrometheusSource = { name: string; url: string; token: string | undefined }

/**
 * Why a query has no value:
 *
 * - `unknown-source`: none of this name, or no name where there is not exactly one source
 * - `query`: too long, or the source does not accept it, or cannot work it out
 * - `timeout`, `connection`: no whole answer in time, or none at all
 * - `denied`: the source wants another token
 * - `status`: another answer than 200, redirects included
 * - `too-large`: more than 1 MiB
 * - `malformed`: not what Prometheus answers
 * - `partial`: the source says itself that something may be missing (`warnings`)
 * - `no-sample`, `several-samples`: not one series
 * - `wrong-type`: a range, a text or a histogram instead of a number
 * - `not-a-number`: NaN or infinite, as after a division by zero
 */
export type QueryProblem =
  | "unknown-source"
  | "query"
  | "timeout"
  | "connection"
  | "denied"
  | "status"
  | "too-large"
  | "malformed"
  | "partial"
  | "no-sample"
  | "several-samples"
  | "wrong-type"
  | "not-a-number"

/** What came of a query. */
export type QueryOutcome = { value: number; why: null } | { value: null; why: QueryProblem }

/**
 * Asks a source for what a query is worth now. Names are told apart without regard to case, `_` and `-`; null is the
 * only source there is. Never rejects.
 */
export type PrometheusQuery = (source: string | null, promql: string) => Promise<QueryOutcome>

/** Time for a whole query, and bytes of its answer. */
export type QueryLimits = { timeoutMs: number; bodyBytes: number }

const defaultLimits: QueryLimits = { timeoutMs: 10_000, bodyBytes: 1024 * 1024 }
const limitQueryLength = 4000

/** Makes queries to these sources. */
export function makePrometheusQuery(
  sources: readonly PrometheusSource[],
  limits: Partial<QueryLimits> = {},
): PrometheusQuery {
  const all = { ...defaultLimits, ...limits }
  return async (name, promql) => {
    const source = findSource(sources, name)
    if (source === undefined) return none("unknown-source")
    if (promql.length > limitQueryLength) return none("query")
    const signal = AbortSignal.timeout(all.timeoutMs)
    try {
      return await ask(source, promql, { ...all, signal })
    } catch {
      return none(signal.aborted ? "timeout" : "connection")
    }
  }
}

function none(why: QueryProblem): QueryOutcome {
  return { value: null, why }
}

function findSource(sources: readonly PrometheusSource[], name: string | null): PrometheusSource | undefined {
  if (name === null) return sources.length === 1 ? sources[0] : undefined
  return sources.find((source) => source.name === sourceName(name))
}

/** A source's name, as it is compared. */
function sourceName(name: string): string {
  return name.toLowerCase().replaceAll("_", "-")
}

type Asking = QueryLimits & { signal: AbortSignal }

/** By POST, since a query may be longer than a URL. Redirects are not followed: they would take the token elsewhere. */
async function ask({ url, token }: PrometheusSource, promql: string, asking: Asking): Promise<QueryOutcome> {
  const answer = await fetch(`${url}/api/v1/query`, {
    method: "POST",
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: new URLSearchParams({ query: promql, timeout: `${asking.timeoutMs}ms` }),
    redirect: "manual",
    signal: asking.signal,
  })
  const problem = problemOfStatus(answer.status)
  if (problem !== null) {
    await answer.body?.cancel()
    return none(problem)
  }
  const text = await readText(answer, asking.bodyBytes)
  return text === null ? none("too-large") : readAnswer(text)
}

function problemOfStatus(status: number): QueryProblem | null {
  if (status === 200) return null
  if (status === 400 || status === 422) return "query"
  return status === 401 || status === 403 ? "denied" : "status"
}

async function readText(answer: Response, limitBytes: number): Promise<string | null> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > limitBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

const sample = z.tuple([z.number(), z.string()])
const success = z.object({
  status: z.literal("success"),
  warnings: z.array(z.unknown()).nullish(),
  data: z.object({ resultType: z.string(), result: z.unknown() }),
})
const vector = z.array(z.object({ value: sample.optional() }))

function readAnswer(text: string): QueryOutcome {
  const parsed = success.safeParse(parseJson(text))
  if (!parsed.success) return none("malformed")
  const { warnings, data } = parsed.data
  if ((warnings ?? []).length > 0) return none("partial")
  if (data.resultType === "scalar") return valueOf(sample.safeParse(data.result).data)
  if (data.resultType !== "vector") return none("wrong-type")
  const samples = vector.safeParse(data.result)
  if (!samples.success) return none("malformed")
  const [first, ...more] = samples.data
  if (first === undefined) return none("no-sample")
  if (more.length > 0) return none("several-samples")
  // A histogram has `histogram` in its place.
  return first.value === undefined ? none("wrong-type") : valueOf(first.value)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function valueOf(found: z.infer<typeof sample> | undefined): QueryOutcome {
  if (found === undefined) return none("malformed")
  const [, text] = found
  const value = text.trim() === "" ? Number.NaN : Number(text)
  return Number.isFinite(value) ? { value, why: null } : none("not-a-number")
}
