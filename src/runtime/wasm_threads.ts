/**
 * Starts the wasm runtime's threads in Deno without the hang that onnxruntime-web 1.30 has there.
 *
 * A thread starts some time after it is asked for. If the wasm memory has grown by then (the weights of the first
 * session are enough), the thread's view of it is too small in Deno: its first access is "memory access out of
 * bounds", it dies unseen, and the main thread waits for it for ever. Measured with two threads: up to three starts
 * of four on a busy machine, now and then on an idle one; none when memory does not grow before the threads run.
 *
 * So the memory is made large enough from the start. Its pages are the system's only when they are written to: the
 * resident size is the same (318 MB against 317 MB for one pass of the head over 1000 classes).
 *
 * @module
 */

/** The first Deno in which every release starts the runtime's threads: before 2.7.14 they fail in their own messages. */
const FIRST_WITH_THREADS = [2, 8] as const;

/** Whether the wasm runtime's threads start here, as far as the platform's name tells; only old Denos are known not to. */
export function threadsStart(userAgent: string = globalThis.navigator?.userAgent ?? ""): boolean {
  const [, major, minor] = /^Deno\/(\d+)\.(\d+)/.exec(userAgent) ?? [];
  if (major === undefined) return true;
  const [needed, least] = FIRST_WITH_THREADS;
  return Number(major) > needed || (Number(major) === needed && Number(minor) >= least);
}

/** Pages of 64 KiB to start with, the first that the system grants: 1 GiB, 256 MiB. */
const INITIAL_PAGES = [16384, 4096];

/** Runs `start`, which creates the runtime's shared memory, and lets that begin large. */
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

/** The descriptor with the largest start that the system grants; the runtime's own where it grants none. */
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
      // Less, then.
    }
  }
  return descriptor;
}
