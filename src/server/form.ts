/**
 * The one file of a form (multipart/form-data). Parts are counted before anything is parsed: a body of ten megabytes has
 * room for a hundred thousand empty ones, each of which would become an object.
 *
 * @module
 */
import { HttpError } from "./errors.ts";

/** A form for one image; browsers add a field for each input of a page. */
const MOST_PARTS = 32;

/**
 * Reads the file.
 *
 * @param type The content type with its boundary.
 * @throws {HttpError} 400 when the form is malformed, has too many parts, or not exactly one file.
 */
export async function readFormImage(
  body: Uint8Array<ArrayBuffer>,
  type: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type);
  if (boundary === null) throw malformed();
  const parts = countOf(body, `--${boundary[1] ?? boundary[2]!}`, MOST_PARTS + 2);
  // One more delimiter ends the form.
  if (parts > MOST_PARTS + 1) {
    throw new HttpError(400, "invalid_form", `Cannot read the form: it has more than ${MOST_PARTS} parts`);
  }
  let form: FormData;
  try {
    form = await new Response(body, { headers: { "content-type": type } }).formData();
  } catch {
    throw malformed();
  }
  const files = [...form.values()].filter((value) => value instanceof File);
  if (files.length !== 1) {
    throw new HttpError(
      400,
      "no_image",
      `Cannot explain: the form has ${files.length} files instead of one`,
    );
  }
  return new Uint8Array(await files[0]!.arrayBuffer());
}

function malformed(): HttpError {
  return new HttpError(
    400,
    "invalid_form",
    "Cannot read the form: it is not well-formed multipart/form-data",
  );
}

/** How often a text of ASCII occurs in some bytes, up to a maximum. */
function countOf(bytes: Uint8Array, wanted: string, most: number): number {
  // The search in a text is the runtime's own: ten megabytes of the boundary's dashes take it a moment.
  const text = new TextDecoder("latin1").decode(bytes);
  let count = 0;
  for (let at = text.indexOf(wanted); at >= 0 && count < most; at = text.indexOf(wanted, at + 1)) count++;
  return count;
}
