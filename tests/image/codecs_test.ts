import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { compileCodec } from "../../src/image/codecs/compile.ts";
import { limitMemory } from "../../src/image/codecs/limit_memory.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { encodePng } from "../../src/image/png.ts";
import { ImageError } from "../../src/image/types.ts";
import { COMPILED, EMBEDDED, packagedWasm } from "../../tools/embed_codecs.ts";
import { heavyTests } from "../support/devices.ts";
import { fixture, fixtureJson, fixtureUrl } from "./fixtures.ts";

const MIB = 2 ** 20;

/** A module with one memory of one page, exported as "memory", without or with a maximum. */
function moduleWithMemory(...limits: number[]): Uint8Array {
  const name = [6, ...new TextEncoder().encode("memory")];
  return Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[5, limits.length + 1, 1, ...limits],
    ...[7, name.length + 3, 1, ...name, 2, 0],
  );
}

Deno.test("limitMemory() gives a memory without a maximum one, and lowers another's: growth beyond it fails", () => {
  for (const module of [moduleWithMemory(0, 1), moduleWithMemory(1, 1, 0x80, 0x80, 2)]) {
    const { exports } = new WebAssembly.Instance(
      new WebAssembly.Module(limitMemory(module, 200 * 65536 + 9)),
    );
    const memory = exports.memory as WebAssembly.Memory;
    memory.grow(199);
    assertEquals(memory.buffer.byteLength, 200 * 65536);
    assertThrows(() => memory.grow(1), RangeError);
  }
});

Deno.test("limitMemory() refuses a module that starts with more, has no memory, or is cut off", () => {
  assertThrows(() => limitMemory(moduleWithMemory(0, 9), 8 * 65536), RangeError, "starts with 9");
  assertThrows(
    () => limitMemory(moduleWithMemory(0, 9).slice(0, 8), 8 * 65536),
    SyntaxError,
    "none of its own",
  );
  assertThrows(() => limitMemory(moduleWithMemory(0, 9).slice(0, 12), 8 * 65536), SyntaxError, "truncated");
});

for (const name of Object.keys(EMBEDDED) as (keyof typeof EMBEDDED)[]) {
  Deno.test({
    name: `the ${name} codec is its package's`,
    // Each is compiled twice.
    ignore: !heavyTests(),
    fn: async () => {
      const module = await compileCodec(name, 64 * MIB);
      const plain = await WebAssembly.compile(await packagedWasm(name));
      const shape = (of: WebAssembly.Module) =>
        [WebAssembly.Module.exports(of), WebAssembly.Module.imports(of)] as const;
      assertEquals(shape(module), shape(plain));
    },
  });
}

for (
  const name of [...Object.keys(EMBEDDED), ...Object.keys(COMPILED)] as (
    keyof typeof EMBEDDED | keyof typeof COMPILED
  )[]
) {
  Deno.test(`the ${name} codec's memory cannot grow beyond the limit`, async () => {
    const module = await compileCodec(name, 64 * MIB);
    // Functions that do nothing let it be made without its script.
    const imports: WebAssembly.Imports = {};
    for (const { module: from, name: field } of WebAssembly.Module.imports(module)) {
      (imports[from] ??= {})[field] = () => 0;
    }
    const { exports } = await WebAssembly.instantiate(module, imports);
    const memory = Object.values(exports).find((each) => each instanceof WebAssembly.Memory);
    assert(memory instanceof WebAssembly.Memory);
    memory.grow((64 * MIB - memory.buffer.byteLength) / 65536);
    assertThrows(() => memory.grow(1), RangeError);
  });
}

Deno.test("decodeImage() refuses by name what needs more than its budget of memory or time", async () => {
  const png = await encodePng({ width: 4000, height: 3000, data: new Uint8Array(36e6) });
  await assertRejects(
    () => decodeImage(png, { memory: 64 }),
    ImageError,
    "reading it takes 81 MB or more, over the budget of 64 MB (decode memory)",
  );
  const started = performance.now();
  await assertRejects(
    () => decodeImage(png, { seconds: 0.001 }),
    ImageError,
    "reading it takes longer than 0.001 s (decode seconds)",
  );
  assert(performance.now() - started < 3000);
  // The next image gets another worker.
  assertEquals((await decodeImage(png)).width, 4000);
});

Deno.test("decodeImage() reads small images within a small budget, and says what a smaller one lacks", async () => {
  const names = ["jpeg_420.jpg", "png_rgb.png", "webp_lossy.webp", "color/p3.avif"];
  for (const name of names) {
    await decodeImage(fixture(name), { memory: 24, keepProfile: true });
    await assertRejects(
      () => decodeImage(fixture(name), { memory: 10 }),
      ImageError,
      "reading it takes 21 MB or more, over the budget of 10 MB (decode memory)",
    );
  }
});

Deno.test("decodeImage() ends a worker when its signal says so", async () => {
  const png = await encodePng({ width: 4000, height: 3000, data: new Uint8Array(36e6) });
  const stop = new AbortController();
  const decoding = decodeImage(png, { signal: stop.signal });
  setTimeout(() => stop.abort(), 20);
  await assertRejects(() => decoding, DOMException);
});

Deno.test("decodeImage() leaves the caller's bytes as they are", async () => {
  const bytes = fixture("jpeg_420.jpg");
  const before = bytes.slice();
  await decodeImage(bytes);
  assertEquals(bytes, before);
});

/** What Pillow reads of each odd file: size, and SHA-256 of its RGB bytes. */
const ODD = fixtureJson<Record<string, { width: number; height: number; sha256: string }>>("odd/pillow.json");

for (const [name, expected] of Object.entries(ODD)) {
  Deno.test(`decodeImage() reads the odd file ${name} as Pillow does`, async () => {
    const { width, height, data } = await decodeImage(fixtureUrl(`odd/${name}`));
    const digest = await crypto.subtle.digest("SHA-256", data as Uint8Array<ArrayBuffer>);
    const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    assertEquals({ width, height, sha256 }, expected);
  });
}

Deno.test("decodeImage() refuses a PNG whose critical chunk has a wrong CRC", async () => {
  await assertRejects(
    () => decodeImage(fixtureUrl("odd/png_bad_crc_plte.png")),
    ImageError,
    "damaged PNG (the CRC of its chunk PLTE is wrong)",
  );
});
