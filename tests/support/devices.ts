/**
 * Which devices the tests find here, and what to install where one is missing.
 *
 * @module
 */
import { createBuilder } from "../../src/graph/builder.ts";
import { type Device, findAdapter, openSession } from "../../src/runtime/mod.ts";

let found: Promise<boolean> | undefined;

/** Whether a WebGPU adapter is there (a software one is enough); says once what to install where none is. */
export function softwareGpu(): Promise<boolean> {
  return found ??= findAdapter().then((adapter) => {
    if (adapter === undefined) {
      console.warn(
        "SKIPPED: WebGPU tests need an adapter; on Debian: apt-get install mesa-vulkan-drivers (software Vulkan)",
      );
    }
    return adapter !== undefined;
  });
}

let said = false;

/**
 * Whether tests run that take long: full networks and training steps on a software adapter, which compiles their shaders
 * for minutes where its cache is cold. .ci/run asks for them, the everyday run does not.
 */
export function heavyTests(): boolean {
  const asked = Deno.env.get("PTAME_HEAVY") === "1";
  if (!asked && !said) {
    console.warn(
      "SKIPPED: heavy tests (large networks, whole trainings, long runs that are stopped, training on WebGPU and in a page); PTAME_HEAVY=1 runs them too",
    );
  }
  said = true;
  return asked;
}

/**
 * Loads the wasm runtime before the tests of a file start: its threads and their message ports belong to the
 * process, and the sanitizers would lay them to the first test that opens a session.
 */
export async function warmUpWasm(): Promise<void> {
  const b = createBuilder("warm_up");
  b.output(b.relu(b.input("x", "float32", [1])), "y");
  const session = await openSession(b.build(), { device: "wasm" });
  await session.dispose();
}

/**
 * Declares a test on a device; it is skipped where that has no adapter. WebGPU keeps resources of its own, which the
 * sanitizers would take for the test's.
 */
export async function testOn(
  device: Device,
  name: string,
  fn: () => Promise<void>,
  { ignore = false } = {},
): Promise<void> {
  const gpu = device === "webgpu";
  Deno.test({
    name,
    ignore: ignore || (gpu && !(await softwareGpu())),
    sanitizeOps: !gpu,
    sanitizeResources: !gpu,
    fn,
  });
}
