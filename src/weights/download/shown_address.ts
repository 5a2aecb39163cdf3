/**
 * Addresses as they may be printed: without user, password and query, which can hold secrets.
 *
 * @module
 */

/** The address without them; other texts as they are. */
export function shownAddress(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.username === "" && url.password === "" && url.search === "") return address;
  url.username = "";
  url.password = "";
  url.search = url.search === "" ? "" : "?…";
  return decodeURI(url.href);
}

/** A text in which an address occurs, such as an error of `fetch`, with the address as it may be printed. */
export function withShownAddress(text: string, address: string): string {
  const written = URL.canParse(address) ? new URL(address).href : address;
  return text.replaceAll(address, shownAddress(address)).replaceAll(written, shownAddress(address));
}
