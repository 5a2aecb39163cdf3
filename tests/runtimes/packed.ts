/**
 * The packed module, as its users get it from npm: packed, and installed into an empty folder.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { createExplainer } from "../../mod.ts";

const ROOT = new URL("../../", import.meta.url);

/** The shipped image, which every runtime explains. */
export const SAMPLE: URL = new URL("models/sample/chelsea.jpg", ROOT);

/** How far two runtimes' numbers may be apart. */
const TOLERANCE = 1e-4;

/** What a runtime says of the sample. */
export interface Said {
  readonly index: number;
  readonly probability: number;
  readonly map: readonly number[];
  /** Sum of the overlay's bytes, which text is part of; where the runtime draws one. */
  readonly overlay?: number;
}

/** Runs a program and gives what it prints. */
export async function run([program, ...args]: readonly string[], cwd?: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program!, {
    args,
    stdin: "null",
    env: { NO_COLOR: "1", PTAME_STD: "local", NEXT_TELEMETRY_DISABLED: "1" },
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) {
    throw new Error(`${program} ${args.join(" ")}: ${text(stdout).slice(-2000)}${text(stderr).slice(-2000)}`);
  }
  return text(stdout).trim();
}

/** The same, undefined where it fails or is not there. */
export const tried = (command: readonly string[]): Promise<string | undefined> =>
  run(command).catch(() => undefined);

/** Whether packing and installing can work here; says once what to install where a part is missing. */
export async function canInstall(): Promise<boolean> {
  const missing = await tried([Deno.execPath(), "pack", "--help"]) === undefined
    ? "Deno 2.9 or newer, which packs npm packages"
    : await tried(["npm", "--version"]) === undefined
    ? "npm; on Debian: apt-get install npm"
    : await tried(["npm", "view", "onnxruntime-web", "version"]) === undefined
    ? "a registry that npm reaches"
    : undefined;
  if (missing !== undefined) console.warn(`SKIPPED: the packed module needs ${missing}`);
  return missing === undefined;
}

/**
 * Packs the module and installs it in a folder, with the sample beside it as photo.jpg.
 *
 * @param others Further packages, as npm names them.
 */
export async function installPacked(folder: string, others: readonly string[] = []): Promise<void> {
  const tarball = `${folder}/ptame.tgz`;
  // The launcher puts stand-ins for JSR's packages into the package, which npm would ask a registry of JSR's for.
  const launcher = new URL("tools/launch.ts", ROOT).pathname;
  const pack = ["pack", "--allow-dirty", "--allow-slow-types", "-o", tarball];
  await run([Deno.execPath(), "run", "--no-config", "--no-lock", "-A", launcher, "deno", ...pack]);
  await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify({ type: "module", private: true }));
  await Deno.copyFile(SAMPLE, `${folder}/photo.jpg`);
  await run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", tarball, ...others], folder);
}

/** Explains the sample here, and gives a check that another runtime's numbers are the same. */
export async function sameAsHere(): Promise<(said: Said) => void> {
  const explainer = await createExplainer({ device: "wasm" });
  const explanation = await explainer.explain(SAMPLE);
  const { prediction, targets } = explanation;
  const drawn = (await explanation.overlay()).data.reduce((sum, value) => sum + value, 0);
  await explainer.dispose();
  const [first, own] = [prediction[0]!, targets[0]!.map.values];
  return ({ index, probability, map, overlay = drawn }) => {
    assertEquals(index, first.index);
    assert(Math.abs(probability - first.probability) < TOLERANCE, `probability ${probability}`);
    assertEquals(map.length, own.length);
    const apart = Math.max(...map.map((value, i) => Math.abs(value - own[i]!)));
    assert(apart < TOLERANCE, `the maps differ by ${apart}`);
    assert(Math.abs(overlay / drawn - 1) < 1e-3, `the overlay's sum is ${overlay}, here ${drawn}`);
  };
}
