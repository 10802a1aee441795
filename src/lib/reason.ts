/** Why something failed, for a person. A name with several addresses fails with one error for each, and no words of its own. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join(", ")
  return error instanceof Error ? error.message : String(error)
}
