/** `@ptame/ptame/train` is for browsers too: no module behind it may ask for Deno. */
import { assert, assertEquals } from "@std/assert";
import { CONFIG } from "./support/run_deno.ts";

const ROOT = new URL("../", import.meta.url);

/** What `deno info --json` says of a module. */
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier: string };
    /** Whether it is imported while the program runs: the storage on disk is, where Deno is there. */
    readonly isDynamic?: boolean;
  }[];
}

/** The modules that are loaded with `entry`, whether anything asks for them or not. */
function loadedFrom(entry: string, modules: readonly Module[]): string[] {
  const known = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set<string>();
  const visit = (url: string) => {
    if (loaded.has(url)) return;
    loaded.add(url);
    for (const { code, isDynamic } of known.get(url)?.dependencies ?? []) {
      if (code !== undefined && isDynamic !== true) visit(code.specifier);
    }
  };
  visit(entry);
  return [...loaded];
}

/** Modules that use Deno where they find it, and do without elsewhere; the runtimes' tests run them there. */
const ASK_FIRST = ["src/runtime/native.ts", "src/platform/permissions.ts", "src/platform/file_url.ts"];

Deno.test("src/train.ts imports no module of the command line, and none that touches Deno.*", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--config", CONFIG, new URL("src/train.ts", ROOT).href],
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
  const own = loadedFrom(new URL("src/train.ts", ROOT).href, modules).filter((url) =>
    url.startsWith(ROOT.href)
  );
  assert(
    own.length > 50 && own.includes(new URL("src/ptame/training/trainer.ts", ROOT).href),
    `${own.length} modules`,
  );
  for (const url of own) {
    assert(!url.startsWith(new URL("src/cli/", ROOT).href), `${url} is the command line's`);
    const code = (await Deno.readTextFile(new URL(url))).replace(/\/\*[\s\S]*?\*\//g, "").replace(
      /(^|\s)\/\/.*$/gm,
      "",
    );
    const asksFirst = ASK_FIRST.some((path) => url === new URL(path, ROOT).href);
    assert(asksFirst || !/\bDeno(\.|\?\.|\[)/.test(code), `${url} touches Deno`);
  }
});
