/**
 * AdamW with amsgrad against PyTorch's, fed identical gradients, over a run of the one-cycle schedule
 * (tests/fixtures/ptame/generate_step.py).
 */
import { assert, assertEquals } from "@std/assert";
import { createBuilder } from "../../../src/graph/builder.ts";
import {
  adamw,
  ADAMW_SCALARS,
  adamwScalars,
  decayed,
  scalarInputs,
} from "../../../src/ptame/training/optimizer.ts";
import { float32Data, float32Tensor, openSession, type Tensor } from "../../../src/runtime/mod.ts";
import { softwareGpu, warmUpWasm } from "../../support/devices.ts";
import { seededTensor } from "../../support/seeded_weights.ts";

await warmUpWasm();

const PARTS = ["parameter", "first", "second", "largest"] as const;
type Part = typeof PARTS[number];

const FIXTURE = JSON.parse(
  Deno.readTextFileSync(new URL("../../fixtures/ptame/optimizer.json", import.meta.url)),
) as {
  weight_decay: number;
  seed: number;
  points: { learning_rate: number; beta1: number }[];
  gradients: Record<string, number[]>[];
  shapes: Record<string, number[]>;
  float64: Record<string, Record<Part, number[]>>;
  float32: Record<string, Record<Part, number[]>>;
};

function updateGraph(shape: readonly number[]) {
  const b = createBuilder("adamw");
  const [parameter, first, second, largest] = PARTS.map((part) => b.input(part, "float32", shape));
  const gradient = b.input("gradient", "float32", shape);
  const moments = { first: first!, second: second!, largest: largest! };
  const next = adamw(b, parameter!, gradient, moments, scalarInputs(b));
  for (const part of PARTS) b.output(next[part], `next_${part}`);
  return b.build();
}

function scalarsOf(step: number, point: { learning_rate: number; beta1: number }): Record<string, Tensor> {
  const numbers = adamwScalars({
    step,
    learningRate: point.learning_rate,
    beta1: point.beta1,
    weightDecay: FIXTURE.weight_decay,
  });
  return Object.fromEntries(
    ADAMW_SCALARS.map((name) => [name, float32Tensor(Float32Array.of(numbers[name]), [])]),
  );
}

for (const device of ["wasm", "native", "webgpu"] as const) {
  const gpu = device === "webgpu";
  Deno.test({
    name: `adamw() on ${device} follows PyTorch for a run of identical gradients`,
    ignore: gpu && !(await softwareGpu()),
    sanitizeOps: device === "wasm",
    sanitizeResources: device === "wasm",
    fn: async () => {
      for (const [name, shape] of Object.entries(FIXTURE.shapes)) {
        const session = await openSession(updateGraph(shape), { device });
        assertEquals(session.partlyOnCpu, false);
        const size = shape.reduce((a, c) => a * c, 1);
        let state: Float32Array[] = PARTS.map((part) =>
          part === "parameter" ? seededTensor(name, shape, FIXTURE.seed) : new Float32Array(size)
        );
        for (const [step, point] of FIXTURE.points.entries()) {
          const outputs = await session.run({
            ...Object.fromEntries(PARTS.map((part, i) => [part, float32Tensor(state[i]!, shape)])),
            gradient: float32Tensor(Float32Array.from(FIXTURE.gradients[step]![name]!), shape),
            ...scalarsOf(step, point),
          });
          state = PARTS.map((part) => float32Data(outputs[`next_${part}`]!));
        }
        await session.dispose();
        PARTS.forEach((part, i) => {
          const [exact, torch32] = [FIXTURE.float64[name]![part], FIXTURE.float32[name]![part]];
          const scale = Math.max(...exact.map(Math.abs));
          exact.forEach((value, k) => {
            const error = Math.abs(state[i]![k]! - value);
            assert(error <= 1e-6 * scale, `${name} ${part}[${k}] is ${state[i]![k]}, not ${value}`);
            assert(Math.abs(state[i]![k]! - torch32[k]!) <= 1e-6 * scale, `${part}[${k}] against float32`);
          });
        });
      }
    },
  });
}

Deno.test("adamw() keeps the largest second moment, and rows without gradient only decay", () => {
  // The fixture must exercise both, or the comparison above would not see them.
  const { second, largest, first } = FIXTURE.float64["fuser.weight"]!;
  assert(largest.some((value, i) => value > 1.001 * second[i]!));
  const start = seededTensor("fuser.weight", FIXTURE.shapes["fuser.weight"]!, FIXTURE.seed);
  const kept = FIXTURE.points.reduce(
    (part, { learning_rate }) => part * (1 - learning_rate * FIXTURE.weight_decay),
    1,
  );
  for (let i = 10; i < 20; i++) {
    assertEquals(first[i], 0);
    const value = FIXTURE.float64["fuser.weight"]!.parameter[i]!;
    assert(Math.abs(value - start[i]! * kept) < 1e-9);
  }
});

Deno.test("decayed() is what AdamW does to a parameter whose gradient is zero", async () => {
  const b = createBuilder("decay");
  const parameter = b.input("parameter", "float32", [7]);
  b.output(decayed(b, parameter, { ...scalarInputs(b) }), "next");
  const session = await openSession(b.build(), { device: "wasm" });
  const start = seededTensor("bias", [7], 3);
  const point = FIXTURE.points[1]!;
  const { next } = await session.run({ parameter: float32Tensor(start, [7]), ...scalarsOf(0, point) });
  await session.dispose();
  start.forEach((value, i) => {
    const expected = value * (1 - point.learning_rate * FIXTURE.weight_decay);
    assert(Math.abs(float32Data(next!)[i]! - expected) < 1e-7 * Math.abs(expected));
  });
});
