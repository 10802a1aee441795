/** A moment for people, to the minute, in UTC: `2026-11-21 14:30 UTC`. */
export function moment(ms: number): string {
  return `${isoDate(ms)} ${clockTime(ms)} UTC`
}

const dayMs = 24 * 3600 * 1000

function clockTime(ms: number): string {
  const minutes = Math.floor((((ms % dayMs) + dayMs) % dayMs) / 60_000)
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

function two(value: number): string {
  return String(value).padStart(2, "0")
}

/**
 * The date of a moment in the proleptic Gregorian calendar.
 *
 * @see https://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
function isoDate(ms: number): string {
  const days = Math.floor(ms / dayMs) + 719_468
  const era = Math.floor(days / 146_097)
  const dayOfEra = days - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`
}

/** The time of day of a moment, to the second, in UTC: `12:00:01`. */
export function secondOf(ms: number): string {
  return `${clockTime(ms)}:${two(Math.floor((((ms % 60_000) + 60_000) % 60_000) / 1000))}`
}
