import { assert, assertEquals } from "@std/assert";
import { type Builder, createBuilder } from "../../src/graph/builder.ts";
import { elementCount, type Value } from "../../src/graph/types.ts";
import { gradients } from "../../src/gradient/backward.ts";
import type { GradientDevice } from "../../src/gradient/rule.ts";
import { RULES } from "../../src/gradient/rules/mod.ts";
import { float32Tensor, openSession, type Tensor } from "../../src/runtime/mod.ts";
import { heavyTests, testOn, warmUpWasm } from "../support/devices.ts";
import { evaluate } from "../support/reference/mod.ts";
import {
  ACTIVATION_CASES,
  ARITHMETIC_CASES,
  NEWER_CASES,
  NORMALIZATION_CASES,
  PRODUCT_CASES,
  REDUCTION_CASES,
} from "./cases/elementwise.ts";
import { FALLING_BACK_CASES, MOVEMENT_CASES } from "./cases/movement.ts";
import { CONVOLUTION_CASES, POOLING_CASES, RESIZE_CASES, SAMPLING_CASES } from "./cases/spatial.ts";
import { assemble, type Assembled, type Cases } from "./cases/trial.ts";

await warmUpWasm();

const GROUPS: Readonly<Record<string, Cases>> = {
  arithmetic: ARITHMETIC_CASES,
  activations: ACTIVATION_CASES,
  reductions: REDUCTION_CASES,
  normalisations: NORMALIZATION_CASES,
  products: PRODUCT_CASES,
  movement: MOVEMENT_CASES,
  convolutions: CONVOLUTION_CASES,
  pooling: POOLING_CASES,
  interpolation: RESIZE_CASES,
  "sampling at a grid": SAMPLING_CASES,
};
const ALL_GROUPS: Readonly<Record<string, Cases>> = {
  ...GROUPS,
  "operators after opset 17": NEWER_CASES,
  "indexing that WebGPU lacks": FALLING_BACK_CASES,
};
/** Cases that WebGPU has no kernels for, forward already: there they run partly on the CPU, or not at all. */
const PARTLY_ON_CPU = /^(Selu|LogSoftmax|LRN|Sum |Mean )/;
const NOT_ON_WEBGPU = /^Cast there and back/;
/** What is run on a software adapter every day; .ci/run runs all. */
const EVERYDAY_ON_WEBGPU = ["reductions", "operators that it lacks"];
const DEVICES: readonly GradientDevice[] = ["wasm", "native", "webgpu"];

/** Largest difference over the largest expected magnitude. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let scale = 1e-30;
  for (let i = 0; i < expected.length; i++) {
    const delta = Math.abs(found[i]! - expected[i]!);
    // A NaN must not pass for a small difference.
    if (!(delta <= difference)) difference = Number.isNaN(delta) ? Infinity : delta;
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return found.length === expected.length ? difference / scale : Infinity;
}

/** Values of a variable that are moved, if it has more: each takes four evaluations. Heavy tests move all. */
const MOST_MOVED = heavyTests() ? Infinity : 20;

/** Slopes at some places of a variable. */
interface Slopes {
  readonly places: readonly number[];
  readonly values: readonly number[];
}

/** Places of an array of that length, spread over rows and columns alike. */
function spreadPlaces(length: number): number[] {
  const count = Math.min(length, MOST_MOVED);
  // By the golden ratio: no period of a shape meets it.
  return Array.from(
    { length: count },
    (_, i) => count === length ? i : Math.floor(length * (i * 0.618034 % 1)),
  );
}

/** d(Σ seed·y)/dx by central differences of fourth order, in float64. */
function numericGradients(cases: Cases): Map<string, Slopes> {
  const result = new Map<string, Slopes>();
  for (const [name, build] of Object.entries(cases)) {
    const { graph, feeds, cases: [laid] } = assemble({ [name]: build });
    const objective = (): number => {
      const values = evaluate(graph, feeds);
      return laid!.outputs.reduce((sum, output, i) => {
        const y = values.get(output.name)!.data;
        return sum + laid!.seeds[i]!.reduce((part, seed, at) => part + Math.fround(seed) * y[at]!, 0);
      }, 0);
    };
    laid!.variables.forEach((variable, i) => {
      const x = feeds[variable.name]!;
      const h = 2 ** -12;
      const places = spreadPlaces(x.length);
      const values = places.map((at) => {
        const middle = x[at]!;
        const side = (steps: number) => {
          x[at] = middle + steps * h;
          const value = objective();
          x[at] = middle;
          return value;
        };
        return (8 * (side(1) - side(-1)) - (side(2) - side(-2))) / (12 * h);
      });
      result.set(`${name}/d${i}`, { places, values });
    });
  }
  return result;
}

function tensorsOf({ graph, feeds, types }: Assembled): Record<string, Tensor> {
  return Object.fromEntries(graph.inputs.map(({ name, shape }) => {
    const data = types[name] === "int64"
      ? BigInt64Array.from(feeds[name]!, (value) => BigInt(value))
      : Float32Array.from(feeds[name]!);
    return [name, { type: types[name]!, shape, data }];
  }));
}

/** Runs all cases of a group in one session and gives what differs from the float64 evaluation. */
async function compareOn(
  device: GradientDevice,
  cases: Cases,
  options: { fallsBack?: boolean; opset?: number } = {},
): Promise<string[]> {
  const assembled = assemble(cases, device);
  const reference = evaluate(assembled.graph, assembled.feeds);
  const graph = { ...assembled.graph, opset: options.opset ?? assembled.graph.opset };
  const session = await openSession(graph, { device });
  const partlyOnCpu = session.partlyOnCpu;
  const outputs = await session.run(tensorsOf(assembled));
  await session.dispose();
  const wrong: string[] = [];
  if (partlyOnCpu && !options.fallsBack) wrong.push("some nodes fall back to the CPU");
  const worst = new Map<string, number>();
  for (const { name } of assembled.graph.outputs) {
    const error = relativeError(outputs[name]!.data as Float32Array, reference.get(name)!.data);
    const op = name.match(/^\w+/)![0];
    worst.set(op, Math.max(worst.get(op) ?? 0, error));
    if (!(error < 1e-5)) wrong.push(`${name}: ${error.toExponential(2)}`);
  }
  if (Deno.env.get("PTAME_SHOW_ERRORS")) {
    for (const [op, error] of worst) console.log(`ERROR ${op} ${device} ${error.toExponential(1)}`);
  }
  return wrong;
}

for (const [group, cases] of Object.entries(ALL_GROUPS)) {
  Deno.test(`gradients() agrees with central differences for ${group}`, () => {
    const numeric = numericGradients(cases);
    const wrong: string[] = [];
    for (const device of DEVICES) {
      const { graph, feeds } = assemble(cases, device);
      const values = evaluate(graph, feeds);
      for (const [name, { places, values: expected }] of numeric) {
        const found = values.get(name)!.data;
        const error = relativeError(places.map((at) => found[at]!), expected);
        if (!(error < 1e-6)) wrong.push(`${name} for ${device}: ${error.toExponential(2)}`);
      }
    }
    assert(wrong.length === 0, wrong.join("\n"));
  });
}

function only(cases: Cases, keep: (name: string) => boolean): Cases {
  return Object.fromEntries(Object.entries(cases).filter(([name]) => keep(name)));
}

for (const device of DEVICES) {
  const gpu = device === "webgpu";
  const on = (what: string, act: () => Promise<string[]>) =>
    testOn(device, `gradients() runs on ${device} for ${what}`, async () => {
      const wrong = await act();
      assert(wrong.length === 0, wrong.join("\n"));
      // A software adapter compiles hundreds of shaders for all groups.
    }, { ignore: gpu && !heavyTests() && !EVERYDAY_ON_WEBGPU.includes(what) });
  for (const [group, cases] of Object.entries(GROUPS)) {
    const left = (name: string) => gpu && (PARTLY_ON_CPU.test(name) || NOT_ON_WEBGPU.test(name));
    await on(group, () => compareOn(device, only(cases, (name) => !left(name))));
  }
  if (gpu) {
    const all = Object.assign({}, ...Object.values(GROUPS), FALLING_BACK_CASES) as Cases;
    const lacking = only(all, (name) => PARTLY_ON_CPU.test(name) || name in FALLING_BACK_CASES);
    await on("operators that it lacks", () => compareOn(device, lacking, { fallsBack: true }));
  } else {
    await on("operators after opset 17", () => compareOn(device, NEWER_CASES, { opset: 20 }));
    await on("indexing that WebGPU lacks", () => compareOn(device, FALLING_BACK_CASES));
  }
}

/** x, its gradient where y = op(x) and dy = 1, 2, …: what happens where several cells are the largest. */
const TIES: readonly { name: string; build: (b: Builder, x: Value) => Value; dx: readonly number[] }[] = [
  // Windows [0 0; 0 0], [5 1; 5 0]: the first maximum of each takes all, as in PyTorch.
  {
    name: "MaxPool",
    build: (b, x) => b.maxPool(x, [2, 2], { strides: [2, 2] }),
    dx: [1, 0, 2, 0, 0, 0, 0, 0],
  },
  // The two fives share, as in PyTorch's amax.
  { name: "ReduceMax", build: (b, x) => b.reduceMax(x, [0, 1, 2, 3]), dx: [0, 0, 0.5, 0, 0, 0, 0.5, 0] },
  // Padding never wins, not even against cells that are all zero: windows at columns -1, 1, 3.
  {
    name: "padded MaxPool",
    build: (b, x) => b.maxPool(x, [2, 2], { strides: [2, 2], pads: [0, 1, 0, 1] }),
    dx: [1, 0, 2, 3, 0, 0, 0, 0],
  },
];

for (const device of DEVICES) {
  await testOn(device, `gradients() gives ties to the first maximum of a window on ${device}`, async () => {
    const b = createBuilder("ties");
    const x = b.input("x", "float32", [1, 1, 2, 4]);
    for (const { name, build } of TIES) {
      const y = build(b, x);
      const seed = b.constant(
        "float32",
        y.shape,
        Array.from({ length: elementCount(y.shape) }, (_, i) => i + 1),
      );
      b.output(gradients(b, [{ value: y, seed }], [x], { device })[0]!, name);
    }
    const session = await openSession(b.build(), { device });
    const outputs = await session.run({
      x: float32Tensor(Float32Array.of(0, 0, 5, 1, 0, 0, 5, 0), x.shape),
    });
    await session.dispose();
    for (const { name, dx } of TIES) assertEquals(Array.from(outputs[name]!.data, Number), dx, name);
  });
}

Deno.test("RULES has a case here for each operator with a gradient", () => {
  const groups = [...Object.values(GROUPS), NEWER_CASES, FALLING_BACK_CASES];
  const covered = new Set(
    groups.flatMap((cases) => Object.keys(cases).map((name) => name.match(/^\w+/)![0])),
  );
  const zero = ["Sign", "Ceil", "Round"];
  const missing = Object.keys(RULES).filter((op) => !covered.has(op) && !zero.includes(op));
  assert(missing.length === 0, `no case for ${missing.join(", ")}`);
});
