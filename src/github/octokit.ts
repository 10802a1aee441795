import Bottleneck from "bottleneck"
import { ProbotOctokit } from "probot"

/**
 * Octokit as Portcullis wants it: retries and limits set by us, since Probot's defaults let through one write a second
 * for the whole process and give up on secondary limits.
 *
 * Only what changes nothing twice is asked again by the client. What is made by POST may have come about although the
 * answer was a 5xx or none: the reconcile that asked for it looks for it before it makes another (named race *the
 * unanswered creation*).
 *
 * Writes are limited for each installation to what GitHub's secondary limits allow, in bursts, in three lanes: what is
 * said in comments and reactions (20 a minute) never holds up a new gate (60 a minute), and neither holds up the change of
 * a gate that is there (140 a minute), so that neither a crowd of commenters nor a crowd of pushes can delay a pause. GitHub
 * counts about 80 creations a minute, and 900 points, of which a write costs 5. Reads, GraphQL queries among them, run
 * beside all of them.
 *
 * What has no room among the comments is not waited for, but refused ({@link SaidTooMuch}): anybody may write comments,
 * and whoever waited here would keep a worker from everything else.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
 */
export function octokitForLife(): typeof ProbotOctokit {
  const write = new Bottleneck.Group({ maxConcurrent: 10, timeout: 600_000 })
  const global = new Bottleneck.Group({ maxConcurrent: 10, timeout: 600_000 })
  // The plugin's own would let through one comment or merge in three seconds, and the others wait.
  const notifications = new Bottleneck.Group({ maxConcurrent: 10, timeout: 600_000 })
  const Octokit = withDefaults((options) => ({
    ...options,
    throttle: {
      ...asObject(options["throttle"]),
      enabled: true,
      write,
      global,
      notifications,
      onRateLimit: tryAgain,
      onSecondaryRateLimit: tryAgain,
    },
    // 429 is a limit, which the throttling waits for.
    retry: { retries: 2, doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451] },
    userAgent: "portcullis",
  }))
  return Octokit.plugin(
    makeOnce,
    paceWrites({
      made: perMinute(60, fewAtOnce),
      changed: perMinute(140, fewAtOnce),
      said: perMinute(20, withoutQueue),
    }),
  )
}

function perMinute(count: number, more: Bottleneck.ConstructorOptions): Bottleneck.Group {
  const refill = { reservoirRefreshAmount: count, reservoirRefreshInterval: 60_000 }
  return new Bottleneck.Group({ reservoir: count, ...refill, timeout: 600_000, ...more })
}

const fewAtOnce = { maxConcurrent: 4 }

/** Nothing waits in such a lane: what cannot go at once is dropped. */
const withoutQueue = { highWater: 0, strategy: Bottleneck.strategy.OVERFLOW }

/** Thrown when there was no room for one more comment or reaction; nothing was sent. */
export class SaidTooMuch extends Error {
  override name = "SaidTooMuch"
}

type Lanes = { made: Bottleneck.Group; changed: Bottleneck.Group; said: Bottleneck.Group }

/** Sends each installation's REST writes through one of three lanes. */
function paceWrites({ made, changed, said }: Lanes) {
  return ({ hook }: Pick<InstanceType<typeof ProbotOctokit>, "hook">, options: Options): void => {
    const throttle = asObject(options["throttle"])
    const installation = "id" in throttle ? String(throttle.id) : "app"
    hook.wrap("request", async (request, wanted) => {
      if (wanted.method === "GET" || wanted.url === "/graphql" || wanted.url.includes("/access_tokens")) {
        return request(wanted)
      }
      if (wanted.url.includes("/comments")) return sayNow(said.key(installation), async () => request(wanted))
      const lane = wanted.method === "PATCH" ? changed : made
      return lane.key(installation).schedule(async () => request(wanted))
    })
  }
}

async function sayNow<Result>(lane: Bottleneck, request: () => Promise<Result>): Promise<Result> {
  try {
    return await lane.schedule(request)
  } catch (error) {
    if (error instanceof Bottleneck.BottleneckError) throw new SaidTooMuch("no room for another comment now")
    throw error
  }
}

/** Takes the client's own retries from what would come about twice. */
function makeOnce({ hook }: Pick<InstanceType<typeof ProbotOctokit>, "hook">): void {
  hook.before("request", (options) => {
    const queries = options.url === "/graphql" && !/^\s*mutation\b/.test(options["query"])
    // Annotations of an update are added to those that are there.
    const adds = options.method === "PATCH" && "annotations" in asObject(options["output"])
    if ((options.method === "POST" && !queries) || adds) options.request = { ...options.request, retries: 0 }
  })
}

/** Octokit that asks once, over a `fetch` of the caller's; for tests, which must see every request and every failure. */
export function octokitOnce(fetch: typeof globalThis.fetch): typeof ProbotOctokit {
  return withDefaults((options) => ({
    ...options,
    throttle: { enabled: false },
    retry: { enabled: false },
    request: { ...asObject(options["request"]), fetch },
  }))
}

type Options = Record<string, unknown>

function withDefaults(defaults: (options: Options) => Options): typeof ProbotOctokit {
  return ProbotOctokit.defaults(defaults)
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {}
}

/** Longest wait for a limit, in seconds, before the work is given back to the queue. */
const longestWaitSeconds = 60

/** Waits twice for a limit if the wait is short; the work is not lost otherwise, it comes back by the queue. */
function tryAgain(retryAfterSeconds: number, options: { request?: { retryCount?: number } }): boolean {
  return retryAfterSeconds <= longestWaitSeconds && (options.request?.retryCount ?? 0) < 2
}
