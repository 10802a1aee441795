import ipaddr from "ipaddr.js"

/**
 * What an IP address stands for:
 *
 * - `public`: anybody's machine on the internet
 * - `private`: this machine or its own networks (loopback, RFC 1918, unique local, shared by a carrier's NAT)
 * - `special`: link-local (where clouds keep their metadata, 169.254.169.254), multicast, unspecified, reserved, and
 *   addresses that wrap others (NAT64, 6to4, Teredo); also what is no address
 *
 * An IPv4 address that IPv6 only maps (`::ffff:…`) stands for what it is itself.
 *
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export type AddressKind = "public" | "private" | "special"

const ownNetworks: ReadonlySet<string> = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat"])

/** All that IANA has given out for machines; what lies outside has no meaning yet, or another one. */
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3")

/** What an address, as text, stands for. */
export function addressKind(address: string): AddressKind {
  if (!ipaddr.isValid(address)) return "special"
  const parsed = ipaddr.process(address)
  const range = parsed.range()
  if (ownNetworks.has(range)) return "private"
  const isGlobal = !(parsed instanceof ipaddr.IPv6) || parsed.match(globalUnicast)
  return range === "unicast" && isGlobal ? "public" : "special"
}
