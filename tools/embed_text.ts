/**
 * Writes bytes as a module: deflated, in base64. So they come with the package on every runtime and in every bundle, and
 * need no permission to be read.
 *
 * @module
 */
import { deflateSync } from "node:zlib";
import { uint8ArrayToBase64 } from "uint8array-extras";

/** What is embedded, and what its module says of it. */
export interface Embedded {
  readonly constant: string;
  /** The first sentence of the module without its full stop. */
  readonly about: string;
  /** What the constant is, after the number of its bytes. */
  readonly content: string;
  readonly bytes: Uint8Array;
}

/** Writes a module and says how large it is. */
export async function embed(file: URL, { constant, about, content, bytes }: Embedded): Promise<void> {
  const text = uint8ArrayToBase64(new Uint8Array(deflateSync(bytes, { level: 9 })));
  await Deno.writeTextFile(
    file,
    `/**
 * ${about}.
 *
 * @module
 */

/** ${bytes.length} bytes${content}. */
export const ${constant}: string = "${text}";
`,
  );
  console.log(`${file.pathname.split("/").at(-1)}: ${bytes.length} bytes, ${text.length} as text`);
}

/** A file of a package of npm that is loaded already. */
export async function packageFile(npm: string, file: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(new URL(import.meta.resolve(`npm:${npm}${file}`)));
}
