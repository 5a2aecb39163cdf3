import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { energyInside, pointsAt, regionMask, regionProbe } from "../../src/faithfulness/pointing.ts";
import { sample, SIDE } from "./fixture.ts";

const square = (side: number) => ({ width: side, height: side });

Deno.test("regionMask() marks pixels whose centres lie in a box, clipped to the picture", () => {
  const mask = regionMask({
    boxes: [{ x: 1, y: 0, width: 2, height: 1 }, { x: 2.6, y: 2.4, width: 9, height: 9 }],
  }, square(4));
  // deno-fmt-ignore
  assertEquals([...mask], [
    0, 1, 1, 0,
    0, 0, 0, 0,
    0, 0, 0, 1,
    0, 0, 0, 1,
  ]);
  assertEquals(regionMask({ boxes: [{ x: 5, y: 5, width: -3, height: 2 }] }, square(4)).includes(1), false);
  assertEquals([...regionMask({ mask: Uint8Array.of(0, 255, 7, 0) }, square(2))], [0, 1, 1, 0]);
  assertThrows(
    () => regionMask({ mask: new Uint8Array(3) }, square(2)),
    TypeError,
    "3 values for an image of 2 x 2",
  );
});

Deno.test("pointsAt() allows the tolerance as a distance, corner to corner too", () => {
  const mask = new Uint8Array(100);
  mask[0] = 1;
  assertEquals([pointsAt(0, mask, 10, 0), pointsAt(1, mask, 10, 0)], [true, false]);
  assertEquals([pointsAt(5, mask, 10, 5), pointsAt(6, mask, 10, 5)], [true, false]);
  // (3, 4) is 5 away, (4, 4) is 5.66.
  assertEquals([pointsAt(43, mask, 10, 5), pointsAt(44, mask, 10, 5)], [true, false]);
});

Deno.test("pointsAt() gives an empty object neither a hit nor a miss", () => {
  assertEquals(pointsAt(3, new Uint8Array(16), 4, 15), undefined);
});

Deno.test("energyInside() is the share of the map in the object", () => {
  assertAlmostEquals(energyInside(Float32Array.of(1, 2, 3, 4), Uint8Array.of(0, 1, 0, 1))!, 0.6, 1e-12);
  assertEquals(energyInside(new Float32Array(4), Uint8Array.of(0, 1, 0, 1)), undefined);
  assertEquals(energyInside(Float32Array.of(1, 2, 3, 4), new Uint8Array(4)), undefined);
});

Deno.test("regionProbe() reads the top pixel and the energy of the enlarged map, and nothing without an object", () => {
  const corner = new Float32Array(16);
  corner[0] = 1;
  const of = sample(0, { width: 4, height: 4, values: corner });
  const near = { boxes: [{ x: 0, y: 0, width: 8, height: 8 }] };
  const far = { boxes: [{ x: 12, y: 12, width: 4, height: 4 }] };
  const read = (kind: "pointing" | "energy", region?: typeof near, tolerance = 2) =>
    regionProbe(of, kind, { tolerance }, region).read([]).values;
  assertEquals(read("pointing", near), { pointing: 1 });
  assertEquals(read("pointing", far), { pointing: 0 });
  assertEquals(read("pointing", far, SIDE * 2), { pointing: 1 });
  assert(read("energy", near)["energy"]! > 0.99);
  assertEquals(read("energy", far), { energy: 0 });
  assertEquals([read("pointing"), read("energy")], [{}, {}]);
  assertEquals(read("pointing", { boxes: [] }), {});
});
