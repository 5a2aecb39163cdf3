/**
 * Groups test files, so that the files of a folder run in one isolate. Each isolate loads and compiles the modules that
 * its files need, and starts the wasm runtime anew: with one for every file, that was a third of the whole run.
 *
 * @module
 */

/** Files that see an isolate in which nothing was loaded. */
const ALONE = ["image/permissions_test.ts"];

/** Folders whose groups take longest, the longest first: they start first, so that no core waits for one at the end. */
const LONGEST = ["browser", "ptame", "baselines", "gradient", "cli", "worker", "models", "image", "weights"];

/** Files of one isolate. More would leave the cores nothing to share. */
const MOST_FILES = 12;

/** Lists the test files below a folder, sorted. */
export function testFiles(folder: URL): URL[] {
  const found: URL[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) found.push(...testFiles(new URL(`${name}/`, folder)));
    else if (name.endsWith("_test.ts")) found.push(new URL(name, folder));
  }
  return found.sort((a, b) => a.href < b.href ? -1 : 1);
}

/**
 * Files by the folder of `root` that they are in, in groups of {@linkcode MOST_FILES} at most; those of
 * {@linkcode LONGEST} first, then the largest.
 */
export function groupFiles(files: readonly URL[], root: URL): Map<string, URL[]> {
  const folders = new Map<string, URL[]>();
  for (const file of files) {
    const path = file.href.slice(root.href.length);
    const [folder, ...rest] = path.split("/");
    const name = ALONE.includes(path) ? path.replace(/\W/g, "_") : rest.length === 0 ? "top" : folder!;
    folders.set(name, [...folders.get(name) ?? [], file]);
  }
  const groups = [...folders].flatMap(([folder, all]) => {
    const count = Math.ceil(all.length / MOST_FILES);
    // Dealt out one by one: neighbours are often alike, and so are their times.
    return Array.from({ length: count }, (_, group) => {
      const name = count === 1 ? folder : `${folder}_${group + 1}`;
      return [name, all.filter((_, i) => i % count === group)] as const;
    });
  });
  const rank = (name: string) => {
    const at = LONGEST.indexOf(name.replace(/_\d+$/, ""));
    return at < 0 ? LONGEST.length : at;
  };
  return new Map(groups.sort(([a, files], [b, others]) => rank(a) - rank(b) || others.length - files.length));
}

/**
 * Writes a module for each group that imports its files, after one_core.ts.
 *
 * @returns The folder, for the caller to remove.
 */
export function writeGroups(groups: ReadonlyMap<string, readonly URL[]>): string {
  const folder = Deno.makeTempDirSync({ prefix: "ptame-tests-" });
  let index = 0;
  for (const [name, files] of groups) {
    const place = `${folder}/${String(index++).padStart(2, "0")}_${name}_test.ts`;
    const imports = [new URL("one_core.ts", import.meta.url), ...files];
    Deno.writeTextFileSync(place, imports.map(({ href }) => `import "${href}";\n`).join(""));
  }
  return folder;
}
