/**
 * The address of a client as a key, so that no client takes the share of others.
 *
 * @module
 */
import ipaddr from "ipaddr.js";

/** What a platform knows about the sender of a request; `Deno.ServeHandlerInfo` is one. */
export interface ClientInfo {
  /** Its address; `hostname` is the part that counts. */
  readonly remoteAddr?: unknown;
}

/**
 * The key: an IPv4 address, or the first 64 bits of an IPv6 address, which belong to one network. Empty if it is not
 * known: then all clients count as one.
 */
export function clientKey(info: ClientInfo | undefined): string {
  const hostname = (info?.remoteAddr as { hostname?: unknown } | undefined)?.hostname;
  return typeof hostname === "string" ? addressKey(hostname) : "";
}

/** The same for an address as text. */
export function addressKey(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4" ? parsed.toString() : parsed.toByteArray().slice(0, 8).join(".");
}

/** Whether only this machine reaches an address or name to listen on. */
export function isLoopback(address: string): boolean {
  if (address === "localhost") return true;
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "loopback";
}
