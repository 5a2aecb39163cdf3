/** What help says of every command, and that what it says is so. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../src/cli/commands.ts";
import { SUBCOMMANDS } from "../../src/cli/models/mod.ts";
import { type Command, parseArguments } from "../../src/cli/options/command.ts";
import { runNamed } from "../../src/cli/options/command_set.ts";
import { commandHelp, setHelp } from "../../src/cli/options/help.ts";
import { type Option, optionName } from "../../src/cli/options/kinds.ts";
import { runCli } from "../support/run_cli.ts";
import { CONFIG, errorLines, runDeno } from "../support/run_deno.ts";

const SETS = [COMMANDS, SUBCOMMANDS];
const NEVER = new AbortController().signal;
const VERSION = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url))).version;

/** Every command that has options of its own. */
async function commands(): Promise<Command[]> {
  const loaders = SETS.flatMap((set) => Object.values(set.commands));
  const all = await Promise.all(loaders.map((load) => load()));
  return all.filter(({ declaration }) => declaration.name !== "models");
}

/** What `act` prints on standard output. */
async function printed(act: () => Promise<number>): Promise<string> {
  const [log, lines] = [console.log, [] as string[]];
  console.log = (line: string) => lines.push(line);
  try {
    assertEquals(await act(), 0);
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

/** A text that the option takes. */
function textFor(option: Option<unknown>, name: string): string {
  const words = option.about.match(/[\w+.-]+/g)!.concat(option.takes.split("|"));
  const found = ["1", "0.5", "0,1", "1/2", "a=1", "a.onnx", "a.safetensors", ...words].find((text) => {
    try {
      option.read([text], name);
      return true;
    } catch {
      return false;
    }
  });
  assert(found !== undefined, `nothing is right for --${name}`);
  return found;
}

Deno.test("help shows every option of every command, and every option that it shows is read", async () => {
  for (const { declaration } of await commands()) {
    const help = commandHelp(declaration, 80);
    const shown = [...help.matchAll(/^ {2}(?:-h, )?--([a-z0-9-]+)(?: |$)/gm)].map(([, name]) => name!);
    const names = Object.keys(declaration.options).map(optionName);
    assertEquals(shown.toSorted(), [...names, "help", "version"].toSorted(), declaration.name);
    const entries = Object.entries(declaration.options)
      .map(([key, option]) => [optionName(key), option] as const);
    for (const [name, { takes }] of entries) {
      assertStringIncludes(help, `  --${name} ${takes}`.trimEnd());
      const given = entries.filter(([other, { needed }]) => needed || other === name)
        .flatMap(([other, option]) =>
          option.kind === "flag" ? [`--${other}`] : [`--${other}`, textFor(option, other)]
        );
      const positional = declaration.arguments?.missing === undefined ? [] : ["x"];
      assert(name in parseArguments(declaration, [...positional, ...given]).typed, name);
    }
  }
});

Deno.test("help fits 50, 60, 80 and 120 columns, and says the same at each", async () => {
  const pages = [
    ...(await commands()).map(({ declaration }) => (width: number) => commandHelp(declaration, width)),
    ...await Promise.all(SETS.map(async (set) => {
      const entries = Object.entries(set.commands);
      const all = await Promise.all(entries.map(async ([name, load]) => [name, await load()] as const));
      return (width: number) => setHelp(set, all, width);
    })),
  ];
  for (const page of pages) {
    const widths = [50, 60, 80, 120];
    for (const width of widths) {
      for (const line of page(width).split("\n")) {
        assert([...line].length <= width, `${width}: ${line}`);
        assertEquals(line, line.trimEnd());
      }
    }
    const [, narrow, usual, wide] = widths.map((width) => page(width));
    assert(narrow!.split("\n").length >= usual!.split("\n").length);
    assert(usual!.split("\n").length >= wide!.split("\n").length);
    const words = (text: string) => text.replaceAll(" \\\n", " ").split(/\s+/).join(" ");
    assertEquals([words(narrow!), words(usual!)], [words(wide!), words(wide!)]);
  }
  assert(pages[0]!(60).split("\n").length > pages[0]!(120).split("\n").length);
});

Deno.test("every command and subcommand answers --help, -h and --version", async () => {
  for (const set of SETS) {
    for (const path of [[], ...Object.keys(set.commands).map((name) => [name])]) {
      const answer = (option: string) => printed(() => runNamed(set, [...path, option], NEVER));
      assertEquals(await answer("--version"), `ptame ${VERSION}`);
      const help = await answer("--help");
      assertMatch(help, /^\S[^\n]*\.?\n(\S[^\n]*\n)*\nUsage: ptame /);
      assertEquals(await answer("-h"), help);
    }
  }
});

Deno.test("help and errors name commands as a task where the launcher starts them, else as ptame", async () => {
  const root = decodeURIComponent(new URL("../../", import.meta.url).pathname);
  const PTAME_STD = CONFIG.endsWith("deno.local.json") ? "local" : "jsr";
  const launched = (...args: string[]) =>
    runDeno(["-A", `${root}tools/launch.ts`, "cli", ...args], { env: { PTAME_STD, PTAME_CALLED_AS: "" } });
  const plain = (...args: string[]) => runCli(args, undefined, { PTAME_CALLED_AS: "" });
  const missing = ["models", "path", "vgg16"];
  const [task, own, taskError, ownError] = await Promise.all([
    launched("explain", "--help"),
    plain("--help"),
    launched(...missing),
    plain(...missing),
  ]);
  assertMatch(task.stdout, /^Usage: deno task explain \[IMAGE…\|-\] \[options\]$/m);
  assertMatch(task.stdout, /^ {2}deno task explain photo\.jpg$/m);
  assertMatch(own.stdout, /^Usage: ptame COMMAND \[options\]$/m);
  assertMatch(own.stdout, /^ {2}ptame explain photo\.jpg$/m);
  assertEquals(own.stdout.includes("deno task"), false);
  assertMatch(errorLines(taskError).join(), /get them with: deno task models pull vgg16$/);
  assertMatch(errorLines(ownError).join(), /get them with: ptame models pull vgg16$/);
});

Deno.test("ptame without a command, or with one that is none, says which there are", async () => {
  const cases: [string[], RegExp][] = [
    [[], /^ptame: A command is needed: explain, train, .*; see --help$/],
    [["explian"], /^ptame: Unknown command explian: did you mean explain\? \(explain, /],
    [["toString"], /^ptame: Unknown command toString \(/],
  ];
  for (const [args, line] of cases) {
    const ended = await runCli(args);
    assertEquals([ended.code, ended.stdout, errorLines(ended).length], [2, "", 1]);
    assertMatch(errorLines(ended)[0]!, line);
  }
});
