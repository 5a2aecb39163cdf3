/**
 * `models path`: prints the location of weights, for other programs.
 *
 * @module
 */
import { command } from "../options/command.ts";
import { network, ownStorage, shippedPath } from "./named.ts";

/** Runs `models path` and gives its exit code. */
export const modelPath = command({
  name: "models path",
  about: "Show the path of a network's weights, or without a name, the folder for weights",
  arguments: { usage: "[NAME]", most: 1 },
  options: {},
  notes: ["The exit code is 1 if the weights are not on this machine."],
}, async ({ positional: [name] }) => {
  if (name === undefined) {
    console.log(ownStorage().folder);
    return 0;
  }
  const { weights } = network(name);
  if (weights.shipped !== undefined) {
    console.log(shippedPath(weights.shipped.file));
    return 0;
  }
  const storage = ownStorage();
  for (const file of weights.published ?? []) {
    if (await storage.open(file) === undefined) continue;
    console.log(storage.filePath(file));
    return 0;
  }
  throw new Error(
    `The weights of ${name} are not on this machine; get them with: deno task models pull ${name}`,
  );
});
