/**
 * Gives a WebAssembly module a maximum of memory, by rewriting its memory section. The engine then refuses growth beyond
 * it, whatever the module does. Published codecs fix 2 GiB, or none.
 *
 * @module
 */

/** Bytes of a page of WebAssembly's memory. */
const PAGE = 65536;
const MEMORY_SECTION = 5;

/** Reads an unsigned LEB128 number; returns it with the index after it. */
function readNumber(bytes: Uint8Array, at: number): readonly [value: number, next: number] {
  let value = 0;
  for (let scale = 1;; scale *= 128) {
    const byte = bytes[at++];
    if (byte === undefined) {
      throw new SyntaxError("Cannot limit WebAssembly's memory: the module is truncated");
    }
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at];
  }
}

function numberBytes(value: number): number[] {
  const out: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) out.push(value % 128 + 128);
  return [...out, value];
}

/**
 * A copy of a module whose memory cannot grow beyond a maximum.
 *
 * @param module A module with one memory of its own.
 * @param maximum Bytes, rounded down to pages of 64 KiB.
 * @throws {RangeError} When the module starts with more.
 * @throws {SyntaxError} When the module has no memory of its own, or is truncated.
 */
export function limitMemory(module: Uint8Array, maximum: number): Uint8Array<ArrayBuffer> {
  const most = Math.floor(maximum / PAGE);
  for (let at = 8; at < module.length;) {
    const id = module[at]!;
    const [size, start] = readNumber(module, at + 1);
    if (id !== MEMORY_SECTION) {
      at = start + size;
      continue;
    }
    // One memory: flags, least pages, and most pages where the flags say so.
    const [count, flagsAt] = readNumber(module, start);
    const [least] = readNumber(module, flagsAt + 1);
    if (count !== 1) throw new SyntaxError(`Cannot limit WebAssembly's memory: the module has ${count}`);
    if (least > most) {
      throw new RangeError(`Cannot limit WebAssembly's memory to ${most} pages: it starts with ${least}`);
    }
    const content = [1, module[flagsAt]! | 1, ...numberBytes(least), ...numberBytes(most)];
    const section = [MEMORY_SECTION, ...numberBytes(content.length), ...content];
    const out = new Uint8Array(at + section.length + module.length - start - size);
    out.set(module.subarray(0, at));
    out.set(section, at);
    out.set(module.subarray(start + size), at + section.length);
    return out;
  }
  throw new SyntaxError("Cannot limit WebAssembly's memory: the module has none of its own");
}
