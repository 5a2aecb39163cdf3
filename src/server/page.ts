/**
 * The start page: files next to this module and the sample image, read on first use.
 *
 * @module
 */
import { fetchBytes } from "../weights/fetch_bytes.ts";
import { PAGE_POLICY } from "./headers.ts";
import type { Resource } from "./resource.ts";

/** The file of each path of the page, and its type. Written out one by one, because bundlers follow nothing else. */
export const PAGE_FILES: Readonly<Record<string, readonly [file: URL, type: string]>> = {
  "/": [new URL("./page/index.html", import.meta.url), "text/html; charset=utf-8"],
  "/base.css": [new URL("./page/base.css", import.meta.url), "text/css; charset=utf-8"],
  "/classes.css": [new URL("./page/classes.css", import.meta.url), "text/css; charset=utf-8"],
  "/sample.jpg": [new URL("../../models/sample/chelsea.jpg", import.meta.url), "image/jpeg"],
  "/page.css": [new URL("./page/page.css", import.meta.url), "text/css; charset=utf-8"],
  "/page.js": [new URL("./page/page.js", import.meta.url), "text/javascript; charset=utf-8"],
};

/** The resource of a path of {@linkcode PAGE_FILES}. */
export async function pageFile(path: string): Promise<Resource> {
  const [file, type] = PAGE_FILES[path]!;
  const body = await fetchBytes(file, "page") as Uint8Array<ArrayBuffer>;
  return { body, type, headers: { "content-security-policy": PAGE_POLICY } };
}
