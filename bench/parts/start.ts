/**
 * Cold start: from the start of a process to the PNG that it has written, and what of it is Deno's own start.
 *
 * @module
 */
import { inTurns, type Part, rowsAgainst } from "../measure.ts";
import { configPath } from "../config.ts";

const CLI = decodeURIComponent(new URL("../../src/cli/main.ts", import.meta.url).pathname);
const PHOTO = decodeURIComponent(new URL("../../models/sample/chelsea.jpg", import.meta.url).pathname);

async function runs(args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args], stdout: "null" })
    .output();
  if (!success) throw new Error(`Cannot measure: ${new TextDecoder().decode(stderr)}`);
}

/** The embedded default on wasm, one and all threads, beside a process of Deno that does nothing. */
export const start: Part = async function* ({ rounds, folder, doing }) {
  doing("cold start");
  const empty = `${folder}/empty.ts`;
  await Deno.writeTextFile(empty, "");
  const explain = (...more: string[]) => () =>
    runs([
      "run",
      "-A",
      "--config",
      configPath(),
      CLI,
      "explain",
      PHOTO,
      "--quiet",
      "--device",
      "wasm",
      "--out",
      `${folder}/cold.png`,
      ...more,
    ]);
  const times = await inTurns(
    {
      "process start to written PNG": explain(),
      "the same on one thread": explain("--threads", "1"),
      "deno run of an empty file": () => runs(["run", empty]),
    },
    Math.max(3, rounds >> 1),
    1,
  );
  yield* rowsAgainst(times, "process start to written PNG", {
    part: "start",
    device: "wasm",
    model: "efficientnet_lite0",
  });
};
