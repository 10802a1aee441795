/** The repository `acme/shop` as people see and handle it, over the test GitHub's HTTP API (`/_people`). */
import { performance } from "node:perf_hooks"
import { setTimeout as sleep } from "node:timers/promises"
import { z } from "zod"

const checkSchema = z.object({
  name: z.string(),
  app: z.string(),
  status: z.string(),
  conclusion: z.string().nullish(),
  title: z.string().nullish(),
  summary: z.string().nullish(),
})

const commentSchema = z.object({ id: z.number(), author: z.string(), body: z.string(), reactions: z.array(z.string()) })

const stateSchema = z.object({
  pulls: z.array(
    z.object({
      number: z.number(),
      state: z.string(),
      title: z.string(),
      author: z.string(),
      body: z.string(),
      mergeCommitSha: z.string().nullish(),
      checks: z.array(checkSchema),
      landedChecks: z.array(checkSchema),
      comments: z.array(commentSchema),
    }),
  ),
  tags: z.array(z.object({ name: z.string(), sha: z.string(), message: z.string().nullable() })),
})

const callsSchema = z.array(
  z.object({
    method: z.string(),
    template: z.string(),
    path: z.string(),
    isTokenCreation: z.boolean(),
    graphqlName: z.string().optional(),
    status: z.number(),
  }),
)

const deliveriesSchema = z.array(
  z.object({ event: z.string(), action: z.string().nullable(), status: z.string(), statusCode: z.number().nullable() }),
)

const refusalSchema = z.object({ message: z.string() })

/** A pull request with what stands below it. */
export type PullState = z.infer<typeof stateSchema>["pulls"][number]

/** A tag: the commit it leads to, and its message if it is annotated. */
export type Tag = z.infer<typeof stateSchema>["tags"][number]

/** A check run of Portcullis, as people see it. */
export type Gate = { verdict: string; title: string; summary: string }

/** What became of an act: GitHub's answer, or its refusal in its own words. */
export type Outcome = { ok: true; body: unknown } | { ok: false; refusal: string }

/** One request that Portcullis made. */
export type Call = z.infer<typeof callsSchema>[number]

/** The shop's GitHub. */
export type Shop = {
  /** Lets people act; `name` is one of `GET /_people`. */
  act(name: string, args: Record<string, unknown>): Promise<Outcome>
  pull(number: number): Promise<PullState>
  /** All of them, oldest first. */
  pulls(): Promise<PullState[]>
  /** `Promotion gate` on a pull request's head. */
  gate(number: number): Promise<Gate | null>
  /** `Promotion health` on the commit that a pull request was merged with. */
  health(number: number): Promise<Gate | null>
  tag(name: string): Promise<Tag | undefined>
  /** Calls of Portcullis since the last time this was asked, without those for tokens. Waits until no more come. */
  newCalls(): Promise<Call[]>
  deliveries(): Promise<z.infer<typeof deliveriesSchema>>
  /** Requests that this GitHub does not know: there must be none. */
  unknownRequests(): Promise<string[]>
}

const patienceMs = 30_000
const calmMs = 250

/** The shop of the test GitHub at `url`. */
export function openShop(url: string, repo: string): Shop {
  const ask = async (path: string, args?: Record<string, unknown>): Promise<{ ok: boolean; body: unknown }> => {
    const answer = await fetch(`${url}/_people${path}`, {
      ...(args === undefined ? {} : { method: "POST", body: JSON.stringify(args) }),
      signal: AbortSignal.timeout(patienceMs),
    })
    return { ok: answer.ok, body: await answer.json() }
  }
  const look = async () => stateSchema.parse((await ask(`/state?repo=${repo}`)).body)
  const pull = async (number: number): Promise<PullState> => {
    const found = (await look()).pulls.find((one) => one.number === number)
    if (found === undefined) throw new Error(`there is no pull request #${number}`)
    return found
  }
  const calls = async (): Promise<Call[]> => callsSchema.parse((await ask("/calls")).body)
  let told = 0
  return {
    pull,
    pulls: async () => (await look()).pulls,
    async act(name, args) {
      const { ok, body } = await ask(`/${name}`, { repo, ...args })
      return ok ? { ok, body } : { ok, refusal: refusalSchema.parse(body).message }
    },
    gate: async (number) => shown((await pull(number)).checks, "Promotion gate"),
    health: async (number) => shown((await pull(number)).landedChecks, "Promotion health"),
    tag: async (name) => (await look()).tags.find((one) => one.name === name),
    async newCalls() {
      let all = await calls()
      let calmSince = performance.now()
      while (performance.now() - calmSince < calmMs) {
        await sleep(50)
        const now = await calls()
        if (now.length !== all.length) calmSince = performance.now()
        all = now
      }
      const fresh = all.slice(told).filter((call) => !call.isTokenCreation)
      told = all.length
      return fresh
    },
    deliveries: async () => deliveriesSchema.parse((await ask("/deliveries")).body),
    unknownRequests: async () => z.array(z.string()).parse((await ask("/unknown")).body),
  }
}

function shown(checks: PullState["checks"], name: string): Gate | null {
  const run = checks.findLast((check) => check.name === name && check.app === "portcullis")
  if (run === undefined) return null
  return { verdict: run.conclusion ?? run.status, title: run.title ?? "", summary: run.summary ?? "" }
}
