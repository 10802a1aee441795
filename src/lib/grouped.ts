type Waiting<T> = { item: T; done(): void; failed(error: unknown): void }

/**
 * Group commit: what is asked for while a run is under way goes together in the next one, so that many small writes
 * share one statement without anybody waiting for a timer. Each caller's promise settles with its own item's fate; if a
 * run of several fails, each item is run alone, so that a bad one costs nobody else.
 *
 * @param lanes how many runs may be under way side by side; with one, items are run in the order they came
 * @param fits how many of the waiting items, from the front, go in one run (at least one is taken)
 */
export function grouped<T>(
  fits: (waiting: readonly T[]) => number,
  run: (items: readonly T[]) => Promise<void>,
  lanes = 1,
): (item: T) => Promise<void> {
  const waiting: Waiting<T>[] = []
  let running = 0
  const runTogether = async (batch: readonly Waiting<T>[]): Promise<void> => {
    try {
      await run(batch.map(({ item }) => item))
      for (const { done } of batch) done()
    } catch (error) {
      if (batch.length === 1) batch[0]?.failed(error)
      else for (const one of batch) await runTogether([one])
    }
  }
  const runAll = async (): Promise<void> => {
    running += 1
    while (waiting.length > 0) {
      const count = Math.max(1, fits(waiting.map(({ item }) => item)))
      await runTogether(waiting.splice(0, count))
    }
    running -= 1
  }
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, done: resolve, failed: reject })
      if (running < lanes) void runAll()
    })
}
