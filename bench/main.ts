/**
 * The benchmarks: `npm run bench`, or some of them: `npm run bench -- lifecycle burst`. Figures go by hand into
 * docs/performance.md, with the machine they were taken on.
 */
import { answering } from "./answering.ts"
import { burst } from "./burst.ts"
import { deciding } from "./deciding.ts"
import { lifecycle } from "./lifecycle.ts"
import { memory } from "./memory.ts"
import { pausing } from "./pausing.ts"
import { reaction } from "./reaction.ts"
import { rollback } from "./rollback.ts"
import { saturation } from "./saturation.ts"
import { freshPostgres } from "./server.ts"
import { fullConfig } from "./world.ts"

/** How many promotions are paused: `npm run bench -- pausing 40`. */
const promotions = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 200)

type Bench = { name: string; needsPostgres: boolean; run(): Promise<string | string[]> }

const benches: readonly Bench[] = [
  { name: "lifecycle", needsPostgres: false, run: () => lifecycle("embedded") },
  { name: "lifecycle", needsPostgres: false, run: () => lifecycle("embedded", fullConfig) },
  { name: "deciding", needsPostgres: false, run: () => deciding() },
  { name: "burst", needsPostgres: false, run: () => burst("embedded", 30) },
  { name: "burst", needsPostgres: false, run: () => burst("embedded", 150) },
  { name: "burst", needsPostgres: true, run: () => burst("postgresql", 30) },
  { name: "burst", needsPostgres: true, run: () => burst("postgresql", 150) },
  { name: "reaction", needsPostgres: false, run: () => reaction("embedded") },
  { name: "reaction", needsPostgres: true, run: () => reaction("postgresql") },
  { name: "rollback", needsPostgres: false, run: () => rollback("embedded") },
  { name: "rollback", needsPostgres: true, run: () => rollback("postgresql") },
  { name: "answering", needsPostgres: false, run: () => answering("embedded", 50) },
  { name: "answering-pg", needsPostgres: true, run: () => answering("postgresql", 150) },
  { name: "saturation", needsPostgres: true, run: () => saturation() },
  { name: "pausing", needsPostgres: false, run: () => pausing("embedded", promotions) },
  { name: "memory", needsPostgres: true, run: () => memory("postgresql") },
  { name: "memory", needsPostgres: false, run: () => memory("embedded") },
]

const wanted = process.argv.slice(2).filter((word) => !/^\d+$/.test(word))
const postgres = await freshPostgres().then(
  async (database) => {
    await database.drop()
    return true
  },
  () => false,
)
if (!postgres) console.log("no PostgreSQL server to be had (set BENCH_DATABASE_URL): its figures are left out\n")
for (const bench of benches) {
  if (wanted.length > 0 && !wanted.includes(bench.name)) continue
  if (bench.needsPostgres && !postgres) continue
  const lines = [await bench.run()].flat()
  console.log(`${bench.name.padEnd(11)} ${lines.join("\n")}`)
}
process.exit(0)
