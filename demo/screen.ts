/** What the demo prints: calm, at most 100 columns, colour only where the terminal wants it (NO_COLOR is honoured). */
import { styleText } from "node:util"

/** How a line is meant: good news, bad news, not known yet, an aside. */
export type Tone = "good" | "bad" | "waiting" | "aside" | "plain" | "strong"

const styles: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  good: "green",
  bad: "red",
  waiting: "yellow",
  aside: "dim",
  plain: "reset",
  strong: "bold",
}

const widest = 100
const indent = "   "
const labelWidth = 18

/** A line without a label, wrapped at the width. */
export function say(text = "", tone: Tone = "plain"): void {
  for (const line of wrap(text, width())) write(paint(line, tone))
}

/** Begins a step of the story. */
export function heading(number: number, title: string): void {
  write("")
  write(`${paint(String(number).padStart(2), "aside")} ${paint(title, "strong")}`)
}

/** Who or what speaks, and what; a long text goes on below itself. */
export function tell(label: string, text: string, tone: Tone = "plain"): void {
  const lines = wrap(text, width() - indent.length - labelWidth)
  for (const [index, line] of lines.entries()) {
    const head = (index === 0 ? `${label} ` : "").padEnd(labelWidth)
    write(`${indent}${paint(head, tone === "aside" ? "aside" : "plain")}${paint(line, tone)}`)
  }
}

/** Text of another program, line by line as it is, moved in. */
export function quote(text: string, tone: Tone = "plain"): void {
  for (const line of text.trimEnd().split("\n")) write(line === "" ? "" : `${indent}${paint(line, tone)}`)
}

/** Cuts the lines that would be too wide to {@link quote}; an ellipsis says so. */
export function cut(text: string): string {
  const room = width() - indent.length
  return text.replaceAll(/^.+$/gm, (line) => (line.length > room ? `${line.slice(0, room - 1)}…` : line))
}

/** Breaks text at spaces; a word that is longer than the width stays whole. Line breaks in it are kept. */
function wrap(text: string, columns: number): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const lines: string[] = []
    let line = ""
    for (const word of paragraph.split(" ")) {
      const longer = line === "" ? word : `${line} ${word}`
      if (longer.length > columns && line !== "") {
        lines.push(line)
        line = word
      } else line = longer
    }
    return [...lines, line]
  })
}

/** A time for people: `0.3 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

function width(): number {
  const columns = process.stdout.isTTY ? process.stdout.columns : widest
  return Math.max(60, Math.min(widest, columns))
}

function paint(text: string, tone: Tone): string {
  return tone === "plain" || text === "" ? text : styleText(styles[tone], text, { stream: process.stdout })
}

/** Prints nothing from now on: the story is over, though a part of it may still be under way. */
export function hush(): void {
  hushed = true
}

let hushed = false

function write(line: string): void {
  if (!hushed) process.stdout.write(`${line}\n`)
}
