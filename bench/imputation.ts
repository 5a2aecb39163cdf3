/**
 * How long ROAD's fillings take on a 224 × 224 picture with 70 % missing, median of 15:
 *
 *     deno run --no-config --no-lock -A tools/launch.ts deno run bench/imputation.ts
 *
 * @module
 */
import { imputeLinear } from "../src/faithfulness/imputation.ts";
import { imputeTelea } from "../src/faithfulness/telea.ts";
import { createGenerator } from "../src/random/generator.ts";

const SIDE = 224;
const AREA = SIDE * SIDE;
const RUNS = 15;

const generator = createGenerator(1);
const picture = Float32Array.from({ length: 3 * AREA }, () => generator.uniform());
const radius = SIDE * Math.sqrt(0.7 / Math.PI);
const holes: Record<string, Uint8Array> = {
  "one disk": Uint8Array.from(
    { length: AREA },
    (_, i) => Number(Math.hypot(i % SIDE - 111.5, Math.floor(i / SIDE) - 111.5) < radius),
  ),
  "scattered": Uint8Array.from({ length: AREA }, () => Number(generator.uniform() < 0.7)),
};

for (const [shape, missing] of Object.entries(holes)) {
  const fillings = {
    linear: () => imputeLinear(picture, missing, SIDE, SIDE),
    telea: () => imputeTelea(picture, missing, SIDE, SIDE, 3),
  };
  for (const [name, fill] of Object.entries(fillings)) {
    const times = Array.from({ length: RUNS }, () => {
      const started = performance.now();
      fill();
      return performance.now() - started;
    }).sort((a, b) => a - b);
    console.log(
      `${name}, ${shape}: ${times[Math.floor(RUNS / 2)]!.toFixed(0)} ms (least ${times[0]!.toFixed(0)})`,
    );
  }
}
