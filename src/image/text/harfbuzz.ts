/**
 * HarfBuzz's WebAssembly (npm:harfbuzzjs): shapes text and gives the outlines of glyphs. The package's own script finds the
 * WebAssembly only beside itself, which bundles move; so its exports are called here.
 *
 * @module
 */
import { limitMemory } from "../codecs/limit_memory.ts";
import { inflateText } from "../_embedded.ts";
import { HARFBUZZ } from "./harfbuzz_data.ts";

/** The exports that are called; numbers are addresses unless their names say otherwise. */
interface HarfBuzzExports {
  readonly memory: WebAssembly.Memory;
  readonly __indirect_function_table: WebAssembly.Table;
  __wasm_call_ctors(): void;
  malloc(bytes: number): number;
  free(at: number): void;
  hb_blob_destroy(blob: number): void;
  hb_face_destroy(face: number): void;
  hb_font_destroy(font: number): void;
  hb_blob_create(data: number, length: number, mode: number, user: number, destroy: number): number;
  hb_face_create(blob: number, index: number): number;
  hb_face_get_upem(face: number): number;
  hb_face_collect_unicodes(face: number, set: number): void;
  hb_set_create(): number;
  hb_set_destroy(set: number): void;
  hb_set_get_population(set: number): number;
  hb_font_create(face: number): number;
  hb_font_get_nominal_glyph(font: number, character: number, glyph: number): number;
  hb_font_draw_glyph(font: number, glyph: number, functions: number, data: number): void;
  hb_buffer_create(): number;
  hb_buffer_reset(buffer: number): void;
  hb_buffer_add_utf16(buffer: number, text: number, length: number, offset: number, count: number): void;
  hb_buffer_guess_segment_properties(buffer: number): void;
  hb_buffer_set_direction(buffer: number, direction: number): void;
  hb_buffer_get_length(buffer: number): number;
  hb_buffer_get_glyph_infos(buffer: number, length: number): number;
  hb_buffer_get_glyph_positions(buffer: number, length: number): number;
  hb_shape(font: number, buffer: number, features: number, count: number): void;
  hb_draw_funcs_create(): number;
  hb_draw_funcs_set_move_to_func(functions: number, callback: number, user: number, destroy: number): void;
  hb_draw_funcs_set_line_to_func(functions: number, callback: number, user: number, destroy: number): void;
  hb_draw_funcs_set_quadratic_to_func(
    functions: number,
    callback: number,
    user: number,
    destroy: number,
  ): void;
  hb_draw_funcs_set_cubic_to_func(functions: number, callback: number, user: number, destroy: number): void;
  hb_draw_funcs_set_close_path_func(functions: number, callback: number, user: number, destroy: number): void;
}

/** A piece of an outline: the points after the current one, x and y in turn, y upwards; none closes the contour. */
export interface PathPiece {
  /** How the pen goes there. */
  readonly kind: "move" | "line" | "quadratic" | "cubic" | "close";
  /** Two, four or six numbers, in the font's units. */
  readonly points: readonly number[];
}

/** A glyph of a shaped text, from left to right; all in the font's units. */
export interface ShapedGlyph {
  /** Number in the font. */
  readonly glyph: number;
  /** How far the pen moves. */
  readonly advance: number;
  /** Where the glyph stands from the pen. */
  readonly x: number;
  /** The same, upwards. */
  readonly y: number;
}

/** A font. */
export interface Face {
  /** Units per em. */
  readonly unitsPerEm: number;
  /** Whether it has a glyph for a character. */
  has(character: number): boolean;
  /** The glyphs of a text in one script and direction, from left to right. */
  shape(text: string, rightToLeft: boolean): readonly ShapedGlyph[];
  /** The outline of a glyph. */
  outline(glyph: number): readonly PathPiece[];
  /** Releases its memory; the font cannot be used any more. */
  close(): void;
}

/** Most memory of HarfBuzz with all its fonts: the largest fonts of Chinese take 30 MB each. */
const MEMORY = 256 * 2 ** 20;
const PAGE = 65536;
/** HB_MEMORY_MODE_WRITABLE: the memory is HarfBuzz's own. */
const WRITABLE = 2;
const [LEFT_TO_RIGHT, RIGHT_TO_LEFT] = [4, 5];
/** Bytes of hb_glyph_info_t and hb_glyph_position_t. */
const ENTRY = 20;

const [INT, FLOAT] = [0x7f, 0x7d];
/** The drawing callbacks: functions, data, state; coordinates; user data. */
const CALLBACKS = [
  { kind: "move", coordinates: 2 },
  { kind: "line", coordinates: 2 },
  { kind: "quadratic", coordinates: 4 },
  { kind: "cubic", coordinates: 6 },
  { kind: "close", coordinates: 0 },
] as const;

/** A WebAssembly module that exports what it imports: a table takes functions of JavaScript only in this form. */
function callbackModule(): Uint8Array<ArrayBuffer> {
  const count = CALLBACKS.length;
  const name = (index: number) => [1, 97 + index];
  const types = CALLBACKS.flatMap(({ coordinates }) => {
    const parameters = [INT, INT, INT, ...Array<number>(coordinates).fill(FLOAT), INT];
    return [0x60, parameters.length, ...parameters, 0];
  });
  const imports = CALLBACKS.flatMap((_, i) => [1, 101, ...name(i), 0, i]);
  const exports = CALLBACKS.flatMap((_, i) => [...name(i), 0, i]);
  const section = (id: number, content: readonly number[]) => [id, content.length + 1, count, ...content];
  return Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, imports),
    ...section(7, exports),
  ]);
}

/** HarfBuzz, loaded. */
export interface HarfBuzz {
  /**
   * Opens a font file: TrueType, OpenType, or the first font of a collection.
   *
   * @throws {SyntaxError} When it is none, or has no characters.
   * @throws {RangeError} When it is too large.
   */
  openFace(bytes: Uint8Array): Face;
}

/** Compiles HarfBuzz. */
export async function loadHarfBuzz(): Promise<HarfBuzz> {
  const own: { memory?: WebAssembly.Memory } = {};
  const fail = () => {
    throw new RangeError("Cannot shape text: HarfBuzz has failed");
  };
  const imports = {
    wasi_snapshot_preview1: { proc_exit: fail },
    env: {
      _abort_js: fail,
      _emscripten_runtime_keepalive_clear: () => {},
      _setitimer_js: () => 0,
      emscripten_resize_heap: (size: number) => {
        try {
          const memory = own.memory!;
          memory.grow(Math.ceil(((size >>> 0) - memory.buffer.byteLength) / PAGE));
          return 1;
        } catch {
          return 0;
        }
      },
    },
  };
  const module = await WebAssembly.compile(limitMemory(await inflateText(HARFBUZZ), MEMORY));
  const harfbuzz = (await WebAssembly.instantiate(module, imports)).exports as unknown as HarfBuzzExports;
  own.memory = harfbuzz.memory;
  harfbuzz.__wasm_call_ctors();

  let path: PathPiece[] = [];
  const callbacks = await WebAssembly.instantiate(await WebAssembly.compile(callbackModule()), {
    e: Object.fromEntries(CALLBACKS.map(({ kind }, i) => [
      String.fromCharCode(97 + i),
      (...values: number[]) => path.push({ kind, points: values.slice(3, -1) }) && undefined,
    ])),
  });
  const table = harfbuzz.__indirect_function_table;
  const [move, line, quadratic, cubic, close] = CALLBACKS.map((_, i) => {
    const index = table.grow(1);
    table.set(index, callbacks.exports[String.fromCharCode(97 + i)]);
    return index;
  });
  const drawing = harfbuzz.hb_draw_funcs_create();
  harfbuzz.hb_draw_funcs_set_move_to_func(drawing, move!, 0, 0);
  harfbuzz.hb_draw_funcs_set_line_to_func(drawing, line!, 0, 0);
  harfbuzz.hb_draw_funcs_set_quadratic_to_func(drawing, quadratic!, 0, 0);
  harfbuzz.hb_draw_funcs_set_cubic_to_func(drawing, cubic!, 0, 0);
  harfbuzz.hb_draw_funcs_set_close_path_func(drawing, close!, 0, 0);

  const buffer = harfbuzz.hb_buffer_create();
  const room = (bytes: number) => {
    const at = harfbuzz.malloc(bytes);
    if (at === 0) throw new RangeError(`Cannot shape text: it takes more than ${MEMORY >> 20} MB`);
    return at;
  };

  /** Fills the buffer with a text. */
  const fillBuffer = (text: string, rightToLeft: boolean) => {
    const at = room(2 * text.length);
    const units = new Uint16Array(harfbuzz.memory.buffer, at, text.length);
    for (let i = 0; i < text.length; i++) units[i] = text.charCodeAt(i);
    harfbuzz.hb_buffer_reset(buffer);
    harfbuzz.hb_buffer_add_utf16(buffer, at, text.length, 0, text.length);
    harfbuzz.free(at);
    harfbuzz.hb_buffer_guess_segment_properties(buffer);
    harfbuzz.hb_buffer_set_direction(buffer, rightToLeft ? RIGHT_TO_LEFT : LEFT_TO_RIGHT);
  };

  const openFont = (face: number, release: () => void): Face => {
    const font = harfbuzz.hb_font_create(face);
    const glyph = room(4);
    const outlines = new Map<number, readonly PathPiece[]>();
    return {
      unitsPerEm: harfbuzz.hb_face_get_upem(face),
      has: (character) => harfbuzz.hb_font_get_nominal_glyph(font, character, glyph) !== 0,
      shape(text, rightToLeft) {
        fillBuffer(text, rightToLeft);
        harfbuzz.hb_shape(font, buffer, 0, 0);
        const length = harfbuzz.hb_buffer_get_length(buffer);
        const infos = harfbuzz.hb_buffer_get_glyph_infos(buffer, 0);
        const positions = harfbuzz.hb_buffer_get_glyph_positions(buffer, 0);
        const view = new DataView(harfbuzz.memory.buffer);
        return Array.from({ length }, (_, i) => {
          const position = positions + ENTRY * i;
          return {
            glyph: view.getUint32(infos + ENTRY * i, true),
            advance: view.getInt32(position, true),
            x: view.getInt32(position + 8, true),
            y: view.getInt32(position + 12, true),
          };
        });
      },
      outline(which) {
        let found = outlines.get(which);
        if (found === undefined) {
          path = [];
          harfbuzz.hb_font_draw_glyph(font, which, drawing, 0);
          found = path;
          outlines.set(which, found);
        }
        return found;
      },
      close() {
        harfbuzz.free(glyph);
        harfbuzz.hb_font_destroy(font);
        release();
      },
    };
  };

  return {
    openFace(bytes) {
      if (bytes.length > MEMORY / 2) {
        throw new RangeError(`Cannot open font: ${bytes.length} bytes exceed ${MEMORY / 2}`);
      }
      const at = room(bytes.length);
      new Uint8Array(harfbuzz.memory.buffer).set(bytes, at);
      const blob = harfbuzz.hb_blob_create(at, bytes.length, WRITABLE, 0, 0);
      const face = harfbuzz.hb_face_create(blob, 0);
      const release = () => {
        harfbuzz.hb_face_destroy(face);
        harfbuzz.hb_blob_destroy(blob);
        harfbuzz.free(at);
      };
      const characters = harfbuzz.hb_set_create();
      harfbuzz.hb_face_collect_unicodes(face, characters);
      const count = harfbuzz.hb_set_get_population(characters);
      harfbuzz.hb_set_destroy(characters);
      if (count > 0) return openFont(face, release);
      release();
      throw new SyntaxError("Cannot open font: it is not a TrueType or OpenType font");
    },
  };
}
