/**
 * Which network addresses are the public internet's, and which are this machine's, its network's or nobody's.
 *
 * The ranges are ipaddr.js's, from IANA's registries of special-purpose addresses. IPv6 is the other way round: only
 * what is inside 2000::/3 is given out at all. Decides by numbers alone; resolves no names.
 *
 * @module
 */
import ipaddr from "ipaddr.js";

/** What of IPv6 is given out. */
const GIVEN_OUT_V6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** True for a public address, IPv4 or IPv6 (without brackets); false for any other and for what is no address. */
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
