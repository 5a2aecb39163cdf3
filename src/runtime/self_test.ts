/**
 * Whether a graphics adapter computes a graph rightly, and faster than wasm. Drivers give wrong numbers without an error, so
 * the first time that a graph meets an adapter, both run it on the same input; the outcome is remembered.
 *
 * Loaded only where `auto` finds an adapter.
 *
 * @module
 */
import { uint8ArrayToHex } from "uint8array-extras";
import { runtimeMessage } from "./errors.ts";
import { VERSION } from "./ort.ts";
import type { Session } from "./session.ts";
import { float32Data, float32Tensor, int64Tensor, type Tensor } from "./tensor.ts";

/** The largest difference that counts as rounding, as a share of an output's largest magnitude. */
const TOLERANCE = 0.01;
/** Runs after the first, which compiles and does not count. */
const RUNS = 2;
/** How long an outcome is remembered, in milliseconds: drivers are updated, and a busy machine measures badly. */
const REMEMBERED = 30 * 24 * 3600 * 1000;
/** The name of the store: the web's Cache, which Deno has too. */
const STORE = "ptame-devices";

/** What a self-test needs besides the session. */
export interface SelfTestSubject {
  /** The adapter's name. */
  readonly adapter: string;
  /** The graph, without its weights if they are in files of their own. */
  readonly bytes: Uint8Array;
  /** Opens the session to compare with. */
  openReference(): Promise<Session>;
}

/** What one session gave, and how long a run took at best. */
export interface Trial {
  /** The outputs by name. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Milliseconds of the shortest run. */
  readonly milliseconds: number;
}

/** Numbers that look like an image's to a network: the same on each machine. */
function sample(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => 0.5 + 0.5 * Math.sin(0.37 * i) * Math.cos(0.011 * i));
}

/** An input for each of the session's; undefined if one has a type for which there is no sample. */
export function sampleFeeds(inputs: Session["inputs"]): Record<string, Tensor> | undefined {
  const feeds: Record<string, Tensor> = {};
  for (const { name, type, shape = [] } of inputs) {
    // Only a number of images is left open by the files that are explained.
    const sizes = shape.map((size) => typeof size === "number" && size > 0 ? size : 1);
    const count = sizes.reduce((product, size) => product * size, 1);
    if (type === "float32") feeds[name] = float32Tensor(sample(count), sizes);
    else if (type === "int64") feeds[name] = { ...int64Tensor(Array<number>(count).fill(0)), shape: sizes };
    else return undefined;
  }
  return feeds;
}

async function runTrial(session: Session, feeds: Record<string, Tensor>): Promise<Trial> {
  let outputs = await session.run(feeds);
  let milliseconds = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    outputs = await session.run(feeds);
    milliseconds = Math.min(milliseconds, performance.now() - started);
  }
  return { outputs, milliseconds };
}

/** Why one trial is refused beside another; undefined if it is not. */
export function judge(trial: Trial, reference: Trial): string | undefined {
  for (const [name, expected] of Object.entries(reference.outputs)) {
    if (expected.type !== "float32") continue;
    const [right, given] = [float32Data(expected), float32Data(trial.outputs[name]!)];
    let [largest, worst] = [0, 0];
    for (let i = 0; i < right.length; i++) {
      largest = Math.max(largest, Math.abs(right[i]!));
      const off = Math.abs(given[i]! - right[i]!);
      // What is not a number is wrong, unless wasm gives none either.
      worst = Math.max(worst, Number.isNaN(off) ? (Number.isNaN(right[i]!) ? 0 : Infinity) : off);
    }
    if (worst > TOLERANCE * largest) {
      const share = Number.isFinite(worst)
        ? `by ${(100 * worst / largest).toFixed(1)} %`
        : "and are not numbers";
      return `its results differ from wasm's (${name}, ${share})`;
    }
  }
  const [own, other] = [trial.milliseconds, reference.milliseconds];
  return own <= other
    ? undefined
    : `it is slower than wasm (${own.toFixed(0)} ms and ${other.toFixed(0)} ms)`;
}

/** An outcome as it is remembered. */
interface Outcome {
  readonly at: number;
  /** Why the adapter was refused; absent if it was not. */
  readonly why?: string;
}

/** The address under which an outcome is kept: nothing is fetched from there. */
async function outcomeAddress({ adapter, bytes }: SelfTestSubject): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  const path = [VERSION, adapter, uint8ArrayToHex(digest)].map(encodeURIComponent).join("/");
  return `https://devices.invalid/${path}`;
}

async function recall(address: string): Promise<Outcome | undefined> {
  try {
    const kept = await (await caches.open(STORE)).match(address);
    const outcome = await kept?.json() as Outcome | undefined;
    return outcome !== undefined && Date.now() - outcome.at < REMEMBERED ? outcome : undefined;
  } catch {
    // No store here, or one that may not be used.
    return undefined;
  }
}

async function keep(address: string, outcome: Outcome): Promise<void> {
  try {
    await (await caches.open(STORE)).put(address, new Response(JSON.stringify(outcome)));
  } catch {
    // Compared again the next time.
  }
}

/**
 * Compares a session with a reference, once for each adapter, graph and version of the runtime.
 *
 * @returns Why the session must not be used; undefined if it may, and where no input can be made up.
 */
export async function selfTest(session: Session, subject: SelfTestSubject): Promise<string | undefined> {
  const address = await outcomeAddress(subject);
  const known = await recall(address);
  if (known !== undefined) return known.why;
  const feeds = sampleFeeds(session.inputs);
  if (feeds === undefined) return undefined;
  const reference = await subject.openReference();
  let why: string | undefined;
  try {
    const expected = await runTrial(reference, feeds).catch(() => undefined);
    // An input that wasm refuses, too, shows no difference.
    if (expected === undefined) return undefined;
    why = await runTrial(session, feeds).then(
      (trial) => judge(trial, expected),
      (error) => `it does not run: ${runtimeMessage(error)}`,
    );
  } finally {
    await reference.dispose();
  }
  await keep(address, { at: Date.now(), ...(why === undefined ? {} : { why }) });
  return why;
}
