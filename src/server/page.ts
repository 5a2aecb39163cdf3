/**
 * The start page: three files beside this module, read when first asked for.
 *
 * @module
 */
import { fetchBytes } from "../weights/fetch_bytes.ts";
import { PAGE_POLICY } from "./headers.ts";
import type { Resource } from "./resource.ts";

const FOLDER = new URL("./page/", import.meta.url);

/** The file behind each path of the page, and its type. */
export const PAGE_FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page.css": ["page.css", "text/css; charset=utf-8"],
  "/page.js": ["page.js", "text/javascript; charset=utf-8"],
};

/** The resource of a path of {@linkcode PAGE_FILES}. */
export async function pageFile(path: string): Promise<Resource> {
  const [file, type] = PAGE_FILES[path]!;
  const body = await fetchBytes(new URL(file, FOLDER), "page") as Uint8Array<ArrayBuffer>;
  return { body, type, headers: { "content-security-policy": PAGE_POLICY } };
}
