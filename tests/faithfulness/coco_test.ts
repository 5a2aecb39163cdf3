/** COCO's annotations agree with pycocotools, polygons with matplotlib. */
import { assertEquals, assertThrows } from "@std/assert";
import { expandRuns, parseCoco } from "../../src/faithfulness/coco.ts";
import { maskFromRuns, shapesInCrop } from "../../src/faithfulness/shapes.ts";
import { answers } from "./fixture.ts";

const COCO = answers<{
  readonly runs: readonly {
    readonly name: string;
    readonly size: readonly [height: number, width: number];
    readonly compressed: string;
    readonly counts: readonly number[];
    readonly area: number;
  }[];
  readonly polygon: { readonly corners: readonly number[]; readonly inside: readonly number[] };
}>("coco.json");

/** How many values differ, and the first place of them. */
function differing(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count++;
  return count;
}

for (const { name, size: [height, width], compressed, counts, area } of COCO.runs) {
  Deno.test(`expandRuns() agrees with pycocotools: ${name}`, () => {
    const expanded = expandRuns(compressed);
    assertEquals(differing(expanded, counts), 0);
    const mask = maskFromRuns(expanded, { width, height });
    assertEquals(mask.reduce((sum, each) => sum + each, 0), area);
  });
}

Deno.test("maskFromRuns() goes down the columns", () => {
  assertEquals([...maskFromRuns([1, 2, 2, 1], { width: 3, height: 2 })], [0, 1, 0, 1, 0, 1]);
});

Deno.test("shapesInCrop() agrees with matplotlib on a polygon that turns inwards", () => {
  const { corners, inside } = COCO.polygon;
  const size = { width: 20, height: 20 };
  const mask = shapesInCrop([{ polygon: corners }], { x: 0, y: 0, ...size }, size);
  const places = [...mask].flatMap((each, i) => each === 1 ? [i] : []);
  assertEquals(differing(places, inside), 0);
});

Deno.test("shapesInCrop() scales and shifts every kind of shape alike, and joins them", () => {
  // Columns 4 to 7 of rows 2 to 3, in an image of 10 x 8; the crop is columns 2 to 9 of rows 0 to 7, at half the size.
  const box = { x: 4, y: 2, width: 4, height: 2 };
  const image = { width: 10, height: 8 };
  const mask = Uint8Array.from({ length: 80 }, (_, i) => {
    const [x, y] = [i % 10, Math.floor(i / 10)];
    return x >= 4 && x < 8 && y >= 2 && y < 4 ? 9 : 0;
  });
  const runs = [4 * 8 + 2, 2, 6, 2, 6, 2, 6, 2, 80 - 60];
  const shapes = [
    { box },
    { polygon: [4, 2, 8, 2, 8, 4, 4, 4] },
    { mask, size: image },
    { runs, size: image },
  ];
  const window = { x: 2, y: 0, width: 8, height: 8 };
  const expected = Array.from({ length: 16 }, (_, i) => i === 5 || i === 6 ? 1 : 0);
  for (const shape of shapes) {
    assertEquals(
      [...shapesInCrop([shape], window, { width: 4, height: 4 })],
      expected,
      Object.keys(shape)[0],
    );
  }
  const more = { box: { x: 2, y: 6, width: 2, height: 2 } };
  expected[12] = 1;
  assertEquals([...shapesInCrop([shapes[0]!, more], window, { width: 4, height: 4 })], expected);
  // A letterbox's crop reaches beyond the image: there is no object.
  const wide = shapesInCrop([{ mask: new Uint8Array(80).fill(1), size: image }], {
    ...{ x: 0, y: -1, width: 10, height: 10 },
  }, { width: 10, height: 10 });
  assertEquals([wide[0], wide[10], wide[89], wide[95]], [0, 1, 1, 0]);
});

const file = (annotation: unknown) =>
  JSON.stringify({
    images: [{ id: 1, file_name: "a.jpg" }, { id: "x", file_name: "b/b.jpg" }],
    annotations: [annotation],
  });

Deno.test("parseCoco() reads polygons, runs and boxes, and keeps images without objects", () => {
  const read = (annotation: unknown) => parseCoco(file(annotation), "c.json");
  const polygon = [0, 0, 4, 0, 4, 4];
  const shapes = read({ image_id: 1, segmentation: [polygon, polygon], bbox: [0, 0, 4, 4] });
  assertEquals(shapes.get("a.jpg"), [{ polygon }, { polygon }]);
  assertEquals(shapes.get("b/b.jpg"), []);
  assertEquals(read({ image_id: "x", bbox: [1, 2, 3, 4] }).get("b/b.jpg"), [
    { box: { x: 1, y: 2, width: 3, height: 4 } },
  ]);
  const { name: _, size, compressed, counts } = COCO.runs[1]!;
  for (const given of [compressed, counts]) {
    const [shape] = read({ image_id: 1, segmentation: { counts: given, size } }).get("a.jpg")!;
    assertEquals(shape, { runs: [...counts], size: { width: size[1], height: size[0] } });
  }
});

for (
  const [text, message] of [
    ["{", "is not JSON"],
    ["[]", 'it has no lists "images" and "annotations"'],
    ['{"images": [{}], "annotations": []}', 'image 0 has no "id"'],
    [file({ image_id: 9 }), 'annotation 0 has an "image_id" of no image'],
    [file({ image_id: 1 }), 'has neither a "segmentation" nor a "bbox"'],
    [file({ image_id: 1, bbox: [0, 0, 0, 4] }), 'has neither a "segmentation" nor a "bbox"'],
    [file({ image_id: 1, segmentation: [[1, 2, 3, 4]] }), "has no polygon [x, y, x, y, …]: [1,2,3,4]"],
    [
      file({ image_id: 1, segmentation: { counts: [1], size: [0, 4] } }),
      'has no "size" [height, width]: [0,4]',
    ],
    [
      file({ image_id: 1, segmentation: { counts: [1, 2], size: [2, 2] } }),
      "has runs of 3 pixels in an image of 2 x 2",
    ],
    [file({ image_id: 1, segmentation: { counts: "zzzzzzz", size: [2, 2] } }), "has runs of "],
    [file({ image_id: 1, segmentation: { counts: [1e9, -1e9, 4], size: [2, 2] } }), "has runs of NaN pixels"],
  ] as const
) {
  Deno.test(`parseCoco() says in one line: ${message}`, () => {
    const error = assertThrows(() => parseCoco(text, "c.json"), SyntaxError, message);
    assertEquals(error.message.split("\n").length, 1);
    assertEquals(error.message.startsWith("Cannot read annotations c.json"), true);
  });
}
