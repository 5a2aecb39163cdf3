/**
 * Hashes a name to a number, so that random draws for an item depend only on its name and the seed.
 *
 * @module
 */

/** FNV-1a over a text's UTF-16 units, 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
