import { assert, assertEquals } from "@std/assert";
import type { Crop } from "../../src/image/preprocess.ts";
import { createBuilder } from "../../src/graph/builder.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import type { RgbImage } from "../../src/image/types.ts";
import { cropOfView, sharedView } from "../../src/ptame/shared_view.ts";
import { evaluate } from "../support/reference/mod.ts";

/** A smooth image of 128 x 96. */
const PHOTO: RgbImage = {
  width: 128,
  height: 96,
  data: Uint8Array.from({ length: 128 * 96 * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 128, Math.floor(i / 384)];
    return 128 + 80 * Math.sin(x / 9 + i % 3) * Math.cos(y / 7);
  }),
};

/** A network's crop, out of the view, in the reference interpreter. */
function cropInGraph(view: Crop, own: Crop): ArrayLike<number> {
  const b = createBuilder("crop");
  const image = b.input("image", "float32", [1, 3, view.crop, view.crop]);
  const made = cropOfView(b, image, view, own);
  if (made === image) return preprocess(PHOTO, view).pixels;
  b.output(made, "own");
  return evaluate(b.build(), { image: preprocess(PHOTO, view).pixels }).get("own")!.data;
}

/** The largest and the mean difference. */
function differences(a: ArrayLike<number>, b: ArrayLike<number>): [most: number, mean: number] {
  assertEquals(a.length, b.length);
  const all = Array.from(a, (value, i) => Math.abs(value - b[i]!));
  return [Math.max(...all), all.reduce((sum, value) => sum + value, 0) / all.length];
}

Deno.test("sharedView() holds both crops, and each network finds its own in it", () => {
  const pairs: readonly [Crop, Crop][] = [
    [{ crop: 32, resize: 36 }, { crop: 84, resize: 96 }],
    [{ crop: 96, resize: 96 }, { crop: 42, resize: 48 }],
    [{ crop: 24, resize: 48, fit: "squash" }, { crop: 96, resize: 96, fit: "squash" }],
    [{ crop: 96, resize: 96, fit: "letterbox" }, { crop: 40, resize: 40, fit: "letterbox" }],
  ];
  for (const [backbone, auxiliary] of pairs) {
    const view = sharedView(backbone, auxiliary)!;
    assert(view.crop >= Math.max(backbone.crop, auxiliary.crop) - 1, JSON.stringify(view));
    for (const own of [backbone, auxiliary]) {
      const [most, mean] = differences(cropInGraph(view, own), preprocess(PHOTO, own).pixels);
      // Crops are rounded to whole pixels, and at the border pixels beyond the view are missing.
      assert(most < 0.15 && mean < 0.02, `${JSON.stringify([view, own])}: ${most}, ${mean}`);
    }
  }
});

Deno.test("sharedView() has none for networks that take images in other ways", () => {
  const crop = { crop: 32, resize: 37 };
  assertEquals(sharedView(crop, { crop: 32, resize: 32, fit: "letterbox" }), undefined);
  assertEquals(sharedView(crop, { crop: 32, resize: 37, width: 48 }), undefined);
  const letterbox = { crop: 32, resize: 32, fit: "letterbox" } as const;
  assertEquals(sharedView(letterbox, { ...letterbox, fill: 114 }), undefined);
});
