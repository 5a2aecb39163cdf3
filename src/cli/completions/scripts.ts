/**
 * Completion scripts for shells, written from the tables of commands and options.
 *
 * @module
 */

/** An option as a shell completes it. */
export interface CompletedOption {
  /** Its name with the two dashes. */
  readonly name: string;
  /** Its description in one line. */
  readonly about: string;
  /** Whether a value follows. */
  readonly takesValue: boolean;
  /** The values that it takes; files if absent. */
  readonly words?: readonly string[];
}

/** A command as a shell completes it. */
export interface CompletedCommand {
  /** Its names: ["explain"], ["models", "pull"]. */
  readonly path: readonly string[];
  readonly about: string;
  readonly options: readonly CompletedOption[];
}

/** Writes the script for a program and its commands. */
export type ScriptWriter = (program: string, commands: readonly CompletedCommand[]) => string;

/** The writers by the shell's name. */
export const SCRIPTS: Readonly<Record<string, ScriptWriter>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** A word in single quotes, as every one of these shells reads it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Names of a level of commands: those after `before`. */
function namesAfter(commands: readonly CompletedCommand[], before: readonly string[]): string[] {
  const inside = commands.filter(({ path }) => before.every((name, i) => path[i] === name));
  return [...new Set(inside.flatMap(({ path }) => path[before.length] ?? []))];
}

function bashScript(program: string, commands: readonly CompletedCommand[]): string {
  const name = `_${program}_completions`;
  const cases = commands.map(({ path, options }) => {
    const values = options.filter(({ takesValue }) => takesValue).map(({ name, words }) => {
      const found = words === undefined
        ? "COMPREPLY=()"
        : `COMPREPLY=($(compgen -W ${quoted(words.join(" "))} -- "$cur"))`;
      return `        ${name}) ${found}; return ;;`;
    });
    const subcommands = namesAfter(commands, path);
    return [
      `    ${quoted(path.join(" "))})`,
      `      case "$prev" in`,
      ...values,
      "      esac",
      `      words=${quoted([...subcommands, ...options.map(({ name }) => name)].join(" "))}`,
      "      ;;",
    ].join("\n");
  });
  const nested = commands.filter(({ path }) => path.length > 1).map(({ path }) =>
    path.slice(0, -1).join(" ")
  );
  return `# Completion of ${program} in bash. Put it into ~/.bashrc:  source <(${program} completions bash)
${name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="" words=""
  # Where COMPREPLY stays empty, the shell offers files.
  (( COMP_CWORD > 1 )) && command="\${COMP_WORDS[1]}"
  case "$command" in
    ${
    [...new Set(nested)].map(quoted).join("|") || "''"
  }) (( COMP_CWORD > 2 )) && command="$command \${COMP_WORDS[2]}" ;;
  esac
  case "$command" in
    '') words=${quoted(namesAfter(commands, []).join(" "))} ;;
${cases.join("\n")}
  esac
  if [[ "$cur" == -* || "$command" == "" || -z "\${words##*[!-]*}" ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}
complete -o default -o bashdefault -F ${name} ${program}
`;
}

function zshScript(program: string, commands: readonly CompletedCommand[]): string {
  // In _arguments, a colon, a bracket and a backslash have meanings of their own.
  const plain = (text: string) => text.replace(/[\\:[\]]/g, "\\$&");
  const cases = commands.map(({ path, options }) => {
    const specs = options.map(({ name, about, takesValue, words }) => {
      const value = !takesValue
        ? ""
        : words === undefined
        ? ":file:_files"
        : `:value:(${words.map(plain).join(" ")})`;
      return `        ${quoted(`*${name}[${plain(about)}]${value}`)}`;
    });
    const subcommands = namesAfter(commands, path);
    const first = subcommands.length > 0 ? `1:subcommand:(${subcommands.join(" ")})` : "*:file:_files";
    return `    ${quoted(path.join(" "))})\n      _arguments \\\n${
      [...specs, `        ${quoted(first)}`].join(" \\\n")
    }\n      ;;`;
  });
  const nested = [...new Set(commands.filter(({ path }) => path.length > 1).map(({ path }) => path[0]!))];
  const tops = commands.filter(({ path }) => path.length === 1)
    .map(({ path, about }) => `      ${quoted(`${path[0]}:${plain(about)}`)}`);
  return `#compdef ${program}
# Completion of ${program} in zsh. Put it into a folder of $fpath:  ${program} completions zsh > ~/.zfunc/_${program}
_${program}() {
  local command="$words[2]"
  if (( CURRENT == 2 )); then
    local -a commands=(
${tops.join("\n")}
    )
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  if [[ " ${nested.join(" ")} " == *" $command "* ]] && (( CURRENT > 2 )); then
    command="$command $words[2]"
    shift words
    (( CURRENT-- ))
  fi
  case "$command" in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_${program}" ]; then _${program} "$@"; else compdef _${program} ${program}; fi
`;
}

function fishScript(program: string, commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, about, options }) => {
    const before = path.slice(0, -1);
    const here = condition(before, namesAfter(commands, before));
    const inside = condition(path, namesAfter(commands, path));
    return [
      `complete -c ${program} -n ${quoted(here)} -f -a ${path.at(-1)} -d ${quoted(about)}`,
      ...options.map(({ name, about, takesValue, words }) => {
        const value = !takesValue ? "" : words === undefined ? " -r -F" : ` -x -a ${quoted(words.join(" "))}`;
        return `complete -c ${program} -n ${quoted(inside)} -l ${name.slice(2)} -d ${quoted(about)}${value}`;
      }),
    ];
  });
  return `# Completion of ${program} in fish:  ${program} completions fish > ~/.config/fish/completions/${program}.fish
${lines.join("\n")}
`;
}

/** When a command has been typed, and none of its subcommands. */
function condition(path: readonly string[], next: readonly string[]): string {
  if (path.length === 0) return "__fish_use_subcommand";
  const typed = path.map((name) => `__fish_seen_subcommand_from ${name}`).join("; and ");
  return next.length === 0 ? typed : `${typed}; and not __fish_seen_subcommand_from ${next.join(" ")}`;
}
