import { once } from "node:events"
import type { ServerResponse } from "node:http"
import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { afterEach, describe, expect, test } from "vitest"
import { makeProbe, type ProbeOptions, type ProbeOutcome, type ResolvedAddress } from "../../src/evidence/probe.ts"
import { parseHostEntry, type HostEntry } from "../../src/lib/host-list.ts"
import { certificate } from "./certificate.ts"
import { serve, serveRaw, serveSecurely, unusedPort } from "./loopback.ts"

const authorities = getCACertificates("default")
afterEach(() => setDefaultCACertificates(authorities))

function hosts(...entries: string[]): HostEntry[] {
  return entries.map((entry) => parseHostEntry(entry)).filter((entry) => entry !== undefined)
}

type Circumstances = Partial<Omit<ProbeOptions, "allowedHosts" | "resolve">> & {
  allowed?: string[]
  /** What names resolve to; anything else is nowhere. */
  names?: Record<string, string[]>
}

/** Probes a URL; `asked` collects what was looked up. */
function probe(url: string, circumstances: Circumstances = {}, asked: string[] = []): Promise<ProbeOutcome> {
  const { allowed = [], names = {}, ...rest } = circumstances
  const resolve = (hostname: string): Promise<ResolvedAddress[]> => {
    asked.push(hostname)
    const addresses = names[hostname]
    if (addresses === undefined) return Promise.reject(new Error("ENOTFOUND"))
    return Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })))
  }
  return makeProbe({ allowPrivate: false, ...rest, allowedHosts: hosts(...allowed), resolve })(url)
}

/** Probes a path of a server on 127.0.0.1 whose very address is listed. */
function probeOf(port: number, path = "/", more: Circumstances = {}): Promise<ProbeOutcome> {
  return probe(`http://127.0.0.1:${port}${path}`, { allowed: [`127.0.0.1:${port}`], ...more })
}

function answering(
  status: number,
  headers: Record<string, string> = {},
): (_: unknown, response: ServerResponse) => void {
  return (_, response) => void response.writeHead(status, headers).end("well")
}

const no = (why: string, status: number | null = null): ProbeOutcome => ({ ok: false, status, why }) as ProbeOutcome
const yes = (status = 200): ProbeOutcome => ({ ok: true, status, why: null })

describe("what an answer means", () => {
  test.each([200, 201, 204, 299])("%i is a success", async (status) => {
    expect(await probeOf(await serve(answering(status)))).toEqual(yes(status))
  })

  test.each([300, 304, 400, 401, 404, 429, 500, 503])("%i is none", async (status) => {
    expect(await probeOf(await serve(answering(status)))).toEqual(no("status", status))
  })

  test("a redirect that says not where to is none", async () => {
    expect(await probeOf(await serve(answering(302)))).toEqual(no("status", 302))
  })

  test("it is asked by GET, as itself, and with nothing else", async () => {
    const seen: unknown[] = []
    const port = await serve((request, response) => {
      seen.push(request.method, request.url, request.headers)
      response.end()
    })
    expect(await probeOf(port, "/healthz?deep=1#part")).toEqual(yes())
    const headers = { host: `127.0.0.1:${port}`, accept: "*/*", "user-agent": "Portcullis", connection: "close" }
    expect(seen).toEqual(["GET", "/healthz?deep=1", headers])
  })
})

describe("who is asked", () => {
  test("nobody, when nothing is allowed", async () => {
    let requests = 0
    const port = await serve((_, response) => {
      requests += 1
      response.end()
    })
    const asked: string[] = []
    for (const host of ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "shop.test"]) {
      const names = { localhost: ["127.0.0.1"], "shop.test": ["127.0.0.1"] }
      expect(await probe(`http://${host}:${port}/`, { names, allowPrivate: true }, asked)).toEqual(no("not-allowed"))
    }
    expect({ requests, asked }).toEqual({ requests: 0, asked: [] })
  })

  test.each(["shop", "http://", "ftp://shop.test/", "file:///etc/passwd", "data:,x", "javascript:1"])(
    "%s is no URL of a probe",
    async (url) => {
      expect(await probe(url, { allowed: ["shop.test"] })).toEqual(no("bad-url"))
    },
  )

  test("nor is one with credentials, or one that is endless", async () => {
    const allowed = ["shop.test"]
    for (const url of ["http://max@shop.test/", "http://:sesame@shop.test/", `http://shop.test/${"a".repeat(2000)}`]) {
      expect(await probe(url, { allowed })).toEqual(no("bad-url"))
    }
  })

  test("a listed name, at the address that it resolves to", async () => {
    const hostHeaders: unknown[] = []
    const port = await serve((request, response) => {
      hostHeaders.push(request.headers.host)
      response.end()
    })
    const names = { "shop.test": ["127.0.0.1"] }
    const circumstances = { allowed: [`*.test:${port}`], names, allowPrivate: true }
    expect(await probe(`http://shop.test:${port}/`, circumstances)).toEqual(yes())
    expect(hostHeaders).toEqual([`shop.test:${port}`])
  })

  test("a name without an address is told", async () => {
    expect(await probe("http://shop.test/", { allowed: ["shop.test"] })).toEqual(no("not-resolved"))
    const names = { "shop.test": [] }
    expect(await probe("http://shop.test/", { allowed: ["shop.test"], names })).toEqual(no("not-resolved"))
  })

  test("the system's own answer is taken in life", async () => {
    const port = await serve(answering(200))
    const own = makeProbe({ allowedHosts: hosts(`localhost:${port}`), allowPrivate: true })
    expect(await own(`http://localhost:${port}/`)).toEqual(yes())
  })
})

describe("which addresses are refused", () => {
  const inner = ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "::1", "fd00::1", "::ffff:7f00:1"]
  const special = ["169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "64:ff9b::7f00:1", "::ffff:a9fe:a9fe"]

  test.each([...inner, ...special])("a listed name that leads to %s", async (address) => {
    const circumstances = { allowed: ["shop.test"], names: { "shop.test": [address] } }
    expect(await probe("http://shop.test/", circumstances)).toEqual(no("address-refused"))
  })

  test.each(special)("%s even where own networks are allowed", async (address) => {
    const circumstances = { allowed: ["shop.test"], names: { "shop.test": [address] }, allowPrivate: true }
    expect(await probe("http://shop.test/", circumstances)).toEqual(no("address-refused"))
  })

  test("one of several is enough", async () => {
    const names = { "shop.test": ["8.8.8.8", "10.0.0.1"] }
    expect(await probe("http://shop.test/", { allowed: ["shop.test"], names })).toEqual(no("address-refused"))
  })

  test("not one that is listed itself, with its port", async () => {
    const port = await serve(answering(200))
    const names = { "shop.test": ["127.0.0.1"] }
    const url = `http://shop.test:${port}/`
    const allowed = [`shop.test:${port}`, `127.0.0.1:${port}`]
    expect(await probe(url, { allowed, names })).toEqual(yes())
    const otherPort = [`shop.test:${port}`, "127.0.0.1:1", "127.0.0.1"]
    expect(await probe(url, { allowed: otherPort, names })).toEqual(no("address-refused"))
  })

  test("a name is looked up once: a second answer is never asked for", async () => {
    let requests = 0
    const port = await serve((_, response) => {
      requests += 1
      response.end()
    })
    const answers = ["127.0.0.1", "127.0.0.2"]
    const asked: string[] = []
    const rebinding = makeProbe({
      allowedHosts: hosts(`shop.test:${port}`, `127.0.0.1:${port}`),
      allowPrivate: false,
      resolve: (hostname) => {
        asked.push(hostname)
        return Promise.resolve([{ address: answers[asked.length - 1] ?? "", family: 4 }])
      },
    })
    expect(await rebinding(`http://shop.test:${port}/`)).toEqual(yes())
    expect({ asked, requests }).toEqual({ asked: ["shop.test"], requests: 1 })
    expect(await rebinding(`http://shop.test:${port}/`)).toEqual(no("address-refused"))
    expect(requests).toBe(1)
  })
})

describe("redirects", () => {
  /** A server that sends each path on to where it is told; anything else is answered with 200. */
  async function sendingOn(
    targets: (port: number) => Record<string, string>,
  ): Promise<{ port: number; paths: string[] }> {
    const paths: string[] = []
    const port: number = await serve((request, response) => {
      paths.push(request.url ?? "")
      const target = targets(port)[request.url ?? ""]
      if (target === undefined) response.end()
      else response.writeHead(307, { location: target }).end()
    })
    return { port, paths }
  }

  test("on the same host they are followed, three times", async () => {
    const targets = { "/0": "/1", "/1": "2", "/2": "/3", "/3": "/4" }
    const { port, paths } = await sendingOn((own) => ({ ...targets, "/1": `http://127.0.0.1:${own}/2` }))
    expect(await probeOf(port, "/1")).toEqual(yes())
    expect(paths).toEqual(["/1", "/2", "/3", "/4"])
    expect(await probeOf(port, "/0")).toEqual(no("too-many-redirects", 307))
  })

  test("in a circle they end", async () => {
    const { port, paths } = await sendingOn(() => ({ "/": "/" }))
    expect(await probeOf(port)).toEqual(no("too-many-redirects", 307))
    expect(paths).toHaveLength(4)
  })

  test.each([
    ["another host, listed or not", "http://other.test/"],
    ["another name of the same machine", "http://localhost:$PORT/"],
    ["a port that is not listed", "http://127.0.0.1:1/"],
    ["metadata", "http://169.254.169.254/latest/meta-data"],
    ["another scheme", "file:///etc/passwd"],
    ["credentials", "http://max:sesame@127.0.0.1:$PORT/"],
    ["nonsense", "http://["],
  ])("to %s are refused", async (_, target) => {
    const { port, paths } = await sendingOn((own) => ({ "/": target.replace("$PORT", String(own)) }))
    const allowed = [`127.0.0.1:${port}`, "other.test", `localhost:${port}`]
    const names = { "other.test": ["8.8.8.8"], localhost: ["127.0.0.1"] }
    expect(await probeOf(port, "/", { allowed, names, allowPrivate: true })).toEqual(no("redirect-refused", 307))
    expect(paths).toEqual(["/"])
  })

  test("from https to http are refused, from http to https followed", async () => {
    setDefaultCACertificates([certificate])
    let insecure = 0
    const secure: number = await serveSecurely((request, response) => {
      if (request.url === "/down") response.writeHead(301, { location: `http://shop.test:${plain}/` }).end()
      else response.end()
    })
    const plain: number = await serve((_, response) => {
      insecure += 1
      response.writeHead(301, { location: `https://shop.test:${secure}/` }).end()
    })
    const allowed = [`shop.test:${secure}`, `shop.test:${plain}`]
    const circumstances = { allowed, names: { "shop.test": ["127.0.0.1"] }, allowPrivate: true }
    expect(await probe(`https://shop.test:${secure}/down`, circumstances)).toEqual(no("redirect-refused", 301))
    expect(insecure).toBe(0)
    expect(await probe(`http://shop.test:${plain}/`, circumstances)).toEqual(yes())
    expect(insecure).toBe(1)
  })

  test("the address is checked anew at each", async () => {
    const { port } = await sendingOn(() => ({ "/": "/next" }))
    const answers = ["127.0.0.1", "169.254.169.254"]
    const turning = makeProbe({
      allowedHosts: hosts(`shop.test:${port}`),
      allowPrivate: true,
      resolve: () => Promise.resolve([{ address: answers.shift() ?? "", family: 4 }]),
    })
    expect(await turning(`http://shop.test:${port}/`)).toEqual(no("address-refused"))
  })
})

describe("limits", () => {
  const limits = { timeoutMs: 60 }

  test("no answer in time, whatever is late", async () => {
    const silent = await serve(() => undefined)
    expect(await probeOf(silent, "/", { limits })).toEqual(no("timeout"))
    const slow = await serve((_, response) => void response.writeHead(200).write("a"))
    expect(await probeOf(slow, "/", { limits })).toEqual(no("timeout"))
    const mute = await serveRaw(() => undefined)
    const url = `https://127.0.0.1:${mute}/`
    expect(await probe(url, { allowed: [`127.0.0.1:${mute}`], limits })).toEqual(no("timeout"))
    const lost = makeProbe({
      allowedHosts: hosts("shop.test"),
      allowPrivate: false,
      resolve: () => new Promise(() => {}),
      limits,
    })
    expect(await lost("http://shop.test/")).toEqual(no("timeout"))
  })

  test("the time is for everything together", async () => {
    const port = await serve((_, response) => {
      setTimeout(() => response.writeHead(302, { location: "/" }).end(), 40)
    })
    expect(await probeOf(port, "/", { limits: { timeoutMs: 100 } })).toEqual(no("timeout"))
  })

  test("of an endless body the beginning is enough, and the rest is not read", async () => {
    let written = 0
    let closed: Promise<unknown> = Promise.resolve()
    const port = await serve((_, response) => {
      closed = once(response, "close")
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16 * 1024))) written += 16 * 1024
        response.once("drain", more)
      }
      more()
    })
    expect(await probeOf(port)).toEqual(yes())
    await closed
    expect(written).toBeLessThan(64 * 1024 * 1024)
  })

  test("headers without end are too large", async () => {
    const port = await serve(answering(200, { "x-long": "a".repeat(20_000) }))
    expect(await probeOf(port)).toEqual(no("too-large"))
  })
})

describe("connections", () => {
  test("that nobody takes, or that end too early", async () => {
    expect(await probeOf(await unusedPort())).toEqual(no("connection"))
    expect(await probeOf(await serveRaw((socket) => void socket.end()))).toEqual(no("connection"))
    const broken = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("half", () => void response.destroy())
    })
    expect(await probeOf(broken)).toEqual(no("connection"))
    const upgrading = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
    const switching = await serveRaw((socket) => void socket.write(upgrading))
    expect(await probeOf(switching, "/", { limits: { timeoutMs: 2000 } })).toEqual(no("connection"))
  })

  test("that speak something else", async () => {
    const port = await serveRaw((socket) => void socket.end("220 mail.example.com ESMTP\r\n"))
    expect(await probeOf(port)).toEqual(no("not-http"))
  })

  test("that are not secure, or not with whom they should be", async () => {
    const plain = await serve(answering(200))
    const secure = await serveSecurely(answering(200))
    const names = { "shop.test": ["127.0.0.1"], "other.test": ["127.0.0.1"] }
    const ask = (host: string, port: number): Promise<ProbeOutcome> =>
      probe(`https://${host}:${port}/`, { allowed: [`${host}:${port}`], names, allowPrivate: true })
    expect(await ask("shop.test", plain)).toEqual(no("tls"))
    expect(await ask("shop.test", secure)).toEqual(no("tls"))
    setDefaultCACertificates([certificate])
    expect(await ask("shop.test", secure)).toEqual(yes())
    expect(await ask("other.test", secure)).toEqual(no("tls"))
  })
})
