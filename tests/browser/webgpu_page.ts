/**
 * A page of the tests: a small network on WebGPU and on wasm in one page, through the library's own runtime boundary.
 *
 * @module
 */
import { createBuilder } from "../../src/graph/builder.ts";
import {
  configureRuntime,
  type Device,
  float32Data,
  float32Tensor,
  isDeviceTensor,
  openSession,
} from "../../src/runtime/mod.ts";

configureRuntime({ wasmPaths: new URL("./onnxruntime/", import.meta.url).href });

/** A convolution over 8 channels, its mean over the picture, and a product: [1, 8, 16, 16] to [1, 4]. */
async function run(device: Device): Promise<{ device: Device; values: number[] }> {
  const wave = (count: number, step: number) =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(step * i));
  const b = createBuilder("small");
  const x = b.input("x", "float32", [1, 8, 16, 16]);
  const kernel = b.input("kernel", "float32", [8, 8, 3, 3]);
  const matrix = b.input("matrix", "float32", [8, 4]);
  const seen = b.relu(b.conv(x, kernel, undefined, { pads: [1, 1, 1, 1] }));
  b.output(b.matmul(b.flatten(b.globalAveragePool(seen)), matrix), "y");
  const session = await openSession(b.build(), { device, keepOnDevice: ["y"] });
  const { y } = await session.runOnDevice({
    x: float32Tensor(wave(8 * 256, 0.37), [1, 8, 16, 16]),
    kernel: float32Tensor(wave(8 * 8 * 9, 0.61), [8, 8, 3, 3]),
    matrix: float32Tensor(wave(32, 0.83), [8, 4]),
  });
  const plain = isDeviceTensor(y!) ? await y.read() : y!;
  if (isDeviceTensor(y!)) y.dispose();
  await session.dispose();
  return { device: session.device, values: [...float32Data(plain)] };
}

Object.assign(globalThis, { run });
