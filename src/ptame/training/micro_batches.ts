/**
 * Runs a graph for a small batch over a larger batch, piece by piece. It is correct only for graphs that treat each
 * image independently, such as frozen networks.
 *
 * @module
 */
import { elementCount } from "../../graph/types.ts";
import { float32Data, float32Tensor, type Session, type Tensor } from "../../runtime/mod.ts";

/**
 * Runs a session over pieces of `piece` rows and joins its outputs.
 *
 * @param feeds Tensors of `batch` rows each. If rows are missing, the last piece is padded with the last row.
 * @returns Outputs of `batch` rows each.
 */
export async function runInPieces(
  session: Session,
  feeds: Readonly<Record<string, Tensor>>,
  { batch, piece }: { readonly batch: number; readonly piece: number },
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Record<string, Tensor>> {
  if (piece === batch) return await session.run(feeds, options);
  const joined: Record<string, Tensor> = {};
  for (let start = 0; start < batch; start += piece) {
    const fed = Object.entries(feeds).map(([name, tensor]) =>
      [name, sliceRows(tensor, start, piece)] as const
    );
    const outputs = await session.run(Object.fromEntries(fed), options);
    const count = Math.min(piece, batch - start);
    for (const [name, tensor] of Object.entries(outputs)) {
      const rest = tensor.shape.slice(1);
      const width = elementCount(rest);
      joined[name] ??= float32Tensor(new Float32Array(batch * width), [batch, ...rest]);
      float32Data(joined[name]).set(float32Data(tensor).subarray(0, count * width), start * width);
    }
  }
  return joined;
}

/** `count` rows of a tensor from `start` on, with the last row repeated beyond its end. Copies only in that case. */
function sliceRows(tensor: Tensor, start: number, count: number): Tensor {
  const [rows, ...rest] = tensor.shape as [number, ...number[]];
  const width = elementCount(rest);
  const shape = [count, ...rest];
  const { data } = tensor;
  if (start + count <= rows) {
    return { ...tensor, shape, data: data.subarray(start * width, (start + count) * width) };
  }
  const filled = data.slice(0, count * width);
  for (let i = 0; i < count; i++) {
    const row = Math.min(start + i, rows - 1);
    filled.set(data.subarray(row * width, (row + 1) * width) as never, i * width);
  }
  return { ...tensor, shape, data: filled };
}
