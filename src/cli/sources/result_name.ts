/**
 * Names of results that follow from an image's name alone, so that images need not be known together: for sources that are
 * not listed before they are read.
 *
 * @module
 */
import { hashText } from "../../random/hash.ts";
import { isPacked } from "./types.ts";

/** Bytes of a file's name at most; overlays and maps add their endings. */
const LONGEST = 160;

/**
 * The path of an image's results below their folder: folders stay, `shard.tar#key` is `shard#key`, an ending stays, so that
 * a.jpg and a.png differ. What a file's name cannot have is replaced, and a digest of the name keeps such names apart.
 */
export function resultName(name: string): string {
  const at = name.indexOf("#");
  const [file, member] = at >= 0 && isPacked(name.slice(0, at))
    ? [name.slice(0, at), name.slice(at + 1)]
    : [name, ""];
  const plain = member === "" ? file : `${file.replace(/\.(tar\.gz|tar|tgz|parquet)$/i, "")}#${member}`;
  const safe = plain.split("/").map(safePart).filter((part) => part !== "").join("/");
  return safe === plain ? safe : `${safe}-${hashText(name).toString(16).padStart(8, "0")}`;
}

function safePart(part: string): string {
  // deno-lint-ignore no-control-regex
  const plain = part.toWellFormed().replace(/[<>:"\\|?*\u0000-\u001f\u007f]/g, "_").replace(
    /^\.+$|[. ]+$/,
    "_",
  );
  let cut = plain;
  while (new TextEncoder().encode(cut).length > LONGEST) cut = cut.slice(0, -1);
  return cut.toWellFormed();
}
