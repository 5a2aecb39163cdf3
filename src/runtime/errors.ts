/**
 * The runtime's errors: classes that callers are meant to catch, each with the runtime's own error as cause.
 *
 * @module
 */

/** The requested device is not available, or cannot be used as requested. */
export class DeviceError extends Error {
  /** The name that tells it from other errors. */
  override name = "DeviceError";
}

/**
 * The runtime refuses a graph or .onnx file, because it is malformed, too large, or uses features that the device
 * lacks.
 */
export class ModelError extends Error {
  /** The name that tells it from other errors. */
  override name = "ModelError";
}

/** A session failed while it ran. */
export class RunError extends Error {
  /** The name that tells it from other errors. */
  override name = "RunError";
}

/** How browsers refuse a .wasm file that begins with "<". */
const PAGE_AS_WASM =
  /expected magic word 00 61 73 6d, found 3c|failed to match magic number|module doesn't start with|Incorrect response MIME type/;

/** The first line of onnxruntime's message, without log colours, codes and source positions. */
export function runtimeMessage(error: unknown): string {
  const raw = error instanceof Error ? error.message : String(error);
  if (PAGE_AS_WASM.test(raw)) {
    return "the server sends a web page instead of the runtime's .wasm file: put onnxruntime-web's files beside the " +
      "program, or name their folder with configureRuntime({ wasmPaths })";
  }
  const said = raw.match(/ERROR_MESSAGE: ([\s\S]*)/)?.[1] ?? raw;
  return said.split("\n")[0]!.replace(/^[^\s]*\.(cc|h):\d+\s+\S+\s*/, "").trim();
}
