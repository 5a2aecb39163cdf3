/**
 * JSON of unknown origin, with limits that no real file meets. A million brackets would take two hundred times their
 * bytes of memory, and as many levels end the stack of a function that walks them.
 *
 * @module
 */

/** Limits of a JSON text. */
export interface JsonLimits {
  /** Maximum number of characters. */
  readonly characters: number;
  /** Maximum number of arrays and objects inside each other. */
  readonly depth: number;
  /** Maximum number of arrays, objects, members and elements together. */
  readonly values: number;
}

/** Limits of a small file: a description, labels, a record. */
export const SMALL_JSON: JsonLimits = { characters: 4_000_000, depth: 32, values: 1_000_000 };

/**
 * Parses a JSON text within its limits.
 *
 * @throws {RangeError} When a limit is exceeded; the message begins with a verb: "has more than …".
 * @throws {SyntaxError} When it is not JSON: "is not JSON". The engine's own message shows a piece of the text, with
 *   whatever control characters it has.
 */
export function parseForeignJson(text: string, limits: JsonLimits = SMALL_JSON): unknown {
  checkJson(text, limits);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError("is not JSON", { cause });
  }
}

function checkJson(text: string, { characters, depth, values }: JsonLimits): void {
  if (text.length > characters) throw new RangeError(`has ${text.length} characters, at most ${characters}`);
  let open = 0;
  let count = 1;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // a string: to its end
        for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++) {
          if (text.charCodeAt(at) === 0x5c) at++;
        }
        break;
      case 0x5b:
      case 0x7b:
        open++;
        count++;
        if (open > depth) throw new RangeError(`has more than ${depth} lists and objects inside each other`);
        break;
      case 0x5d:
      case 0x7d:
        open--;
        break;
      case 0x2c:
        count++;
    }
    if (count > values) throw new RangeError(`has more than ${values} values`);
  }
}

/**
 * The same; every failure is one line that names the text.
 *
 * @param called The text in errors, such as "labels names.json".
 * @throws {SyntaxError} When it is not JSON or exceeds a limit.
 */
export function readForeignJson(text: string, called: string, limits: JsonLimits = SMALL_JSON): unknown {
  try {
    return parseForeignJson(text, limits);
  } catch (cause) {
    const why = cause instanceof RangeError ? `its JSON ${cause.message}` : "it is not JSON";
    throw new SyntaxError(`Cannot read ${called}: ${why}`, { cause });
  }
}
