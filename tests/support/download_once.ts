/**
 * Downloads one file into a folder and says whether it waited for another process, and what SHA-256 it then read.
 * Arguments: folder, address, length, SHA-256.
 */
import { download } from "../../src/weights/download/download.ts";
import { digestOfSource } from "../../src/weights/storage/digest.ts";
import { diskStorage } from "../../src/weights/storage/disk.ts";

const [folder, url, bytes, sha256] = Deno.args as [string, string, string, string];
let waited = false;
const source = await download(
  { file: "w-1.pth", bytes: Number(bytes), sha256, licence: "MIT", urls: [url] },
  diskStorage(folder),
  { onProgress: ({ kind }) => waited ||= kind === "download-wait" },
);
console.log(waited ? "waited" : "alone", digestOfSource(source));
