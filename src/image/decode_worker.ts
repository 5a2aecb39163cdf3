/**
 * A worker that decodes images, one at a time. decode_bounded.ts is its other end, and ends it at a deadline.
 *
 * @module
 */
import { hasBuiltinModules, loadBuiltinModule } from "../platform/builtin.ts";
import { decodeBytes, type DecodeLimits } from "./decode_bytes.ts";
import { ImageError } from "./types.ts";

/**
 * A file to decode. Messages hold buffers, not arrays: Deno's Worker of node:worker_threads walks the elements of an array,
 * 0.7 s for a megabyte.
 */
export interface DecodeRequest {
  readonly file: ArrayBuffer;
  readonly limits: DecodeLimits;
}

/**
 * What the worker says: that the codec is loaded and reads; then the image, the error of the file, or that its own codec is
 * not fit for another image.
 */
export type DecodeReply =
  | { readonly kind: "reading" }
  | { readonly kind: "image"; readonly width: number; readonly height: number; readonly pixels: ArrayBuffer }
  | { readonly kind: "error" | "broken"; readonly message: string };

/** The end of the worker's channel: Node's, or that of the web. */
interface Port {
  postMessage(message: DecodeReply, transfer?: Transferable[]): void;
  on?(event: "message", listener: (message: DecodeRequest) => void): void;
  onmessage?: ((event: MessageEvent<DecodeRequest>) => void) | null;
}

async function answer(port: Port, { file, limits }: DecodeRequest): Promise<void> {
  try {
    const { width, height, data } = await decodeBytes(
      new Uint8Array(file),
      limits,
      () => port.postMessage({ kind: "reading" }),
    );
    const pixels = data.buffer as ArrayBuffer;
    port.postMessage({ kind: "image", width, height, pixels }, [pixels]);
  } catch (error) {
    const { message } = error as Error;
    const broken = !(error instanceof ImageError) || error.cause instanceof WebAssembly.RuntimeError ||
      /budget/.test(message);
    port.postMessage({ kind: broken ? "broken" : "error", message });
  }
}

/** Answers the requests of a port; Node's has `on`. */
function serve(port: Port): void {
  if (port.on !== undefined) port.on("message", (request) => void answer(port, request));
  else port.onmessage = ({ data }) => void answer(port, data);
}

// Vite builds workers as scripts, which have no `await` at the top. A page's port is served at once: later, the first
// request would be lost.
if (hasBuiltinModules()) {
  loadBuiltinModule("node:worker_threads").then((threads) =>
    serve((threads as { readonly parentPort: Port | null }).parentPort ?? globalThis as unknown as Port)
  );
} else serve(globalThis as unknown as Port);
