// Writes the SQL of a new migration, without network or server: `node prisma/new-migration.ts add_reason`.
// Edit schema.prisma first; then review, and complete by hand, what this wrote.
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { openDatabase } from "../src/lib/db/database.ts"
import { lackingInMigrations } from "./schema-engine.ts"

const name = process.argv[2] ?? ""
if (/^[a-z0-9_]+$/.test(name)) {
  await write(name)
} else {
  process.stderr.write("Usage: node prisma/new-migration.ts NAME (lower-case letters, digits, underscores)\n")
  process.exitCode = 2
}

async function write(migration: string): Promise<void> {
  const database = await openDatabase({ dataDir: "memory://" })
  const { exitCode, stdout } = await lackingInMigrations(database)
  await database.close()
  if (exitCode === 0 || stdout === null) {
    process.stdout.write("The migrations already make what schema.prisma says.\n")
    return
  }
  const time = new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14)
  const folder = join(import.meta.dirname, "migrations", `${time}_${migration}`)
  await mkdir(folder)
  await writeFile(join(folder, "migration.sql"), stdout)
  process.stdout.write(`${join(folder, "migration.sql")}:\n\n${stdout}`)
}
