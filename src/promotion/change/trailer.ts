import { clip } from "../../lib/clip.ts"

/** A trailer of a commit message, such as `Agent-task: 42`. */
export type Trailer = { key: string; value: string }

/** Most trailers taken from one message. */
const limitTrailers = 50

/**
 * The trailers of a commit message: lines of the form `Key: value` anywhere after its subject. Git looks for them in the
 * last paragraph only; one that was moved up by a squash counts here all the same, since trailers can only tighten.
 */
export function trailersOf(message: string): Trailer[] {
  const lines = message.split(/\r?\n/).slice(1)
  return lines
    .flatMap((line): Trailer[] => {
      const match = /^([A-Za-z0-9][A-Za-z0-9-]{0,63}):[ \t]+(\S.*)$/.exec(line)
      const [, key, value] = match ?? []
      return key === undefined || value === undefined ? [] : [{ key, value: clip(value.trim(), 200) }]
    })
    .slice(0, limitTrailers)
}
