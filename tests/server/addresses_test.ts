import { assertEquals } from "@std/assert";
import { isAddress, isPublicAddress } from "../../src/server/addresses.ts";

Deno.test("isPublicAddress() accepts addresses of the public internet", () => {
  for (
    const address of [
      "8.8.8.8",
      "1.1.1.1",
      "172.15.255.255",
      "172.32.0.1",
      "192.0.1.1",
      "223.255.255.255",
      "2606:4700:4700::1111",
      "2A00:1450::1",
    ]
  ) assertEquals(isPublicAddress(address), true, address);
});

Deno.test("isPublicAddress() refuses this machine, its networks, and addresses that wrap others", () => {
  const refused = [
    "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.169.254",
    "172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255",
    // AS112's servers answer for private networks alone.
    "192.31.196.1 192.52.193.1 192.175.48.1 2001:4:112::1 2620:4f:8000::1",
    "198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255",
    ":: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b:1::1 100::1 fc00::1 fd12::1 fe80::1",
    "fec0::1 ff02::1 2001::1 2001:10::1 2001:db8::1 2002:7f00:1:: 3fff::1 4000::1 5f00::1",
  ].join(" ").split(" ");
  for (const address of refused) {
    assertEquals(isAddress(address), true, address);
    assertEquals(isPublicAddress(address), false, address);
  }
});

Deno.test("isPublicAddress() refuses what is no address", () => {
  for (
    const text of [
      "",
      "example.org",
      "1.2.3",
      "010.0.0.1",
      "0x7f.0.0.1",
      "2130706433",
      "[::1]",
      "256.1.1.1",
      "1.2.3.4.5",
      ":::",
      "12345::",
      "fe80::1%eth0",
    ]
  ) {
    assertEquals([isAddress(text), isPublicAddress(text)], [false, false], text);
  }
});
