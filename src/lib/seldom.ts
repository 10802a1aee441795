import type { Clock } from "./clock.ts"

/** Most keys remembered; the oldest is forgotten, and may then come a little too often. */
const limitKeys = 10_000

/** Makes a test whether a key's turn has come: true at first, and again once `periodMs` have passed since the last yes. */
export function seldom(clock: Clock, periodMs: number): (key: string) => boolean {
  const lastMs = new Map<string, number>()
  return (key) => {
    const nowMs = clock.now().getTime()
    const last = lastMs.get(key)
    if (last !== undefined && nowMs - last < periodMs) return false
    lastMs.delete(key)
    lastMs.set(key, nowMs)
    const oldest = lastMs.keys().next()
    if (lastMs.size > limitKeys && oldest.done !== true) lastMs.delete(oldest.value)
    return true
  }
}
