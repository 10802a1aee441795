import { expect, test } from "vitest"
import { listsHost, parseHostEntry } from "../../src/lib/host-list.ts"

function lists(entry: string, url: string): boolean {
  const parsed = parseHostEntry(entry)
  if (parsed === undefined) throw new Error(`no entry: ${entry}`)
  return listsHost([parsed], new URL(url))
}

test.each([
  ["shop.example.com", "https://shop.example.com/healthz"],
  ["shop.example.com", "http://SHOP.example.com"],
  ["Shop.Example.com:8443", "https://shop.example.com:8443/"],
  ["shop.example.com:443", "https://shop.example.com/"],
  ["shop.example.com:80", "http://shop.example.com/"],
  ["*.example.com", "https://shop.example.com/"],
  ["*.example.com", "https://eu.shop.example.com/"],
  ["*.example.com:8443", "https://shop.example.com:8443/"],
  ["bücher.example", "https://xn--bcher-kva.example/"],
  ["127.0.0.1:8080", "http://2130706433:8080/"],
  ["[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/"],
  ["[::1]", "http://[::1]/"],
])("%s lists %s", (entry, url) => {
  expect(lists(entry, url)).toBe(true)
})

test.each([
  ["shop.example.com", "https://shop.example.com:8443/"],
  ["shop.example.com", "https://eu.shop.example.com/"],
  ["shop.example.com", "https://shop.example.com.evil.example/"],
  ["shop.example.com", "https://shop.example.com./"],
  ["shop.example.com:443", "http://shop.example.com/"],
  ["shop.example.com:8443", "https://shop.example.com/"],
  ["*.example.com", "https://example.com/"],
  ["*.example.com", "https://evilexample.com/"],
  ["*.example.com", "https://shop.example.com:8443/"],
  ["127.0.0.1:8080", "http://127.0.0.1:8081/"],
])("%s does not list %s", (entry, url) => {
  expect(lists(entry, url)).toBe(false)
})

test.each([
  "",
  "*",
  "*.",
  "*:80",
  "shop.*.com",
  "https://shop.example.com",
  "shop.example.com/",
  "shop.example.com/healthz",
  "user@shop.example.com",
  "shop.example.com:0",
  "shop.example.com:65536",
  "shop.example.com:http",
  "shop.example.com:",
  "shop example.com",
  "::1",
  "[::1",
  "*.127.0.0.1",
  "*.[::1]",
  "[shop]",
])("%j is no entry", (text) => {
  expect(parseHostEntry(text)).toBeUndefined()
})
