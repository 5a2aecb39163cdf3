/** Measures of images that are not square: what lies along one axis is what lies along the other, turned. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { edgeMap } from "../../src/image/edges.ts";
import { boxesInCrop } from "../../src/faithfulness/boxes.ts";
import { evaluate } from "../../src/faithfulness/evaluate.ts";
import { removalSquares } from "../../src/faithfulness/infidelity.ts";
import { blurImage, blurKernel } from "../../src/faithfulness/insertion_deletion.ts";
import { pointsAt, regionMask } from "../../src/faithfulness/pointing.ts";
import { presetNamed } from "../../src/faithfulness/presets.ts";
import { enlarge } from "../../src/faithfulness/probe.ts";
import { compareMaps } from "../../src/faithfulness/sanity.ts";
import { createGenerator } from "../../src/random/generator.ts";

const WIDE = { width: 24, height: 12 };
const TALL = { width: 12, height: 24 };
const generator = createGenerator(7);
const PIXELS = Float32Array.from({ length: 3 * 24 * 12 }, () => generator.uniform());

/** Planes of one size turned about the main diagonal. */
function turned(planes: Float32Array, { width, height }: { width: number; height: number }): Float32Array {
  const area = width * height;
  return Float32Array.from(planes, (_, i) => {
    const [x, y] = [i % area % height, Math.floor(i % area / height)];
    return planes[Math.floor(i / area) * area + x * width + y]!;
  });
}

function assertNear(actual: Float32Array, expected: Float32Array): void {
  assertEquals(actual.length, expected.length);
  assertEquals(actual.filter((value, i) => !(Math.abs(value - expected[i]!) < 1e-6)).length, 0);
}

Deno.test("blurImage() and edgeMap() of a turned image are those of the image, turned", () => {
  const kernel = blurKernel(7, 2);
  const mean = [0.4, 0.5, 0.6] as const;
  const blurred = blurImage(PIXELS, WIDE, kernel, mean);
  assertNear(blurImage(turned(PIXELS, WIDE), TALL, kernel, mean), turned(blurred, WIDE));
  const edges = edgeMap(PIXELS, WIDE, 6);
  assertNear(edgeMap(turned(PIXELS, WIDE), TALL, 6), turned(edges, { width: 6, height: 6 }));
});

Deno.test("removalSquares() of a turned image lie where those of the image do, turned", () => {
  const protocol = { ...presetNamed("infidelity-neurips19").infidelity!, samples: Infinity };
  const names = (size: typeof WIDE, turn: boolean) =>
    removalSquares(size, protocol, 0).map(({ left, top, right, bottom }) => {
      assert(
        left >= 0 && top >= 0 && right <= size.width && bottom <= size.height && right > left && bottom > top,
      );
      return (turn ? [top, left, bottom, right] : [left, top, right, bottom]).join();
    }).sort();
  const wide = names(WIDE, false);
  assertEquals(new Set(wide).size, wide.length);
  assertEquals(names(TALL, true), wide);
});

Deno.test("boxes follow an image that is squashed, and regions point in rows of its width", () => {
  const window = { x: 0, y: 0, width: 100, height: 100 };
  const boxes = boxesInCrop([{ x: 50, y: 50, width: 50, height: 50 }], window, WIDE);
  assertEquals(boxes, [{ x: 12, y: 6, width: 12, height: 6 }]);
  const mask = regionMask({ boxes }, WIDE);
  assertEquals([mask[5 * 24 + 12], mask[6 * 24 + 11], mask[6 * 24 + 12], mask[11 * 24 + 23]], [0, 0, 1, 1]);
  assertEquals(mask.reduce((sum, value) => sum + value, 0), 72);
  assertEquals([pointsAt(6 * 24 + 12, mask, 24, 0), pointsAt(6 * 24 + 9, mask, 24, 2)], [true, false]);
});

Deno.test("enlarge() and compareMaps() take the image's own sides", () => {
  const map = { width: 4, height: 2, values: Float32Array.of(0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1) };
  const { width, height, values } = enlarge({ pixels: PIXELS, width: 24, map, target: 0, probability: 1 });
  assertEquals([width, height, values.length], [24, 12, 288]);
  assertEquals([values[0], values[287]], [0, 1]);
  assertAlmostEquals(compareMaps(map, map, WIDE).ssim, 1, 1e-6);
});

Deno.test("evaluate() gives every measure of an image that is not square", async () => {
  // The probability is the brightness of the right half, which the map points at.
  const score = (images: Float32Array[]) =>
    Promise.resolve(images.map((pixels) => {
      const right = pixels.filter((_, i) => i % 24 >= 12).reduce((sum, value) => sum + value, 0) /
        (3 * 12 * 12);
      return Float32Array.of(Math.min(1, Math.max(0, right)), 1 - Math.min(1, Math.max(0, right)));
    }));
  const pixels = PIXELS.map((value, i) => i % 24 >= 12 ? 0.5 + 0.5 * value : value);
  const region = { boxes: [{ x: 12, y: 0, width: 12, height: 12 }] };
  const map = { width: 2, height: 1, values: Float32Array.of(0, 1) };
  const result = await evaluate({
    images: [{ name: "wide", pixels: () => ({ pixels, width: 24, region }) }],
    methods: {
      right: () => Promise.resolve(map),
      left: () => Promise.resolve({ ...map, values: Float32Array.of(1, 0) }),
    },
    score,
    measures: ["ad", "road", "insertion", "deletion", "infidelity", "pointing", "energy"],
    normalization: { mean: [0, 0, 0], std: [1, 1, 1] },
  });
  const value = (method: string, key: string) => result.methods[method]!.measures[key]!.value;
  assertEquals(value("right", "pointing"), 1);
  assert(value("right", "energy") > 0.7 && value("left", "energy") < 0.3);
  assert(value("right", "AD50") < value("left", "AD50"));
  assert(value("right", "insertion") > value("left", "insertion"));
  assert(value("right", "deletion") < value("left", "deletion"));
  assert(value("right", "ROAD-LeRF") >= value("left", "ROAD-LeRF"));
});
