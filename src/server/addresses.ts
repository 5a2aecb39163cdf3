/**
 * Distinguishes public internet addresses from those of this machine, its network, and reserved ranges.
 *
 * The ranges are ipaddr.js's, from IANA's registries of special-purpose addresses. For IPv6 it is the reverse: only
 * 2000::/3 is allocated at all. Uses only the numbers; resolves no names.
 *
 * @module
 */
import ipaddr from "ipaddr.js";

/** The allocated part of IPv6. */
const GIVEN_OUT_V6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** True for a public address, IPv4 or IPv6 (without brackets); false for any other address and for other texts. */
export function isPublicAddress(address: string): boolean {
  if (!isAddress(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(GIVEN_OUT_V6);
}

/** True when a URL's host is an address and not a name. */
export function isAddress(host: string): boolean {
  // The library also takes IPv4 addresses of fewer parts, and zones: no resolver gives either.
  if (ipaddr.IPv4.isValidFourPartDecimal(host)) return true;
  return host.includes(":") && !host.includes("%") && ipaddr.IPv6.isValid(host);
}
