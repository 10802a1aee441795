import type { IncomingMessage } from "node:http"

/** The whole body of a request, if it is not too large. When it is, what was read until then is dropped. */
export async function readBody(
  request: IncomingMessage,
  limitBytes: number,
): Promise<Buffer | "too large" | "cut off"> {
  if (Number(request.headers["content-length"] ?? 0) > limitBytes) return "too large"
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > limitBytes) return "too large"
      chunks.push(chunk)
    }
  } catch {
    return "cut off"
  }
  return Buffer.concat(chunks)
}
