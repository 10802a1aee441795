import { isIPv6 } from "node:net"
import { clip } from "../lib/clip.ts"

/**
 * Other people's words without what must not be kept: keys and tokens, URLs, mail and network addresses, paths.
 *
 * Words are judged whole, between blanks, and replaced whole: a word that holds a secret somewhere keeps no part of it.
 * What merely looks like one goes as well; a message that says a little less is the smaller harm. A secret that is an
 * everyday word by itself (`hunter`) is only found by the name before it.
 */

/** UTF-16 units of a text that are looked at; `…` stands for the rest. */
const limitUnits = 4000

/**
 * Cleans a text, to one line of `units` UTF-16 units at most. What was taken out is told by its kind, as `[secret]`,
 * `[url]`, `[mail]`, `[path]` or `[address]`. Takes time in proportion to the text.
 */
export function cleanText(text: string, units: number): string {
  const whole = withoutKeyBlocks(withoutControl(text.toWellFormed()))
  const words = clip(whole, limitUnits).split(" ")
  // The last word may be the beginning of one that would have been told by its end.
  if (whole.length > limitUnits) words[words.length - 1] = "…"
  return clip(cleanWords(words.filter((word) => word !== "")).join(" "), units)
}

/** Blanks of all kinds become one kind; characters that are not seen would hide a word's true letters. */
function withoutControl(text: string): string {
  return text.replaceAll(/[\s\p{Zl}\p{Zp}]/gu, " ").replaceAll(/[\p{Cc}\p{Cf}]/gu, "")
}

/** From the first line of a PEM block to its last, or to the end of the text. */
function withoutKeyBlocks(text: string): string {
  const [before = "", ...blocks] = text.split("-----BEGIN ")
  const rests = blocks.map((block) => {
    const end = /-----END [A-Z0-9 ]{1,40}-----/.exec(block)
    return end === null ? "" : block.slice(end.index + end[0].length)
  })
  return [before, ...rests].join(" [secret] ")
}

/** Whether the next word is the value that a name stands before: surely after `password:`, perhaps after `password`. */
type Expecting = "nothing" | "perhaps" | "surely"

function cleanWords(words: readonly string[]): string[] {
  let expecting: Expecting = "nothing"
  return words.map((word) => {
    if (expecting !== "nothing" && connecting.test(word)) {
      expecting = "surely"
      return word
    }
    const isValue = expecting === "surely" || (expecting === "perhaps" && !everydayWord.test(word))
    const next = expectingAfter(word)
    if (isValue && next === "nothing") {
      expecting = "nothing"
      return "[secret]"
    }
    // In `Authorization: Bearer abc` the value is the second word.
    expecting = isValue && expecting === "surely" ? "surely" : next
    return markFor(word) ?? word
  })
}

const connecting = /^(?:[:=]{1,3}|[-=]>|is|was)$/i
const everydayWord = /^[("']?[A-Z]?[a-z]*[)"'.,;:!?]{0,3}$/
const secretName =
  "(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization|bearer|basic|cookie)"
const nameWithSign = new RegExp(`${secretName}[\\w-]{0,20}["']?[:=]{1,3}["']?$`, "i")
const nameAlone = new RegExp(`(?:^|[\\W_])${secretName}["']?$`, "i")
const nameWithValue = new RegExp(`${secretName}[\\w-]{0,20}["']?[:=]["']?[^\\s"':=]`, "i")

function expectingAfter(word: string): Expecting {
  if (nameWithSign.test(word)) return "surely"
  return nameAlone.test(word) ? "perhaps" : "nothing"
}

const knownToken =
  /(?:^|[^A-Za-z0-9])(?:gh[a-z]_|github_pat_|glpat-|xox[a-z]-|[spr]k[-_]|AKIA|ASIA|AIza|npm_|pypi-|whsec_|eyJ|SG\.|hf_|ya29\.)[\w.-]{6,}/
const networkAddress = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/
const wholeAddress = /^[[("']{0,2}([\da-f:]{2,45})[\])"',.;]{0,3}(?::\d{1,5})?$/i

/** What a word is replaced by; undefined: it stays. */
function markFor(word: string): string | undefined {
  if (knownToken.test(word) || nameWithValue.test(word)) return "[secret]"
  if (/:\/\/|^\W{0,3}www\./i.test(word)) return "[url]"
  if (/[^@]@[^@]/.test(word)) return "[mail]"
  if (isPath(word)) return "[path]"
  if (networkAddress.test(word) || isIPv6(wholeAddress.exec(word)?.[1] ?? "")) return "[address]"
  return hasRandomRun(word) ? "[secret]" : undefined
}

/** `and/or`, `3/4` and `HTTP/1.1` are none. */
function isPath(word: string): boolean {
  if (/^HTTP\/\d(?:\.\d)?$/.test(word)) return false
  if (/\\\w|(?:^|[^A-Za-z0-9/])\/[^/]/.test(word)) return true
  const slashes = word.split("/").length - 1
  return slashes > 1 || (slashes === 1 && /\.\w/.test(word))
}

/** Letters and digits as chance mixes them, or a run that is too long for any word. */
function hasRandomRun(word: string): boolean {
  return [...word.matchAll(/[\w+/=-]{20,}/g)].some(
    ([run]) => run.length >= 40 || (/\d\D*\d/.test(run) && /[a-z][^a-z]*[a-z]/i.test(run)),
  )
}
