/** `@ptame/ptame/train` is for browsers too: no module behind it may ask for Deno. */
import { assert, assertEquals } from "@std/assert";
import { CONFIG } from "./support/run_cli.ts";

const ROOT = new URL("../", import.meta.url);

Deno.test("src/train.ts imports no module of the command line, and none that touches Deno.*", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--config", CONFIG, new URL("src/train.ts", ROOT).href],
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: { specifier: string }[] };
  const own = modules.map(({ specifier }) => specifier).filter((url) => url.startsWith(ROOT.href));
  assert(
    own.length > 50 && own.includes(new URL("src/ptame/trainer.ts", ROOT).href),
    `${own.length} modules`,
  );
  for (const url of own) {
    assert(!url.startsWith(new URL("src/cli/", ROOT).href), `${url} is the command line's`);
    const code = (await Deno.readTextFile(new URL(url))).replace(/\/\*[\s\S]*?\*\//g, "").replace(
      /(^|\s)\/\/.*$/gm,
      "",
    );
    assert(!/\bDeno(\.|\?\.|\[)/.test(code), `${url} touches Deno`);
  }
});
