/**
 * `models`: the known networks, and their weights on this machine. One file per subcommand.
 *
 * @module
 */
import type { Command } from "../options/command.ts";
import { type CommandSet, runNamed } from "../options/command_set.ts";

/** All subcommands. */
export const SUBCOMMANDS: CommandSet = {
  what: "subcommand of models",
  about: "List known networks and manage their weights",
  usage: ["models SUBCOMMAND [options]"],
  heading: "Subcommands",
  commands: {
    list: async () => (await import("./list.ts")).listModels,
    pull: async () => (await import("./pull.ts")).pullModels,
    verify: async () => (await import("./verify.ts")).verifyModels,
    remove: async () => (await import("./remove.ts")).removeModels,
    path: async () => (await import("./path.ts")).modelPath,
    inspect: async () => (await import("./inspect.ts")).inspectModel,
    import: async () => (await import("./import.ts")).importModel,
    export: async () => (await import("./export.ts")).exportModel,
  },
  notes: [
    "Weights are kept in the platform's cache folder (see deno task models path); PTAME_CACHE names another folder. " +
    "PTAME_MIRROR names folders on servers to use instead of the published addresses.",
  ],
  examples: [
    "deno task models list",
    "deno task models pull resnet50",
    "deno task models verify",
    "deno task models path resnet50",
    "deno task models inspect my_classifier.onnx",
    "deno task models export efficientnet_lite0 --out explainer.onnx",
  ],
};

/** Runs `models` and gives its exit code. */
export const modelsCommand: Command = Object.assign(
  (args: readonly string[], signal: AbortSignal) => runNamed(SUBCOMMANDS, args, signal),
  {
    declaration: {
      name: "models",
      about: SUBCOMMANDS.about,
      arguments: { usage: "SUBCOMMAND" },
      options: {},
    },
  },
);
