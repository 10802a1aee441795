import { expect, test } from "vitest"
import { addressKind, type AddressKind } from "../../src/evidence/address.ts"

const cases: [AddressKind, string[]][] = [
  ["public", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]],
  ["private", ["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1"]],
  ["private", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::ffff:10.0.0.1"]],
  ["private", ["100.64.0.1", "100.127.255.255", "fc00::1", "fd00:ec2::254"]],
  ["special", ["169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254", "fe80::1", "fe80::1%eth0", "fec0::1"]],
  ["special", ["0.0.0.0", "0.1.2.3", "::", "255.255.255.255", "224.0.0.1", "239.1.1.1", "ff02::1", "240.0.0.1"]],
  ["special", ["192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "100::1", "4000::1"]],
  ["special", ["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2001::1"]],
  ["special", ["", "localhost", "1.2.3.4.5", "[::1]"]],
]

test.each(cases)("%s: %s", (kind, addresses) => {
  expect(addresses.map((address) => [address, addressKind(address)])).toEqual(
    addresses.map((address) => [address, kind]),
  )
})
