/**
 * Starts the wasm runtime's threads in Deno without the hang of onnxruntime-web 1.30.
 *
 * A thread starts some time after it is requested. If the wasm memory has grown by then (the weights of the first
 * session are enough), the thread's view of it is too small in Deno. Its first access fails with "memory access out of
 * bounds", it dies silently, and the main thread waits for it forever. Measured with two threads: up to three of four
 * starts on a busy machine, occasionally on an idle one, and none if the memory does not grow before the threads run.
 *
 * So the memory is large enough from the start. The system allocates its pages only when they are written, so the
 * resident size is the same (318 MB against 317 MB for one pass of the head over 1000 classes).
 *
 * @module
 */

/** The first Deno version that starts the runtime's threads reliably: before 2.7.14 they fail in their own messages. */
const FIRST_WITH_THREADS = [2, 8] as const;

/** Whether the wasm runtime's threads start here; only old versions of Deno are known to fail. */
export function threadsStart(userAgent: string = globalThis.navigator?.userAgent ?? ""): boolean {
  const [, major, minor] = /^Deno\/(\d+)\.(\d+)/.exec(userAgent) ?? [];
  if (major === undefined) return true;
  const [needed, least] = FIRST_WITH_THREADS;
  return Number(major) > needed || (Number(major) === needed && Number(minor) >= least);
}

/** Initial pages of 64 KiB; the first size that the system grants is used: 1 GiB, 256 MiB. */
const INITIAL_PAGES = [16384, 4096];

/** Runs `start`, which creates the runtime's shared memory, with a large initial size. */
export async function withLargeMemory<T>(start: () => Promise<T>): Promise<T> {
  const Memory = WebAssembly.Memory;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor.shared ? enlarged(Memory, descriptor) : descriptor);
    }
  };
  try {
    return await start();
  } finally {
    WebAssembly.Memory = Memory;
  }
}

/** The descriptor with the largest initial size that the system grants; the runtime's own if it grants none. */
function enlarged(
  Memory: typeof WebAssembly.Memory,
  descriptor: WebAssembly.MemoryDescriptor,
): WebAssembly.MemoryDescriptor {
  for (const pages of INITIAL_PAGES) {
    if (pages <= descriptor.initial || pages > (descriptor.maximum ?? 0)) continue;
    const larger = { ...descriptor, initial: pages };
    try {
      new Memory(larger);
      return larger;
    } catch {
      // Try a smaller size.
    }
  }
  return descriptor;
}
