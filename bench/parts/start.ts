/**
 * Cold start: from the start of a process to the PNG that it has written, and what of it is Deno's own start.
 *
 * @module
 */
import { inTurns, type Part, rowsAgainst } from "../measure.ts";
import { CLI, runModule, runProgram } from "../programs.ts";

const PHOTO = decodeURIComponent(new URL("../../models/sample/chelsea.jpg", import.meta.url).pathname);

/** The embedded default on wasm, on its one thread and on all, beside a process of Deno that does nothing. */
export const start: Part = async function* ({ rounds, folder, doing }) {
  doing("cold start");
  const empty = `${folder}/empty.ts`;
  await Deno.writeTextFile(empty, "");
  const explain = (...more: string[]) => () =>
    runModule(CLI, ["explain", PHOTO, "--quiet", "--device", "wasm", "--out", `${folder}/cold.png`, ...more]);
  const times = await inTurns(
    {
      "process start to written PNG": explain(),
      "the same on all threads": explain("--threads", String(navigator.hardwareConcurrency)),
      "deno run of an empty file": () => runProgram(Deno.execPath(), ["run", empty]),
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
