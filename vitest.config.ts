import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    // A process loads the app and opens its database once for all the files that it runs: most of the time went there.
    // So no file may leave anything behind; what belongs to a file is made and taken down by its own hooks.
    isolate: false,
    globalSetup: "test/harness/run.ts",
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
