/**
 * Reads the fixtures that tests/fixtures/image/generate.py made.
 *
 * @module
 */
import { preprocess, type PreprocessOptions } from "../../src/image/preprocess.ts";
import type { RgbImage } from "../../src/image/types.ts";

const FOLDER = new URL("../fixtures/image/", import.meta.url);

/** Where an array lies in a .bin file. */
export interface Entry {
  readonly offset: number;
  readonly width: number;
  readonly height: number;
}

/** The URL of a fixture file. */
export function fixtureUrl(name: string): URL {
  return new URL(name, FOLDER);
}

/** The bytes of a fixture file. */
export function fixture(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(fixtureUrl(name));
}

/** A fixture's JSON. */
export function fixtureJson<T>(name: string): T {
  return JSON.parse(Deno.readTextFileSync(fixtureUrl(name)));
}

/** The RGB array of an entry. */
export function entryImage(blob: Uint8Array, { offset, width, height }: Entry): RgbImage {
  return { width, height, data: blob.subarray(offset, offset + width * height * 3) };
}

/** Mean and largest absolute difference of two arrays of one length. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): { mean: number; max: number } {
  if (a.length !== b.length) throw new Error(`Lengths differ: ${a.length} and ${b.length}`);
  let sum = 0;
  let max = 0;
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs(a[i]! - b[i]!);
    sum += apart;
    if (apart > max) max = apart;
  }
  return { mean: sum / a.length, max };
}

/** What a classifier is fed of an image, as rows of red, green, blue bytes. */
export function cropBytes(image: RgbImage, crop: PreprocessOptions): Uint8Array<ArrayBuffer> {
  const { pixels } = preprocess(image, crop);
  const area = pixels.length / 3;
  const bytes = new Uint8Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    bytes[i] = Math.round(255 * pixels[(i % 3) * area + Math.floor(i / 3)]!);
  }
  return bytes;
}
