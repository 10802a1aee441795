import { defineConfig } from "vitest/config"

/**
 * Folders whose files leave nothing behind in the process they run in: a worker loads the app and opens its database once
 * for all of them, which is half of what they take.
 */
const together = ["scenario", "fault", "promotion", "report", "github", "landing"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
)

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: "test/harness/run.ts",
    projects: [
      { extends: true, test: { name: "together", include: together, isolate: false } },
      { extends: true, test: { name: "apart", include: ["test/**/*.test.ts"], exclude: together } },
    ],
  },
})
