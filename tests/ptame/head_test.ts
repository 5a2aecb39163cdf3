import { assert, assertEquals, assertThrows } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import type { Graph, Value } from "../../src/graph/types.ts";
import { fuseMap, minMax } from "../../src/ptame/fuse.ts";
import { countDoublings, fusedMaps, FUSER, headFeatures, minMaxMask } from "../../src/ptame/head.ts";
import { type Device, float32Data, float32Tensor, type Tensor } from "../../src/runtime/mod.ts";
import { allMaps } from "../support/all_maps.ts";
import { heavyTests, softwareGpu, warmUpWasm } from "../support/devices.ts";
import { openWithWeights, seededWeights } from "../support/networks.ts";
import { seededTensor } from "../support/seeded_weights.ts";

await warmUpWasm();

// ResNet-18's taps; tests/fixtures/head/generate.py made the maps of these classes in PyTorch's float64.
const CHANNELS = [64, 128, 256, 512];
const SIZES = [56, 28, 14, 7];
const CLASSES = 1000;
const SEED = 11;
const ASKED = [0, 281, 282, 999];
const AREA = 56 * 56;

const golden = new Float32Array(
  Deno.readFileSync(new URL("../fixtures/head/maps.bin", import.meta.url)).buffer,
);

/** The golden maps after min–max; `which` 1 has the deepest tap enlarged once by 8 instead of three times by 2. */
function goldenMaps(which: 0 | 1): Float32Array[] {
  return ASKED.map((_, k) => {
    const start = (which * ASKED.length + k) * AREA;
    return minMax({ width: 56, height: 56, values: golden.slice(start, start + AREA) }).values;
  });
}

const taps: Record<string, Tensor> = Object.fromEntries(
  CHANNELS.map((channels, i) => {
    const shape = [1, channels, SIZES[i]!, SIZES[i]!];
    return [`tap_${i}`, float32Tensor(seededTensor(`tap_${i}.bias`, shape, SEED), shape)];
  }),
);

function tapInputs(b: ReturnType<typeof createBuilder>): Value[] {
  return CHANNELS.map((channels, i) => b.input(`tap_${i}`, "float32", [1, channels, SIZES[i]!, SIZES[i]!]));
}

/** All 1000 maps, the asked ones cut out after min–max. */
function fullHead(): Graph {
  const b = createBuilder("full head");
  const maps = minMaxMask(b, allMaps(b, headFeatures(b, tapInputs(b)), CLASSES));
  b.output(b.gather(maps, b.int64s(ASKED), 1), "masks");
  return b.build();
}

/** The asked maps alone, fused at each tap's own size. */
function lazyHead(): Graph {
  const b = createBuilder("lazy head");
  const fuser = b.weight(FUSER, [CLASSES, 960, 1, 1]);
  const rows = b.reshape(b.gather(fuser, b.int64s(ASKED)), [ASKED.length, 960]);
  b.output(minMaxMask(b, fusedMaps(b, headFeatures(b, tapInputs(b)), rows)), "masks");
  return b.build();
}

function largestDifference(actual: ArrayLike<number>, expected: readonly Float32Array[]): number {
  let largest = 0;
  expected.forEach((map, k) =>
    map.forEach((value, i) => largest = Math.max(largest, Math.abs(value - actual[k * AREA + i]!)))
  );
  return largest;
}

for (const device of ["wasm", "native", "webgpu"] as Device[]) {
  const options = {
    ignore: device === "webgpu" && !(await softwareGpu()),
    sanitizeOps: device !== "webgpu",
    sanitizeResources: device !== "webgpu",
  };
  const all = fullHead();
  for (const [name, graph] of [["all 1000 maps", all], ["the asked maps alone", lazyHead()]] as const) {
    Deno.test({
      name: `the head with ${name} gives PyTorch's maps on ${device}`,
      ...options,
      // Half a minute on a software adapter.
      ignore: options.ignore || (device === "webgpu" && !heavyTests()),
      fn: async () => {
        const session = await openWithWeights(graph, seededWeights(SEED), { device });
        const { masks } = await session.run(taps);
        await session.dispose();
        assertEquals(masks!.shape, [1, ASKED.length, 56, 56]);
        const difference = largestDifference(float32Data(masks!), goldenMaps(0));
        assert(difference <= 1e-5, `largest difference ${difference}`);
      },
    });
  }
}

Deno.test("fuseMap() gives PyTorch's maps from the features of a pass, and repeated doubling is no single resize", async () => {
  const b = createBuilder("features");
  headFeatures(b, tapInputs(b)).forEach((feature, i) => b.output(feature, `feature_${i}`));
  const session = await openWithWeights(b.build(), seededWeights(SEED), { device: "wasm" });
  const outputs = await session.run(taps);
  await session.dispose();
  const features = CHANNELS.map((channels, i) => {
    return { channels, size: SIZES[i]!, data: float32Data(outputs[`feature_${i}`]!) };
  });
  const fuser = seededTensor(FUSER, [CLASSES, 960, 1, 1], SEED);
  const maps = ASKED.flatMap((index) => [
    ...minMax(fuseMap(features, fuser.subarray(index * 960, (index + 1) * 960))).values,
  ]);
  assert(largestDifference(maps, goldenMaps(0)) <= 1e-5);
  assert(largestDifference(maps, goldenMaps(1)) > 0.01);
  assertThrows(() => fuseMap(features, fuser.subarray(0, 959)), TypeError, "959 weights for 960 channels");
});

Deno.test("minMax() of a flat map is zero everywhere", () => {
  const { values } = minMax({ width: 2, height: 2, values: new Float32Array(4).fill(3) });
  assertEquals([...values], [0, 0, 0, 0]);
});

Deno.test("minMax() refuses a map that is not finite", () => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    const values = Float32Array.of(0, 1, bad, 2);
    assertThrows(() => minMax({ width: 2, height: 2, values }), RangeError, "not finite");
  }
});

Deno.test("countDoublings() takes sizes that are the largest divided by powers of two, and no others", () => {
  assertEquals(countDoublings([56, 28, 14, 7]), [0, 1, 2, 3]);
  assertEquals(countDoublings([14, 14]), [0, 0]);
  assertThrows(() => countDoublings([56, 19]), TypeError, "56, 19");
});
