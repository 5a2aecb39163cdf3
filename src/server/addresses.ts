/**
 * Which network addresses are the public internet's, and which are this machine's, its network's or nobody's.
 *
 * The tables are IANA's registries of special-purpose addresses (RFC 6890 and its updates). IPv6 is the other way
 * round: only what is inside 2000::/3 is given out at all. Decides by numbers alone; resolves no names.
 *
 * @module
 */

type Block = readonly [base: string, bits: number];

const NOT_PUBLIC_V4: readonly Block[] = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // carriers' own
  ["127.0.0.0", 8], // loopback
  ["169.254.0.0", 16], // link-local, where clouds keep their metadata
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // relays of 6to4
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, broadcast
];

const GIVEN_OUT_V6: Block = ["2000::", 3];
const NOT_PUBLIC_V6: readonly Block[] = [
  ["2001::", 23], // protocols: Teredo, which wraps IPv4 addresses, and others
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4, which wraps IPv4 addresses
  ["3fff::", 20], // documentation
];

/** True for a public address, IPv4 or IPv6 (without brackets); false for any other and for what is no address. */
export function isPublicAddress(address: string): boolean {
  const bytes = addressBytes(address);
  if (bytes === undefined) return false;
  if (bytes.length === 4) return !NOT_PUBLIC_V4.some((block) => isInside(bytes, block));
  return isInside(bytes, GIVEN_OUT_V6) && !NOT_PUBLIC_V6.some((block) => isInside(bytes, block));
}

/** True when a URL's host is an address and not a name. */
export function isAddress(host: string): boolean {
  return addressBytes(host) !== undefined;
}

function isInside(bytes: readonly number[], [base, bits]: Block): boolean {
  const start = addressBytes(base)!;
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = bits - bit >= 8 ? 0xff : 0xff << (8 - (bits - bit)) & 0xff;
    if (((bytes[bit / 8]! ^ start[bit / 8]!) & mask) !== 0) return false;
  }
  return true;
}

/** The 4 or 16 bytes of an address; undefined for anything else. */
function addressBytes(address: string): number[] | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) {
    const bytes = address.split(".").map(Number);
    return bytes.every((byte) => byte <= 255) ? bytes : undefined;
  }
  if (!address.includes(":")) return undefined;
  let canonical: string;
  try {
    // The URL parser knows every way to write one, and writes it in one way.
    canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
  const [head = "", tail] = canonical.split("::");
  const words = (text: string) => text === "" ? [] : text.split(":").map((word) => parseInt(word, 16));
  const [first, last] = [words(head), words(tail ?? "")];
  const all = [...first, ...new Array(8 - first.length - last.length).fill(0), ...last];
  return all.flatMap((word) => [word >> 8, word & 0xff]);
}
