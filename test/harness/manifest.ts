import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { parse } from "yaml"
import { z } from "zod"

const manifestSchema = z.object({
  default_events: z.array(z.string()),
  default_permissions: z.record(z.string(), z.enum(["read", "write"])),
})

/** Events and permissions of app.yml: scenarios run with exactly what a user grants. */
export function appManifest(): { events: string[]; permissions: Record<string, "read" | "write"> } {
  const text = readFileSync(resolve(import.meta.dirname, "../../app.yml"), "utf8")
  const { default_events: events, default_permissions: permissions } = manifestSchema.parse(parse(text))
  return { events, permissions }
}
