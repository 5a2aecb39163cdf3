/**
 * Writes the software bill of materials of what users get: the packages of npm with exact versions and digests, those
 * that a program may load, and the parts of other projects inside ptame's own files. Format: CycloneDX 1.6, JSON.
 *
 *     deno task sbom [--out ptame.cdx.json]
 *
 * Without `--out` it goes to stdout. Licences are those that the packages themselves name.
 *
 * @module
 */
import { runDeno } from "../run_deno.ts";
import { closure, lockedKey, neededBy, readLock } from "./lock.ts";
import { packageName, ROOT, SHIPPED, usersPackages } from "./packages.ts";

const CYCLONEDX = ["npm:@cyclonedx/cyclonedx-library", "10.3.0"].join("@");
const SPDX = ["npm:spdx-expression-parse", "5.0.0"].join("@");

/**
 * The bill of materials as JSON text. The same lock gives the same text.
 *
 * @throws {Error} When a package is not in the lock, or npm's registry does not answer.
 */
export async function billOfMaterials(): Promise<string> {
  const { Enums, Models, Serialize, Spec, Contrib } = await import(CYCLONEDX);
  const { default: parseSpdx } = await import(SPDX);
  const lock = readLock();
  const { required, optional } = usersPackages();
  const keys = closure([...required, ...optional], lock);
  const needed = new Set(closure(required, lock));
  const licences = await licencesIn(keys);
  const factory = new Contrib.License.Factories.LicenseFactory(parseSpdx);
  const component = (named: string, at: string, licence: string, more: object) => {
    const made = new Models.Component(Enums.ComponentType.Library, named, { version: at, ...more });
    made.licenses.add(factory.makeFromString(licence));
    return made;
  };

  const bom = new Models.Bom();
  const { name, version, license } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const product = component(name, version, license, { bomRef: "ptame" });
  bom.metadata.component = product;
  const entries = new Map(keys.map((key) => {
    const { named, exact } = nameAndVersion(key);
    const entry = component(named, exact, licences.get(key)!, {
      bomRef: key,
      purl: `pkg:npm/${named.replace("@", "%40")}@${exact}`,
      scope: needed.has(key) ? Enums.ComponentScope.Required : Enums.ComponentScope.Optional,
    });
    entry.hashes.set(Enums.HashAlgorithm["SHA-512"], hexDigest(lock.npm[key]!.integrity));
    bom.components.add(entry);
    return [key, entry];
  }));
  for (const [key, entry] of entries) {
    for (const needs of neededBy(key, lock)) entry.dependencies.add(entries.get(needs)!.bomRef);
  }
  for (const specifier of [...required, ...optional]) {
    product.dependencies.add(entries.get(lockedKey(specifier, lock))!.bomRef);
  }
  for (const part of SHIPPED) {
    const entry = component(part.name, part.version, part.licence, {
      bomRef: part.file,
      scope: Enums.ComponentScope.Required,
    });
    entry.properties.add(new Models.Property("ptame:file", part.file));
    bom.components.add(entry);
    product.dependencies.add(entry.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return serializer.serialize(bom, { sortLists: true, space: 2 }) + "\n";
}

/** Of a key in the lock: "a@1.0.0_b@2.0.0" is a 1.0.0, installed beside b. */
function nameAndVersion(key: string): { named: string; exact: string } {
  const named = packageName(key);
  return { named, exact: key.slice(named.length + 1).split("_")[0]! };
}

/** "sha512-…" in base64 as hexadecimal digits. */
function hexDigest(integrity: string): string {
  return Uint8Array.fromBase64(integrity.replace(/^sha512-/, "")).toHex();
}

/** What each package's own package.json names as its licence; Deno fetches those that are not here yet. */
async function licencesIn(keys: readonly string[]): Promise<Map<string, string>> {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    await Deno.writeTextFile(
      `${folder}/all.ts`,
      keys.map(nameAndVersion).map(({ named, exact }) => `import "npm:${named}@${exact}";\n`).join(""),
    );
    await output(["cache", "--quiet", "--no-config", "--no-lock", "--no-check", `${folder}/all.ts`]);
    const { npmCache } = JSON.parse(await output(["info", "--json", "--no-config"]));
    return new Map(keys.map((key) => [key, licenceIn(npmCache, key)]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function output(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runDeno(args);
  if (code !== 0) throw new Error(`Cannot read the packages: ${stderr.trim()}`);
  return stdout;
}

function licenceIn(npmCache: string, key: string): string {
  const { named, exact } = nameAndVersion(key);
  // The cache has a folder for each registry.
  for (const registry of Deno.readDirSync(npmCache)) {
    try {
      const path = `${npmCache}/${registry.name}/${named}/${exact}/package.json`;
      const { license, licenses } = JSON.parse(Deno.readTextFileSync(path));
      const found = license?.type ?? license ??
        licenses?.map((each: { type: string }) => each.type).join(" OR ");
      if (typeof found === "string" && found !== "") return found;
    } catch {
      // Not from this registry.
    }
  }
  throw new Error(`Cannot find the licence of ${key}`);
}

if (import.meta.main) {
  const at = Deno.args.indexOf("--out");
  const text = await billOfMaterials();
  if (at < 0) await Deno.stdout.write(new TextEncoder().encode(text));
  else {
    const path = Deno.args[at + 1];
    if (path === undefined) {
      console.error("--out needs a file name");
      Deno.exit(2);
    }
    await Deno.writeTextFile(path, text);
    console.error(`${path}: ${JSON.parse(text).components.length} components`);
  }
}
