/**
 * Starts the wasm runtime's threads without the hang of onnxruntime-web 1.30.
 *
 * A thread starts some time after it is requested. If the wasm memory has grown by then (the weights of the first
 * session are enough), the thread's view of it is too small in Deno and in Firefox. Its first access fails with "memory
 * access out of bounds", it dies silently, and the main thread waits for it forever. Measured with two threads: up to
 * three of four starts of Deno on a busy machine, 6 of 16 first loads in Firefox, and none if the memory does not grow
 * before the threads run.
 *
 * So the memory is large enough from the start. The system allocates its pages only when they are written, so the
 * resident size is the same (318 MB against 317 MB for one pass of the head over 1000 classes).
 *
 * Threads that do not come up for another reason (their script is blocked or cannot be loaded) end at a deadline.
 *
 * @module
 */
import { DeviceError } from "./errors.ts";

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

/** How long threads may take to start after the runtime's program is compiled, in milliseconds. */
const DEADLINE = 20_000;

/** The runtime's threads did not come up. */
export class ThreadsError extends DeviceError {}

/**
 * Runs `start`, which creates the runtime's shared memory and its threads, with a large initial size. The deadline
 * begins when the program is compiled, because its download may take any time.
 *
 * @throws {ThreadsError} At the deadline; `start` is then left to itself.
 */
export async function startThreaded<T>(start: () => Promise<T>, deadline: number = DEADLINE): Promise<T> {
  const { Memory, instantiate, instantiateStreaming } = WebAssembly;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const begin = <A extends unknown[], R>(compile: (...args: A) => Promise<R>) => async (...args: A) => {
      const compiled = await compile.apply(WebAssembly, args);
      const message = `The wasm runtime's threads did not start within ${deadline / 1000} s`;
      timer ??= setTimeout(() => reject(new ThreadsError(message)), deadline);
      return compiled;
    };
    WebAssembly.instantiate = begin(instantiate as () => Promise<unknown>) as typeof instantiate;
    if (instantiateStreaming !== undefined) WebAssembly.instantiateStreaming = begin(instantiateStreaming);
  });
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor.shared ? enlarged(Memory, descriptor) : descriptor);
    }
  };
  try {
    return await Promise.race([start(), late]);
  } finally {
    clearTimeout(timer);
    Object.assign(WebAssembly, { Memory, instantiate });
    if (instantiateStreaming !== undefined) WebAssembly.instantiateStreaming = instantiateStreaming;
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
