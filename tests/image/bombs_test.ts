/**
 * Small files that cost gigabytes or minutes: each must be refused, or read, within the budget.
 *
 * @module
 */
import { assert, assertMatch } from "@std/assert";
import { deflateSync } from "node:zlib";
import { crc32 } from "../../src/image/codecs/check_png.ts";
import { inFolder } from "../support/folders.ts";
import { runDeno } from "../support/run_deno.ts";
import type { Cost } from "../../bench/attack/decode_one.ts";
import { fixture } from "./fixtures.ts";

const SCRIPT = decodeURIComponent(new URL("../../bench/attack/decode_one.ts", import.meta.url).pathname);

const MIB = 2 ** 20;
/** Less than the usual budget, so that the test is short. */
const SECONDS = 1;
/** What loading a codec on a busy machine may take besides. */
const SLACK = 15_000;

function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const bigEndian = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, i) => (value >>> 8 * (bytes - 1 - i)) & 255);

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = joined(new TextEncoder().encode(type), data);
  return joined(bigEndian(data.length, 4), body, bigEndian(crc32(body), 4));
}

/** A PNG of one pixel whose stream inflates to much more. */
function inflatingPng(size: number): Uint8Array {
  return joined(
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    chunk("IHDR", Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0)),
    chunk("IDAT", deflateSync(new Uint8Array(size))),
    chunk("IEND", new Uint8Array(0)),
  );
}

/** A PNG of one pixel whose colour profile inflates to much more. */
function pngWithProfile(size: number): Uint8Array {
  const plain = inflatingPng(4);
  const profile = joined([0x78, 0, 0], deflateSync(new Uint8Array(size)));
  return joined(plain.subarray(0, 33), chunk("iCCP", profile), plain.subarray(33));
}

/** Index of a JPEG's marker. */
function markerIn(bytes: Uint8Array, marker: number): number {
  return bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === marker);
}

/** A progressive JPEG that repeats a scan which refines nothing, over a large image. */
function refiningJpeg(scans: number): Uint8Array {
  const bytes = fixture("jpeg_progressive.jpg");
  const frame = markerIn(bytes, 0xc2);
  bytes.set([...bigEndian(4096, 2), ...bigEndian(4096, 2)], frame + 5);
  const scan = Uint8Array.of(0xff, 0xda, 0, 8, 1, bytes[frame + 10]!, 0, 1, 63, 0x10, 0, 0);
  const end = bytes.length - 2;
  return joined(bytes.subarray(0, end), ...Array.from({ length: scans }, () => scan), bytes.subarray(end));
}

/** A JPEG whose first frame header is small, and its second large. */
function twoFrames(): Uint8Array {
  const bytes = fixture("jpeg_444.jpg");
  const frame = markerIn(bytes, 0xc0);
  const header = bytes.slice(frame, frame + 2 + (bytes[frame + 2]! << 8 | bytes[frame + 3]!));
  header.set([...bigEndian(60000, 2), ...bigEndian(60000, 2)], 5);
  return joined(bytes.subarray(0, frame + 2 + 17), header, bytes.subarray(frame + 2 + 17));
}

/** A TIFF that names one strip's bytes as the content of many strips. */
function overlappingTiff(strips: number): Uint8Array {
  const rows = deflateSync(new Uint8Array(3 * 4096 * 4096));
  const little = (value: number, bytes: number) => bigEndian(value, bytes).reverse();
  const tag = (
    id: number,
    type: number,
    count: number,
    value: number,
  ) => [...little(id, 2), ...little(type, 2), ...little(count, 4), ...little(value, 4)];
  const [offsets, counts] = [8 + rows.length, 8 + rows.length + 4 * strips];
  const directory = counts + 4 * strips;
  const entries = [
    ...[tag(256, 4, 1, 4096), tag(257, 4, 1, 4096), tag(258, 3, 1, 8), tag(259, 3, 1, 8)],
    ...[tag(262, 3, 1, 2), tag(273, 4, strips, offsets), tag(277, 3, 1, 3), tag(278, 4, 1, 1)],
    ...[tag(279, 4, strips, counts)],
  ];
  return joined(
    [0x49, 0x49, 42, 0, ...little(directory, 4)],
    rows,
    Array.from({ length: strips }, () => little(8, 4)).flat(),
    Array.from({ length: strips }, () => little(rows.length, 4)).flat(),
    [...little(entries.length, 2), ...entries.flat(), 0, 0, 0, 0],
  );
}

const BOMBS: Readonly<Record<string, () => Uint8Array>> = {
  "a PNG of one pixel that inflates to 256 MiB": () => inflatingPng(256 * MIB),
  "a PNG whose profile inflates to 256 MiB": () => pngWithProfile(256 * MIB),
  "a progressive JPEG of 2000 scans": () => refiningJpeg(2000),
  "a JPEG of two frame headers": twoFrames,
  "a TIFF of overlapping strips": () => overlappingTiff(4096),
};

for (const [name, make] of Object.entries(BOMBS)) {
  Deno.test(`decodeImage() keeps to its budget on ${name}`, () =>
    inFolder(async (folder) => {
      const bytes = make();
      assert(bytes.length < 4 * MIB);
      const path = `${folder}/bomb`;
      await Deno.writeFile(path, bytes);
      // In a process of its own: other tests take memory meanwhile.
      const { code, stdout, stderr } = await runDeno(["-A", "--no-check", SCRIPT, path, `${SECONDS}`, "256"]);
      assert(code === 0, stderr);
      const { answer, seconds, peak, idle, late }: Cost = JSON.parse(stdout);
      assert(1000 * seconds < 1000 * SECONDS + SLACK, `it took ${seconds} s`);
      assert(peak - idle < 400, `it took ${peak - idle} MiB`);
      // The calling thread went on meanwhile.
      assert(late < SLACK / 10, `its thread stood still for ${late} ms`);
      if (/^\d+ x \d+$/.test(answer)) return;
      assert(!answer.startsWith("crash: "), answer);
      assertMatch(answer, /decode seconds|decode memory|damaged|its header says/);
    }));
}
