/**
 * The score that JSR gives the package, by JSR's own rules (`ApiPackageScore` and `generate_score` of its server). Prints
 * each part; the exit code is 1 where a part that the code decides is below its most.
 *
 *     deno task score
 *
 * Description and runtimes are settings of the package's page, and provenance comes from the workflow that publishes:
 * these three are said and not counted.
 *
 * @module
 */
import { runDeno } from "./run_deno.ts";

/** What the rules read. */
export interface PackageFacts {
  /** The README, if it is published. */
  readonly readme: string | undefined;
  /** What `deno doc --json` says about each entry point; the first is the main one. */
  readonly entries: readonly EntryDocs[];
  /** Whether every type of the interface is written out. */
  readonly withoutSlowTypes: boolean;
}

/** Documentation of one entry point. */
export interface EntryDocs {
  /** The file. */
  readonly path: string;
  /** Its module documentation. */
  readonly module: JsDoc | undefined;
  /** Its exported declarations: the name, and whether there is documentation. */
  readonly symbols: readonly { readonly name: string; readonly documented: boolean }[];
}

/** A documentation comment, as `deno doc` gives it. */
export interface JsDoc {
  readonly doc?: string;
  readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
}

/** A part of the score that the code decides. */
export interface ScorePart {
  readonly name: string;
  readonly points: number;
  readonly most: number;
  /** What is missing, for people. */
  readonly missing: readonly string[];
}

/** Share of documented symbols that gives all points. */
const ENOUGH_DOCUMENTED = 0.8;

/** The parts of the score that the code decides: 14 of the 17 points that are 100 %. */
export function scoreParts({ readme, entries, withoutSlowTypes }: PackageFacts): ScorePart[] {
  const part = (name: string, most: number, points: number, missing: readonly string[] = []): ScorePart => ({
    name,
    points,
    most,
    missing,
  });
  const all = (name: string, most: number, given: boolean, missing?: readonly string[]) =>
    part(name, most, given ? most : 0, given ? [] : missing ?? [name]);
  const main = entries[0]?.module;
  const example = main?.tags?.some(({ kind, doc }) => kind === "example" && doc?.includes("```")) ?? false;
  // A README stands for the module documentation of the main entry point.
  const undescribed = entries.filter(({ module }, i) =>
    module === undefined && !(i === 0 && readme !== undefined)
  );
  const symbols = entries.flatMap(({ path, symbols }) => symbols.map((each) => ({ ...each, path })));
  const bare = symbols.filter(({ documented }) => !documented);
  const share = symbols.length === 0 ? 1 : 1 - bare.length / symbols.length;
  return [
    all("a README or module documentation", 2, readme !== undefined || (main?.doc ?? "") !== ""),
    all("an example there", 1, readme?.includes("```") ?? example),
    all(
      "module documentation in every entry point",
      1,
      undescribed.length === 0,
      undescribed.map(({ path }) => path),
    ),
    part(
      `documentation of ${(100 * share).toFixed(1)} % of ${symbols.length} symbols`,
      5,
      Math.floor(5 * Math.min(share / ENOUGH_DOCUMENTED, 1)),
      bare.map(({ path, name }) => `${path}: ${name}`),
    ),
    all("no slow types", 5, withoutSlowTypes),
  ];
}

/** The version of the output of `deno doc --json` that is read. */
const DOC_VERSION = 2;

interface DocOutput {
  readonly version: number;
  readonly nodes: Readonly<
    Record<string, {
      readonly module_doc?: JsDoc;
      readonly symbols: readonly {
        readonly name: string;
        readonly declarations: readonly { readonly declarationKind: string; readonly jsDoc?: JsDoc }[];
      }[];
    }>
  >;
}

/**
 * Reads a package.
 *
 * @param folder Its folder, with a slash at the end.
 * @param config Name of its configuration there.
 * @throws {Error} When Deno cannot read its documentation.
 */
export async function readPackage(folder: URL, config: string): Promise<PackageFacts> {
  const { exports, publish } = JSON.parse(await Deno.readTextFile(new URL(config, folder))) as {
    readonly exports: string | Readonly<Record<string, string>>;
    readonly publish?: { readonly include?: readonly string[] };
  };
  const paths = typeof exports === "string" ? [exports] : Object.values(exports);
  const said = await runDeno(["doc", "--json", "--config", config, ...paths], folder);
  if (said.code !== 0) throw new Error(`Cannot read the documentation: ${said.stderr.trim()}`);
  const { version, nodes } = JSON.parse(said.stdout) as DocOutput;
  if (version !== DOC_VERSION) throw new Error(`Cannot read the documentation: its version is ${version}`);
  const entries = paths.map((path): EntryDocs => {
    const { module_doc: module, symbols = [] } = nodes[new URL(path, folder).href] ?? {};
    const declared = symbols.flatMap(({ name, declarations }) =>
      declarations.filter(({ declarationKind }) => declarationKind !== "private")
        .map(({ jsDoc = {} }) => ({ name, documented: Object.keys(jsDoc).length > 0 }))
    );
    return { path, module, symbols: declared };
  });
  const published = publish?.include?.includes("README.md") ?? true;
  const readme = published
    ? await Deno.readTextFile(new URL("README.md", folder)).catch(() => undefined)
    : undefined;
  const lint = ["lint", "--config", config, "--rules-tags=", "--rules-include=no-slow-types", ...paths];
  return { readme, entries, withoutSlowTypes: (await runDeno(lint, folder)).code === 0 };
}

if (import.meta.main) {
  const facts = await readPackage(new URL("../", import.meta.url), "deno.json");
  const parts = scoreParts(facts);
  for (const { name, points, most, missing } of parts) {
    console.log(`${points} of ${most}  ${name}`);
    if (points < most) { for (const each of missing) console.log(`        ${each}`); }
  }
  const [points, most] = [parts, parts].map((all, i) =>
    all.reduce((sum, part) => sum + (i === 0 ? part.points : part.most), 0)
  );
  console.log(
    `${points} of ${most} from the code; the package's page gives a description (1) and runtimes (2),`,
  );
  console.log("and the workflow provenance (1); 17 are 100 %");
  if (points! < most!) Deno.exit(1);
}
