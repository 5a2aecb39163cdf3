/** The lock file and the bill of materials hold what deno.json asks for, and what modules load by name. */
import { assert, assertEquals } from "@std/assert";
import { freshLock, LOCK, readLock } from "../../tools/supply/lock.ts";
import { packageName, ROOT, SHIPPED, usersPackages } from "../../tools/supply/packages.ts";
import { billOfMaterials } from "../../tools/supply/sbom.ts";
import { heavyTests } from "../support/devices.ts";

Deno.test("deno.lock is what `deno task lock` writes", async () => {
  const present = Deno.readTextFileSync(LOCK);
  assertEquals(await freshLock(present), present);
  // It names no registry.
  assertEquals(present.includes("://"), false);
});

Deno.test("deno.lock holds every package that a module names with its version", () => {
  const { specifiers } = readLock();
  const loaded = new Set<string>();
  const walk = (folder: URL) => {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const at = new URL(name + (isDirectory ? "/" : ""), folder);
      if (isDirectory) walk(at);
      else if (name.endsWith(".ts")) {
        for (
          const [, named, version] of Deno.readTextFileSync(at).matchAll(
            /\["npm:([^"]+)", "([\d.]+)"\]\.join/g,
          )
        ) {
          loaded.add(`npm:${named}@${version}`);
        }
      }
    }
  };
  for (const folder of ["src/", "tests/", "bench/", "tools/", "examples/"]) walk(new URL(folder, ROOT));
  assert(loaded.has("npm:linkedom@0.18.12") && loaded.size >= 4, [...loaded].join());
  assertEquals([...loaded].filter((specifier) => specifiers[specifier] === undefined), []);
});

Deno.test({
  name: "the bill of materials is CycloneDX, with a licence and a digest of every package",
  ignore: !heavyTests(),
  async fn() {
    const text = await billOfMaterials();
    const bom = JSON.parse(text);
    assertEquals(await faults(bom), []);
    assert((await faults({ ...bom, specVersion: 3 })).length > 0, "the schema refuses what is wrong");
    assertEquals(await billOfMaterials(), text, "the same lock gives the same text");

    const named = new Map<string, Component>(bom.components.map((each: Component) => [each.name, each]));
    const { required, optional } = usersPackages();
    for (const specifier of required) {
      assertEquals(named.get(packageName(specifier))?.scope, "required", specifier);
    }
    for (const specifier of optional) {
      assertEquals(named.get(packageName(specifier))?.scope, "optional", specifier);
    }
    for (const tested of ["playwright-core", "imagescript"]) assert(!named.has(tested), tested);
    for (const { licenses, purl, hashes } of bom.components as Component[]) {
      assert(licenses.length === 1);
      if (purl !== undefined) assertEquals(hashes?.[0]?.content.length, 128);
    }
    for (const { file } of SHIPPED) assert(Deno.statSync(new URL(file, ROOT)).isFile);
  },
});

interface Component {
  readonly name: string;
  readonly scope: string;
  readonly purl?: string;
  readonly licenses: readonly unknown[];
  readonly hashes?: readonly { readonly content: string }[];
}

const AJV = ["npm:ajv", "8.20.0"].join("@");
const CYCLONEDX = ["npm:@cyclonedx/cyclonedx-library", "10.3.0"].join("@");

/** What CycloneDX's own schema finds wrong. */
async function faults(bom: unknown): Promise<readonly unknown[]> {
  const { default: Ajv } = await import(AJV);
  await import(CYCLONEDX);
  const folder = new URL("res/schema/", import.meta.resolve(`${CYCLONEDX}/package.json`));
  const schema = (name: string) => JSON.parse(Deno.readTextFileSync(new URL(`${name}.schema.json`, folder)));
  const ajv = new Ajv({ strict: false, validateFormats: false });
  for (const name of ["spdx.SNAPSHOT", "jsf-0.82.SNAPSHOT"]) {
    ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.schema.json`);
  }
  const validate = ajv.compile(schema("bom-1.6.SNAPSHOT"));
  return validate(bom) ? [] : validate.errors;
}
