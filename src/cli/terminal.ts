/** Other people's words as they may stand on a terminal: one line, and no character that steers it or cannot be seen. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "�")
}
