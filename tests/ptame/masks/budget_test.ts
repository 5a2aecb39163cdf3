/**
 * Masks with a budget against their definition in float64, and their gradient against finite differences of it, on
 * every device.
 */
import { assert, assertEquals } from "@std/assert";
import { minMaxMask } from "../../../src/ptame/head.ts";
import { gradients } from "../../../src/gradient/backward.ts";
import { createBuilder } from "../../../src/graph/builder.ts";
import {
  budgetGradient,
  budgetInputs,
  budgetMasks,
  GATE_WIDTH,
  gates,
} from "../../../src/ptame/masks/budget.ts";
import { type Device, float32Data, float32Tensor, openSession } from "../../../src/runtime/mod.ts";
import { createGenerator } from "../../../src/random/generator.ts";
import { referenceMasks } from "./reference.ts";
import { heavyTests, softwareGpu, warmUpWasm } from "../../support/devices.ts";

await warmUpWasm();

const [BATCH, SIZE] = [2, 8];
const AREA = SIZE * SIZE;

/** Each kind of view once. */
const VIEWS = [
  { share: 1, soft: 1, kept: 1, width: GATE_WIDTH },
  { share: 0.5, soft: 1, kept: 1, width: GATE_WIDTH },
  { share: 0.15, soft: 1, kept: 1, width: 0.015 },
  { share: 0.3, soft: 0, kept: 1, width: 0.02 },
  { share: 0.05, soft: 0, kept: 0, width: GATE_WIDTH },
  { share: 0.5, soft: 1, kept: 0, width: 0.1 },
];

const generator = createGenerator(3);
const draw = (count: number) => Float32Array.from({ length: count }, () => generator.normal());
const MAPS = draw(BATCH * AREA);
/** ∂L/∂mask: L is this linear function of the masks. */
const SEED = draw(BATCH * VIEWS.length * AREA);

async function onDevice(device: Device) {
  const b = createBuilder("budget");
  const z = b.input("z", "float32", [BATCH, 1, SIZE, SIZE]);
  const seed = b.input("seed", "float32", [BATCH, VIEWS.length, SIZE, SIZE]);
  const given = budgetInputs(b, BATCH, VIEWS.length);
  const m = minMaxMask(b, z);
  const g = gates(b, m, given);
  b.output(g, "gates");
  b.output(budgetMasks(b, m, g, given), "masks");
  const [found] = gradients(b, [{ value: m, seed: budgetGradient(b, m, g, given, seed) }], [z], { device });
  b.output(found!, "gradient");
  const session = await openSession(b.build(), { device });
  const perView = (name: "share" | "soft" | "kept" | "width") =>
    float32Tensor(
      Float32Array.from({ length: BATCH * VIEWS.length }, (_, i) => VIEWS[i % VIEWS.length]![name]),
      [BATCH, VIEWS.length, 1, 1],
    );
  try {
    return await session.run({
      z: float32Tensor(MAPS, [BATCH, 1, SIZE, SIZE]),
      seed: float32Tensor(SEED, [BATCH, VIEWS.length, SIZE, SIZE]),
      shares: perView("share"),
      soft: perView("soft"),
      kept: perView("kept"),
      widths: perView("width"),
    });
  } finally {
    await session.dispose();
  }
}

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  assertEquals(found.length, expected.length);
  let largest = 0;
  for (let i = 0; i < found.length; i++) largest = Math.max(largest, Math.abs(found[i]! - expected[i]!));
  return largest;
}

for (const device of ["wasm", "native", "webgpu"] as const) {
  Deno.test({
    name: `budgetMasks() and budgetGradient() follow their definition on ${device}`,
    ignore: device === "webgpu" && (!(await softwareGpu()) || !heavyTests()),
    sanitizeOps: device === "wasm",
    sanitizeResources: device === "wasm",
    fn: async () => {
      const outputs = await onDevice(device);
      for (let picture = 0; picture < BATCH; picture++) {
        const z = Float64Array.from(MAPS.subarray(picture * AREA, (picture + 1) * AREA));
        const expected = referenceMasks(z, VIEWS);
        const objective = (at: Float64Array) =>
          referenceMasks(at, VIEWS).masks.reduce((sum, mask, view) => {
            const seed = SEED.subarray((picture * VIEWS.length + view) * AREA);
            return sum + mask.reduce((total, value, i) => total + value * seed[i]!, 0);
          }, 0);
        VIEWS.forEach((_, view) => {
          const from = (picture * VIEWS.length + view) * AREA;
          for (const kind of ["masks", "gates"] as const) {
            const found = float32Data(outputs[kind]!).subarray(from, from + AREA);
            const away = largestDifference(found, expected[kind][view]!);
            assert(away < 2e-5, `${kind} of view ${view} are off by ${away}`);
          }
        });
        const step = 1e-6;
        const slopes = z.map((_, i) => {
          const moved = (by: number) => objective(z.map((value, k) => k === i ? value + by : value));
          return (moved(step) - moved(-step)) / (2 * step);
        });
        const found = float32Data(outputs["gradient"]!).subarray(picture * AREA, (picture + 1) * AREA);
        const scale = slopes.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const away = largestDifference(found, slopes) / scale;
        assert(away < 1e-4, `the gradient of map ${picture} is off by ${away} of its largest value`);
      }
    },
  });
}

Deno.test("gates() let exactly the share pass, and all of a map at 1", async () => {
  const found = float32Data((await onDevice("wasm"))["gates"]!);
  for (let at = 0; at < BATCH * VIEWS.length; at++) {
    const own = found.subarray(at * AREA, (at + 1) * AREA);
    const { share } = VIEWS[at % VIEWS.length]!;
    const passed = own.reduce((sum, value) => sum + value, 0) / AREA;
    assert(Math.abs(passed - share) < 1e-5, `${passed} passes, not ${share}`);
    if (share === 1) assert(own.every((value) => value === 1));
  }
});
