import { assertEquals, assertMatch } from "@std/assert";
import { networks } from "../../models/registry.ts";
import { runCli } from "../support/run_cli.ts";
import { type Ended, errorLines } from "../support/run_deno.ts";

/** Runs `models` with a cache folder of its own. */
async function models(
  act: (run: (...args: string[]) => Promise<Ended>, cache: string) => Promise<void>,
): Promise<void> {
  const cache = await Deno.makeTempDir();
  try {
    await act((...args) => runCli(["models", ...args], undefined, { PTAME_CACHE: cache }), cache);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

Deno.test("models list says what is known of every network, for people and for programs", async () => {
  await models(async (run) => {
    const listed = JSON.parse((await run("list", "--json")).stdout);
    assertEquals(listed.map(({ name }: { name: string }) => name), networks.map(({ name }) => name));
    const [lite, resnet18] = listed;
    assertEquals([lite.present, lite.shipped, lite.licence], [true, true, "Apache-2.0"]);
    assertEquals(lite.heads, [{
      auxiliary: "efficientnet_lite0",
      file: "efficientnet_lite0.safetensors",
    }]);
    const { name: _, sha256, source, ...rest } = resnet18;
    assertEquals(rest, {
      inputSize: 224,
      classes: 1000,
      bytes: 46830571,
      licence: "BSD-3-Clause",
      present: false,
      presentBytes: 0,
      shipped: false,
      heads: [],
      start: "resnet18",
    });
    assertMatch(sha256, /^f37072fd/);
    // Of one file only the first digits of its SHA-256 are known.
    const mnasnet = listed.find(({ name }: { name: string }) => name === "mnasnet0_5");
    assertEquals([mnasnet.bytes, mnasnet.sha256, mnasnet.present], [null, "3ffadce67e", false]);
    assertMatch(source, /^https:.*resnet18-f37072fd\.pth$/);
    const { stdout } = await run("list");
    assertMatch(stdout, /^efficientnet_lite0 +224 +.* MB +shipped +Apache-2\.0 +own$/m);
    assertMatch(stdout, /^resnet18 +224 +46\.8 MB +- +BSD-3-Clause +untrained start$/m);
  });
});

Deno.test("models path gives the folder, a file that is here, and the command for one that is not", async () => {
  await models(async (run, cache) => {
    assertEquals((await run("path")).stdout, `${cache}\n`);
    const shipped = (await run("path", "efficientnet_lite0")).stdout.trim();
    assertEquals((await Deno.stat(shipped)).isFile, true);
    const absent = await run("path", "resnet50");
    assertEquals([absent.code, absent.stdout], [1, ""]);
    assertMatch(errorLines(absent).join(), /deno task models pull resnet50$/);
  });
});

Deno.test("models refuses wrong usage with one line and exit code 2", async () => {
  await models(async (run) => {
    const cases: [string[], RegExp][] = [
      [[], /A subcommand of models is needed: list, /],
      [["lsit"], /Unknown subcommand of models lsit: did you mean list\? \(list, /],
      [["constructor"], /Unknown subcommand of models constructor \(/],
      [["list", "resnet18"], /Unexpected argument resnet18 of models list$/],
      [["list", "--jsno"], /Unknown option --jsno of models list: did you mean --json\?$/],
      [["path", "resnet81"], /Unknown network resnet81: did you mean resnet18\?/],
    ];
    for (const [args, line] of cases) {
      const ended = await run(...args);
      assertEquals([ended.code, ended.stdout, errorLines(ended).length], [2, "", 1], args.join(" "));
      assertMatch(errorLines(ended)[0]!, line);
    }
  });
});

Deno.test("models --help names every subcommand, and each has a help of its own", async () => {
  await models(async (run) => {
    const { code, stdout } = await run("--help");
    assertEquals(code, 0);
    const names = [...stdout.split("Subcommands:\n")[1]!.split("\n\n")[0]!.matchAll(/^ {2}(\w+) /gm)]
      .map((match) => match[1]!);
    assertEquals(names.includes("list") && names.includes("path"), true);
    for (const name of names) {
      const help = await run(name, "--help");
      assertEquals(help.code, 0, help.stderr);
      assertMatch(help.stdout, new RegExp(`Usage: deno task models ${name}`));
    }
  });
});
