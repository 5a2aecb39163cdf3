/**
 * Writes deno.lock: exact versions and digests of npm's packages, for development and CI.
 *
 *     deno task lock [--update]
 *
 * Versions stay as they are locked, unless deno.json asks for others or `--update` is given. Packages of JSR are not in
 * it, because JSR does not answer everywhere; the launcher runs Deno with a copy that Deno may add them to.
 *
 * @module
 */
import { runDeno } from "../run_deno.ts";
import {
  FOR_DEVELOPMENT,
  importedPackages,
  LOADED_BY_NAME,
  nativeRuntime,
  packageName,
  ROOT,
} from "./packages.ts";

/** Where the lock file is. */
export const LOCK: URL = new URL("deno.lock", ROOT);

/** What Deno writes, as far as it is used here. */
export interface Lock {
  readonly version: string;
  /** Of "npm:name@range": the version. */
  readonly specifiers: Readonly<Record<string, string>>;
  /** By name and version. */
  readonly npm: Readonly<
    Record<string, { readonly integrity: string; readonly dependencies?: readonly string[] }>
  >;
}

/** The lock file as it is. */
export function readLock(): Lock {
  return JSON.parse(Deno.readTextFileSync(LOCK));
}

/**
 * The text that the lock file should have.
 *
 * @param from The lock whose versions stay where they fit.
 * @throws {Error} When npm's registry does not answer.
 */
export async function freshLock(from?: string): Promise<string> {
  const imported = importedPackages();
  const all = [...imported, nativeRuntime(imported), ...LOADED_BY_NAME, ...FOR_DEVELOPMENT];
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    const imports = Object.fromEntries(all.map((specifier, index) => [`p${index}`, specifier]));
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ imports }));
    if (from !== undefined) await Deno.writeTextFile(`${folder}/deno.lock`, from);
    const { code, stderr } = await runDeno(["install", "--quiet", "--lockfile-only"], folder);
    if (code !== 0) throw new Error(`Cannot lock the packages: ${stderr.trim()}`);
    return committed(await Deno.readTextFile(`${folder}/deno.lock`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The lock without what belongs to one machine: its configuration, and the addresses of a mirror. */
function committed(text: string): string {
  const { version, specifiers, npm } = JSON.parse(text);
  for (const entry of Object.values<{ tarball?: string }>(npm)) delete entry.tarball;
  return JSON.stringify({ version, specifiers, npm }, null, 2) + "\n";
}

/** Keys in `lock.npm` of packages and of everything that they need. */
export function closure(specifiers: readonly string[], lock: Lock): string[] {
  const found = new Set<string>();
  const visit = (key: string) => {
    if (found.has(key)) return;
    found.add(key);
    neededBy(key, lock).forEach(visit);
  };
  for (const specifier of specifiers) visit(lockedKey(specifier, lock));
  return [...found].sort();
}

/**
 * The key in `lock.npm` of a package as deno.json names it.
 *
 * @throws {Error} When the lock lacks it.
 */
export function lockedKey(specifier: string, lock: Lock): string {
  const [, version] = Object.entries(lock.specifiers).find(([name]) => same(name, specifier)) ?? [];
  if (version === undefined) throw new Error(`deno.lock lacks ${specifier}: run \`deno task lock\``);
  return `${packageName(specifier)}@${version}`;
}

/** Keys of what a package needs. */
export function neededBy(key: string, lock: Lock): string[] {
  return (lock.npm[key]?.dependencies ?? []).map((dependency) => keyInLock(dependency, lock));
}

/** Deno shortens ranges in its lock: "^7.0.0" is "7". */
function same(locked: string, specifier: string): boolean {
  const plain = (text: string) => text.replace(/@\^(\d+)\.0\.0$/, "@$1");
  return plain(locked) === plain(specifier);
}

/** A dependency is named with its version only where there are several. */
function keyInLock(dependency: string, lock: Lock): string {
  if (lock.npm[dependency] !== undefined) return dependency;
  const name = packageName(dependency);
  return Object.keys(lock.npm).find((key) => packageName(key) === name) ?? dependency;
}

if (import.meta.main) {
  let present: string | undefined;
  try {
    present = Deno.args.includes("--update") ? undefined : await Deno.readTextFile(LOCK);
  } catch {
    // The first one.
  }
  const text = await freshLock(present);
  await Deno.writeTextFile(LOCK, text);
  console.log(`deno.lock: ${Object.keys(JSON.parse(text).npm).length} packages`);
}
