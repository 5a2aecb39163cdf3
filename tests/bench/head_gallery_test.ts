import { assert, assertEquals, assertThrows } from "@std/assert";
import { onePerClass, worstOf } from "../../bench/gallery/choose.ts";
import { encodeBelow, encodeIndexedPng } from "../../bench/gallery/indexed_png.ts";
import { drawSheet } from "../../bench/gallery/sheet.ts";
import type { ImageRecord } from "../../src/faithfulness/summary.ts";
import { decodeImage } from "../../src/image/decode.ts";

Deno.test("onePerClass() takes the folders in turns, each class once, the same whatever the lists' order", () => {
  const folder = (name: string, classes: readonly number[]) =>
    classes.map((index, i) => ({ name: `${name}/${i}.jpg`, class: index }));
  const [a, b] = [folder("a", [1, 1, 2, 3, 4, 5]), folder("b", [5, 5, 6, 1, 7])];
  const chosen = onePerClass([a, b], 4);
  assertEquals(new Set(chosen.map((picture) => picture.class)).size, 4);
  assertEquals(chosen.filter(({ name }) => name.startsWith("b/")).length, 2);
  assertEquals(onePerClass([[...a].reverse(), b], 4), chosen);
  // Seven classes are all that there are.
  assertEquals(onePerClass([a, b], 24).map((picture) => picture.class).sort(), [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("worstOf() ranks pictures by how far one method is behind another", () => {
  const record = (image: string, own: number, other?: number) => ({
    image,
    target: 7,
    methods: {
      ptame: { values: { AD50: own } },
      ...(other === undefined ? {} : { gradcam: { values: { AD50: other } } }),
    },
  } as unknown as ImageRecord);
  const records = [record("a", 20, 10), record("b", 90, 30), record("c", 5, 50), record("d", 99)]
    .map((each) => ({ name: "new", record: each }));
  const found = worstOf(records, { measure: "AD50", of: "new", against: "gradcam" });
  assertEquals(found.map(({ image }) => image), ["b", "a", "c"]);
  assertEquals(found[0], { image: "b", target: 7, own: 90, other: 30 });
  assertThrows(
    () => worstOf(records, { measure: "AD50", of: "old", against: "gradcam" }),
    RangeError,
    "no record has AD50 of both old and gradcam",
  );
});

Deno.test("encodeIndexedPng() keeps a picture of few colours as it is, and one of many nearly", async () => {
  const side = 16;
  const few = {
    width: side,
    height: side,
    data: new Uint8Array(3 * side * side).map((_, i) => (i % 7) * 30),
  };
  assertEquals((await decodeImage(encodeIndexedPng(few, 256))).data, few.data);
  const many = { ...few, data: few.data.map((_, i) => (i * 37) & 255) };
  const read = await decodeImage(encodeIndexedPng(many, 64));
  const off = read.data.reduce((sum, value, i) => sum + Math.abs(value - many.data[i]!), 0) /
    many.data.length;
  assert(off < 24, `${off} of 255 on average`);
  assertThrows(() => encodeBelow(many, 50), RangeError, "in 50 bytes: make its cells smaller");
});

Deno.test("drawSheet() lays photographs down the page, each with its maps beside it", async () => {
  const photo = (grey: number) => ({ width: 8, height: 8, data: new Uint8Array(3 * 64).fill(grey) });
  const map = { width: 2, height: 2, values: Float32Array.of(0, 0, 1, 1) };
  const rows = [40, 80, 120].map((grey) => ({
    photo: photo(grey),
    maps: [map],
    captions: ["class  50.0 %"],
  }));
  const sheet = await drawSheet({ title: ["title", "more"], columns: ["map"], rows, cell: 40, across: 2 });
  const greys = new Set<number>();
  for (let at = 0; at < sheet.data.length; at += 3) {
    if (sheet.data[at] === sheet.data[at + 1] && sheet.data[at] === sheet.data[at + 2]) {
      greys.add(sheet.data[at]!);
    }
  }
  for (const grey of [40, 80, 120]) assert(greys.has(grey), `the photograph of grey ${grey} is there`);
});
