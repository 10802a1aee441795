declare const brand: unique symbol

/** A `Base` that only a parser can make: the compiler keeps plain values out. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name }

/** Full object id of a git commit: 40 (SHA-1) or 64 (SHA-256) lower-case hex digits. */
export type Sha = Brand<string, "Sha">

/** Parses a commit id; undefined when the text is not one. */
export function parseSha(text: string): Sha | undefined {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text) ? (text as Sha) : undefined
}

/** Parses a commit id that GitHub or the database vouches for; throws on anything else. */
export function sha(text: string): Sha {
  const parsed = parseSha(text)
  if (parsed === undefined) throw new Error(`not a commit id: ${JSON.stringify(text.slice(0, 80))}`)
  return parsed
}
