import { defineConfig } from "prisma/config"

// `prisma generate`, `validate` and `format` never run the schema engine, but ask for its path and would
// download it. Any executable satisfies them; `prisma migrate` must keep the real one, so only these three.
if (["generate", "validate", "format"].some((command) => process.argv.includes(command))) {
  process.env["PRISMA_SCHEMA_ENGINE_BINARY"] ??= process.execPath
}

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  ...(process.env["DATABASE_URL"] ? { datasource: { url: process.env["DATABASE_URL"] } } : {}),
})
