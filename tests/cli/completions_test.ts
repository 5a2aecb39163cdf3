/** Completion scripts, tried in the shells that this machine has. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../src/cli/commands.ts";
import { SCRIPTS } from "../../src/cli/completions/scripts.ts";
import { inFolder } from "../support/folders.ts";
import { runCli } from "../support/run_cli.ts";
import { errorLines } from "../support/run_deno.ts";

/** What is typed, and what each shell must offer. */
const TRIALS: readonly (readonly [typed: string, offered: readonly string[]])[] = [
  ["ptame ex", ["explain"]],
  ["ptame explain --dev", ["--device"]],
  ["ptame explain --device nat", ["native"]],
  ["ptame models pu", ["pull"]],
  ["ptame models export --flo", ["--float16"]],
];

/** Whether a shell is installed; says what to install if it is not. */
function hasShell(shell: string): boolean {
  try {
    return new Deno.Command(shell, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    console.warn(`SKIPPED: completions of ${shell} need it; on Debian: apt-get install ${shell}`);
    return false;
  }
}

async function ask(shell: string, script: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(shell, { args: ["-c", script], env: { TERM: "dumb" } })
    .output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout);
}

/** Writes the script of a shell into a folder and gives its path. */
async function scriptIn(folder: string, shell: string): Promise<string> {
  const ended = await runCli(["completions", shell]);
  assertEquals([ended.code, ended.stderr], [0, ""]);
  Deno.writeTextFileSync(`${folder}/_ptame`, ended.stdout);
  return `${folder}/_ptame`;
}

Deno.test(
  "completions bash offers commands, options and values",
  { ignore: !hasShell("bash") },
  () =>
    inFolder(async (folder) => {
      const script = await scriptIn(folder, "bash");
      for (const [typed, offered] of TRIALS) {
        const said = await ask(
          "bash",
          `source ${script}; COMP_WORDS=(${typed}); COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )); _ptame_completions; ` +
            `printf '%s\\n' "\${COMPREPLY[@]}"`,
        );
        assertEquals(said.trim().split("\n"), offered, typed);
      }
      // Files are the shell's own business.
      assertEquals(
        await ask(
          "bash",
          `source ${script}; COMP_WORDS=(ptame explain pho); COMP_CWORD=2; _ptame_completions; echo \${#COMPREPLY[@]}`,
        ),
        "0\n",
      );
    }),
);

Deno.test(
  "completions fish offers commands, options and values",
  { ignore: !hasShell("fish") },
  () =>
    inFolder(async (folder) => {
      const script = await scriptIn(folder, "fish");
      for (const [typed, offered] of TRIALS) {
        const said = await ask("fish", `source ${script}; complete -C '${typed}'`);
        assertEquals(said.trim().split("\n").map((line) => line.split("\t")[0]!), offered, typed);
      }
    }),
);

Deno.test(
  "completions zsh offers commands, options and values",
  { ignore: !hasShell("zsh") },
  () =>
    inFolder(async (folder) => {
      const script = await scriptIn(folder, "zsh");
      // A terminal of its own, in which the tab key is pressed; a marker ends each answer.
      const said = await ask(
        "zsh",
        `zmodload zsh/zpty
       zpty z zsh -f -i
       zpty -w z 'PROMPT=; RPROMPT=; unsetopt beep zle_bracketed_paste; bindkey "^T" kill-whole-line'
       zpty -w z 'autoload -U compinit; compinit -u -D; source ${script}; print LOAD""ED'
       zpty -r z out '*LOADED*'
       ${
          TRIALS.map(([typed]) =>
            `zpty -w -n z "${typed}"$'\\t\\C-a: \\C-e; print E""ND\\n'; zpty -r z out '*END*'; print -r -- "$out"; print -r -- @@@`
          ).join("\n")
        }
       zpty -d z`,
      );
      const answers = said.split("@@@\n").slice(0, TRIALS.length);
      for (const [i, [typed, offered]] of TRIALS.entries()) {
        // deno-lint-ignore no-control-regex
        assertStringIncludes(answers[i]!.replace(/\x1b\[[0-9;?]*[a-zA-Z]|\x08/g, ""), offered[0]!, typed);
      }
    }),
);

Deno.test("completions knows every command, and refuses other shells in one line", async () => {
  for (const shell of Object.keys(SCRIPTS)) {
    const { stdout } = await runCli(["completions", shell]);
    for (const name of Object.keys(COMMANDS.commands)) assertMatch(stdout, new RegExp(`\\b${name}\\b`));
  }
  for (
    const [args, message] of [[["tcsh"], "Unknown shell tcsh: there are scripts for bash, zsh, fish"], [
      [],
      "needs the name",
    ]] as const
  ) {
    const ended = await runCli(["completions", ...args]);
    assertEquals([ended.code, ended.stdout, errorLines(ended).length], [2, "", 1]);
    assertStringIncludes(ended.stderr, message);
  }
});
