const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** How people write a duration. */
export const durationPattern = /^([1-9]\d{0,5})([smhd])$/

/** Milliseconds of a duration as people write it (`30s`, `15m`, `24h`, `7d`); undefined for anything else. */
export function parseDurationMs(text: string): number | undefined {
  const match = durationPattern.exec(text)
  if (match === null) return undefined
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const

/** Milliseconds as people write a duration, in the largest unit that fits. */
export function durationText(ms: number): string {
  const [unit, size] = units.find(([, of]) => ms % of === 0) ?? ["s", 1000]
  return `${ms / size}${unit}`
}
