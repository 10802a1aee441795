/** Source of the present moment. Injected everywhere, so that tests can set it. */
export type Clock = {
  /** The present moment; never goes through a time zone. */
  now(): Date
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => new Date() }
