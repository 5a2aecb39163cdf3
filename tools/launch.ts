/**
 * Starts every task of deno.json with a configuration that works on this network.
 *
 * Where JSR answers, that is deno.json itself. Where it does not (an npm mirror in a company, a train), it is
 * deno.local.json: the same file with each `jsr:` entry replaced by a stand-in from tools/std. Asking takes two
 * seconds at most; the answer is kept for a day in deno.local.jsr.json, and stand-ins are said on stderr.
 * `PTAME_STD=jsr` or `PTAME_STD=local` makes the choice without asking the network.
 *
 * It runs with --no-config, so it may import nothing that needs one.
 *
 * @module
 */
import { groupFiles, testFiles, writeGroups } from "./test_groups.ts";
import { v8Flags } from "./v8_flags.ts";

const ROOT = new URL("../", import.meta.url);
const LOCAL_CONFIG = "deno.local.json";
/** What Deno may write; deno.lock itself has no packages of JSR and changes by `deno task lock` alone. */
const LOCAL_LOCK = "deno.local.lock";
const PROBE_MILLISECONDS = 2000;
/** The last answer, and when it was given. */
const LOCAL_ANSWER = "deno.local.jsr.json";
/** A start need not wait for the network again so soon. */
const ANSWER_MILLISECONDS = 24 * 3600 * 1000;

/** What takes the place of a JSR package, by the specifiers that the code imports. */
const STAND_INS: Record<string, string> = {
  "@std/assert": "./tools/std/assert.ts",
  "@std/cli/parse-args": "./tools/std/cli.ts",
};

/** The permissions of the command line; see ARCHITECTURE.md for what each is for. */
const CLI_PERMISSIONS = [
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-net",
  "--allow-ffi",
  "--allow-sys",
];

/** With --offline, Deno itself must not fetch packages either, such as those that draw a report. */
function offlineFlags(args: readonly string[]): string[] {
  return args.includes("--offline") ? ["--cached-only"] : [];
}

/** What has examples in its documentation. */
const DOCUMENTED = ["README.md", "mod.ts", "src", "models"];

async function jsrAnswers(): Promise<boolean> {
  const forced = Deno.env.get("PTAME_STD");
  if (forced === "jsr") return true;
  if (forced === "local") return false;
  const path = new URL(LOCAL_ANSWER, ROOT);
  try {
    const { answers, at } = JSON.parse(Deno.readTextFileSync(path));
    const age = Date.now() - at;
    if (typeof answers === "boolean" && age >= 0 && age < ANSWER_MILLISECONDS) return answers;
  } catch {
    // Not asked yet.
  }
  const answers = await askJsr();
  // Where it cannot be kept, the next start asks again.
  writeBeside(path, `${JSON.stringify({ answers, at: Date.now() })}\n`);
  return answers;
}

async function askJsr(): Promise<boolean> {
  try {
    const response = await fetch("https://jsr.io/@std/assert/meta.json", {
      signal: AbortSignal.timeout(PROBE_MILLISECONDS),
      headers: { accept: "application/json" },
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Writes deno.local.json when it is missing or older than deno.json says, and returns its path. */
function localConfig(): string {
  const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  for (const [name, target] of Object.entries<string>(config.imports)) {
    if (target.startsWith("jsr:")) delete config.imports[name];
  }
  Object.assign(config.imports, STAND_INS);
  // `publish --dry-run` wants every module that is imported inside the package.
  config.publish.include.push("tools/std");
  const text = JSON.stringify(config, null, 2) + "\n";
  const path = new URL(LOCAL_CONFIG, ROOT);
  let present = "";
  try {
    present = Deno.readTextFileSync(path);
  } catch {
    // Not written yet.
  }
  if (present !== text && !writeBeside(path, text)) {
    // Elsewhere it would not do: deno.json beside the modules would still be theirs.
    console.error(`Cannot write ${LOCAL_CONFIG} beside deno.json: make the folder writable, once is enough`);
    Deno.exit(1);
  }
  return decodeURIComponent(path.pathname);
}

/** Writes a file beside others and renames it, because several tasks may start at once; false where it cannot. */
function writeBeside(path: URL, text: string): boolean {
  const partial = new URL(`${path.href}.${Deno.pid}.partial`);
  try {
    Deno.writeTextFileSync(partial, text);
    Deno.renameSync(partial, path);
    return true;
  } catch {
    try {
      Deno.removeSync(partial);
    } catch {
      // Not written.
    }
    return false;
  }
}

/** Holds the packages of npm to the versions and digests of deno.lock. */
function lockFlags(): string[] {
  const committed = new URL("deno.lock", ROOT);
  const copy = new URL(LOCAL_LOCK, ROOT);
  const changed = (path: URL) => Deno.statSync(path).mtime?.getTime() ?? 0;
  try {
    let fresh = false;
    try {
      fresh = changed(copy) >= changed(committed);
    } catch {
      // No copy yet.
    }
    if (!fresh && !writeBeside(copy, Deno.readTextFileSync(committed))) return [];
  } catch {
    // Without deno.lock, versions are those that deno.json allows.
    return [];
  }
  return ["--lock", decodeURIComponent(copy.pathname)];
}

/**
 * Runs deno with these arguments and gives its exit code; signals reach the child on their own (same group).
 *
 * @param options `aside` keeps what it prints until it has ended, for a run beside another.
 */
async function deno(
  args: string[],
  cwd?: string,
  env: Record<string, string> = {},
  { aside = false } = {},
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    ...(aside ? { stdout: "piped", stderr: "piped" } as const : {}),
    // Mesa's software Vulkan complains on every start where XDG_RUNTIME_DIR is not set.
    env: { DENO_NO_UPDATE_CHECK: "1", XDG_RUNTIME_DIR: Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp", ...env },
    ...(cwd === undefined ? {} : { cwd }),
  }).spawn();
  // The child gets Ctrl-C from the terminal itself and cleans up; the launcher only waits for it.
  // Sent to the launcher alone (a supervisor, `kill`), it is handed on.
  const stay = () => {
    if (!Deno.stdin.isTerminal()) child.kill("SIGINT");
  };
  const term = () => child.kill("SIGTERM");
  Deno.addSignalListener("SIGINT", stay);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", term);
  const said = aside ? await child.output() : undefined;
  const { code } = said ?? await child.status;
  Deno.removeSignalListener("SIGINT", stay);
  if (Deno.build.os !== "windows") Deno.removeSignalListener("SIGTERM", term);
  if (said !== undefined) {
    await Deno.stdout.write(said.stdout);
    await Deno.stderr.write(said.stderr);
  }
  return code;
}

function sourceFiles(...folders: string[]): string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of Deno.readDirSync(new URL(folder + "/", ROOT))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) walk(path);
      else if (entry.name.endsWith(".ts")) found.push(path);
    }
  };
  for (const folder of folders) walk(folder);
  return found.sort();
}

async function main(): Promise<number> {
  const [mode, ...args] = Deno.args;
  const root = decodeURIComponent(ROOT.pathname);
  let config = `${root}deno.json`;
  if (!(await jsrAnswers())) {
    console.error(
      "JSR does not answer: @std/* comes from tools/std (stand-ins over node:assert and node:util)",
    );
    config = localConfig();
  }
  const withConfig = ["--config", config];
  const locked = [...withConfig, ...lockFlags()];
  const sanitized = ["test", ...locked, "-A", "--sanitize-ops", "--sanitize-resources"];
  // Examples load the wasm runtime as a reader's program would; its threads would be laid to the example. Test files
  // that need it load it themselves: loaded before each of them, it took a minute of the whole.
  const withExamples = [...sanitized, "--doc", "--preload", `${root}tools/warm_up.ts`];
  const testAll = async (): Promise<number> => {
    // Groups side by side, one more than cores: they wait for processes and pages of their own. Each needs up to a gigabyte.
    const jobs = Math.min(navigator.hardwareConcurrency + 1, 4);
    const env = { DENO_JOBS: Deno.env.get("DENO_JOBS") ?? String(jobs) };
    const tests = new URL("tests/", ROOT);
    const groups = writeGroups(groupFiles(testFiles(tests), tests));
    try {
      // Types are the business of `ok`: checking every file and every worker took a minute of the whole.
      const tested = deno([...sanitized, "--no-check", "--parallel", groups], root, env);
      // The examples of the documentation fill the cores at the end, where groups leave one idle. Without sanitizers
      // they need no runtime before them, which took a minute of processor time.
      const documented = ["test", ...locked, "-A", "--no-check", "--doc", ...DOCUMENTED];
      const examples = deno(documented, root, {}, { aside: true });
      return await tested || await examples;
    } finally {
      Deno.removeSync(groups, { recursive: true });
    }
  };
  switch (mode) {
    case "cli":
      return await deno(
        [
          "run",
          ...locked,
          ...v8Flags(),
          ...offlineFlags(args),
          ...CLI_PERMISSIONS,
          `${root}src/cli/main.ts`,
          ...args,
        ],
        Deno.env.get("INIT_CWD"),
        // What help and errors put before the name of a command; see src/cli/called.ts.
        { PTAME_CALLED_AS: "deno task" },
      );
    case "test":
      return args.length === 0 ? await testAll() : await deno([...withExamples, ...args], root);
    case "ok": {
      const steps = [
        ["fmt", ...withConfig, "--check"],
        ["lint", ...withConfig],
        [
          "check",
          ...withConfig,
          "--doc",
          "mod.ts",
          ...sourceFiles("src", "models", "tests", "examples", "tools", "bench"),
        ],
        ["check", ...withConfig, "--doc-only", "README.md", ...documentationPages()],
        ["doc", ...withConfig, "--lint", ...exportedFiles(config)],
        ["run", ...withConfig, "-A", `${root}tools/jsr_score.ts`],
        ["publish", ...withConfig, "--dry-run", "--allow-dirty"],
      ];
      for (const step of steps) {
        console.error(`\n> deno ${step[0]}`);
        const code = await deno(step, root);
        if (code !== 0) return code;
      }
      // .ci/run has just run them by the README's own command.
      return args.includes("--without-tests") ? 0 : await testAll();
    }
    case "deno":
      return await deno([args[0]!, ...(args[0] === "run" ? locked : withConfig), ...args.slice(1)], root);
    default:
      console.error(`Unknown mode of the launcher: ${mode}`);
      return 2;
  }
}

/** Pages with code for bundlers and frameworks, which tests/runtimes runs. */
const BUNDLED_PAGES = ["pages.md", "element.md"];

/** The pages of docs/ whose code is checked. */
function documentationPages(): string[] {
  return [...Deno.readDirSync(new URL("docs/", ROOT))]
    .filter(({ name }) => name.endsWith(".md") && !BUNDLED_PAGES.includes(name))
    .map(({ name }) => `docs/${name}`).sort();
}

function exportedFiles(config: string): string[] {
  return Object.values<string>(JSON.parse(Deno.readTextFileSync(config)).exports);
}

Deno.exit(await main());
