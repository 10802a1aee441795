import { isIP } from "node:net"

/** One entry of a list of hosts. */
export type HostEntry = {
  /** As a URL's `hostname` has it: lower case, Punycode, an IPv6 address in brackets. */
  host: string
  /** Whether it stands for every name below `host`, and not for `host` itself. */
  subdomains: boolean
  /** Null: the port that the URL's scheme has by itself. */
  port: number | null
}

/** Reads `host`, `host:port` or `*.host`, with addresses as hosts, too; undefined for anything else. */
export function parseHostEntry(text: string): HostEntry | undefined {
  const [, wildcard, name, port] =
    /^(\*\.)?(\[[0-9a-f:.]{2,45}\]|[^\s:/?#@[\]\\%*]{1,253})(?::(\d{1,5}))?$/i.exec(text) ?? []
  const host = name === undefined ? undefined : hostOf(name)
  if (host === undefined || Number(port) > 65_535 || Number(port) === 0) return undefined
  if (wildcard !== undefined && isAddress(host)) return undefined
  return { host, subdomains: wildcard !== undefined, port: port === undefined ? null : Number(port) }
}

function hostOf(name: string): string | undefined {
  const url = URL.parse(`http://${name}`)
  return url === null || url.hostname === "" ? undefined : url.hostname
}

function isAddress(host: string): boolean {
  return isIP(bareHost(host)) !== 0
}

/** A URL's hostname without the brackets around an IPv6 address. */
export function bareHost(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname
}

/** Whether the list has the host and port of an http(s) URL. */
export function listsHost(
  entries: readonly HostEntry[],
  { protocol, hostname, port }: Pick<URL, "protocol" | "hostname" | "port">,
): boolean {
  const ownPort = protocol === "https:" ? 443 : 80
  return entries.some((entry) => {
    const fits = entry.subdomains ? hostname.endsWith(`.${entry.host}`) : hostname === entry.host
    return fits && (entry.port === null ? port === "" : entry.port === (port === "" ? ownPort : Number(port)))
  })
}
