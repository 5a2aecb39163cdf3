/**
 * The code of a documentation page, so that what it says is what is tested.
 *
 * @module
 */

const DOCS = new URL("../../docs/", import.meta.url);

/**
 * The blocks of one language in a page of docs/, in order.
 *
 * @throws {Error} When the page has another number of them.
 */
export function docBlocks(page: string, language: string, count: number): string[] {
  const text = Deno.readTextFileSync(new URL(page, DOCS));
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, of]) => of === language)
    .map(([, , block]) => block!);
  if (blocks.length !== count) {
    throw new Error(`docs/${page} has ${blocks.length} blocks of ${language}, not ${count}`);
  }
  return blocks;
}
