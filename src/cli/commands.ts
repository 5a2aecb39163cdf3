/**
 * The commands of the program.
 *
 * @module
 */
import type { CommandSet } from "./options/command_set.ts";

/** All commands by name. */
export const COMMANDS: CommandSet = {
  what: "command",
  about: "Explain what an image classifier sees and where it looks (P-TAME); train and measure explainers",
  usage: ["COMMAND [options]"],
  heading: "Commands",
  commands: {
    explain: async () => (await import("./explain/mod.ts")).explainCommand,
    train: async () => (await import("./train/mod.ts")).trainCommand,
    evaluate: async () => (await import("./evaluate.ts")).evaluateCommand,
    merge: async () => (await import("./merge/mod.ts")).mergeCommand,
    reproduce: async () => (await import("./reproduce/mod.ts")).reproduceCommand,
    sanity: async () => (await import("./sanity/mod.ts")).sanityCommand,
    models: async () => (await import("./models/mod.ts")).modelsCommand,
    serve: async () => (await import("./serve.ts")).serveCommand,
    devices: async () => (await import("./devices.ts")).devicesCommand,
    completions: async () => (await import("./completions/mod.ts")).completionsCommand,
  },
  notes: ["Each command has its own help: deno task explain --help."],
  examples: [
    "deno task explain photo.jpg",
    "deno task train --backbone efficientnet_lite0 --images photos/ --out head.safetensors",
    "deno task evaluate --images photos/ --limit 50",
    "deno task models list",
    "deno task serve",
  ],
};
