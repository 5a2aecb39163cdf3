/** Files of earlier versions are read, newer ones are refused by name, and damage is noticed wherever it is. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseRecordLines } from "../../src/cli/evaluation/record_lines.ts";
import { readHead, writeHead } from "../../src/ptame/head_file.ts";
import { initialParameters } from "../../src/ptame/initial_parameters.ts";
import { readCheckpoint, sealedCheckpoint } from "../../src/ptame/training/checkpoint.ts";
import { initialState } from "../../src/ptame/training/training_state.ts";
import { encodeSafetensors } from "../../src/weights/safetensors.ts";
import { sealFault } from "../../src/weights/seal.ts";

const FOLDER = new URL("../fixtures/formats/", import.meta.url);
const SHAPE = { channels: [2, 3], sizes: [8, 4], classes: 3 };
const PARAMETERS = [...initialParameters(SHAPE, { kind: "default" }, 5)];
const HEAD = { name: "new", auxiliary: "a", backbone: "b", trained: true, training: { steps: 2 } };
const RUN = {
  step: 1,
  position: 4,
  settings: { seed: 5 },
  losses: [{ step: 1, ce: 0.5, area: 0.25, variation: 0.125, total: 0.875 }],
  validations: [],
};

const fixture = (name: string) => Deno.readFileSync(new URL(name, FOLDER));
const head = await writeHead(HEAD, PARAMETERS);
const checkpoint = await sealedCheckpoint({
  record: RUN,
  state: initialState(SHAPE, PARAMETERS),
  best: head,
});

Deno.test("heads, checkpoints and results of version 1 are read", async () => {
  assertEquals((await readHead(fixture("head_1.safetensors"), "h")).record.name, "old");
  assertEquals((await readCheckpoint(fixture("checkpoint_1.safetensors"), SHAPE)).record, RUN);
  const text = new TextDecoder().decode(fixture("results_1.jsonl"));
  assertEquals(parseRecordLines<{ image: string }>(text, "r").length, 2);
});

Deno.test("heads, checkpoints and results of version 0 are read", async () => {
  const old = await readHead(fixture("head_0.safetensors"), "old");
  assertEquals([old.record.name, old.record.training, old.classes], ["old", { steps: 2 }, 3]);
  assertEquals(old.row(2), (await readHead(head, "new")).row(2));
  const run = await readCheckpoint(fixture("checkpoint_0.safetensors"), SHAPE);
  assertEquals([run.record, run.best], [RUN, fixture("head_0.safetensors")]);
  const { state } = await readCheckpoint(checkpoint, SHAPE);
  for (const [name, { data }] of Object.entries(run.state)) assertEquals(state[name]!.data, data, name);
  const lines = parseRecordLines<{ image: string }>(
    new TextDecoder().decode(fixture("results_0.jsonl")),
    "r",
  );
  assertEquals(lines.map(({ image }) => image), ["a.jpg", "b.jpg"]);
});

Deno.test("heads and checkpoints of a newer version are refused by name", async () => {
  const newer = (bytes: Uint8Array) => {
    const text = new TextDecoder("latin1").decode(bytes);
    const at = text.indexOf('"version":"1"') + '"version":"'.length;
    return bytes.map((byte, i) => i === at ? "7".charCodeAt(0) : byte);
  };
  const says = "it is of format version 7, this ptame reads up to 1; update ptame";
  await assertRejects(() => readHead(newer(head), "h"), SyntaxError, `Cannot read head h: ${says}`);
  await assertRejects(
    () => readCheckpoint(newer(checkpoint), SHAPE),
    SyntaxError,
    `Cannot read checkpoint: ${says}`,
  );
});

/** How many of so many single flipped bits, at places spread over the file, a reader does not notice. */
async function unnoticed(bytes: Uint8Array, count: number, read: (bytes: Uint8Array) => Promise<unknown>) {
  const places: string[] = [];
  for (let i = 0; i < count; i++) {
    const at = Math.floor(i * bytes.length / count);
    const bit = (i * 5) % 8;
    const flipped = bytes.slice();
    flipped[at]! ^= 1 << bit;
    try {
      await read(flipped);
      places.push(`${at}.${bit}`);
    } catch (error) {
      assert(
        error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError,
        `${error}`,
      );
      assert(!error.message.includes("\n"));
    }
  }
  return places;
}

Deno.test("a flipped bit of a head or a checkpoint is noticed at each of 2,000 places", async () => {
  assertEquals(await unnoticed(head, 2000, (bytes) => readHead(bytes, "h")), []);
  assertEquals(await unnoticed(checkpoint, 2000, (bytes) => readCheckpoint(bytes, SHAPE)), []);
});

Deno.test("sealFault() leaves the bytes as they are, and asks for a seal where the version has one", async () => {
  const before = head.slice();
  assertEquals(
    await sealFault(head, { version: "1", seal: "x" }, 1),
    "it does not match its own SHA-256: the file is damaged",
  );
  assertEquals(head, before);
  const tensor = { name: "x", type: "float32" as const, shape: [1], data: new Uint8Array(4) };
  const fault = async (metadata: Record<string, string>) =>
    await sealFault(encodeSafetensors([tensor], metadata), metadata, 1);
  assertEquals(await fault({ format: "f" }), undefined);
  assertEquals(await fault({ version: "0" }), undefined);
  for (
    const metadata of [{ version: "1" }, { version: "1", seal: "0".repeat(64) }, { seal: "0".repeat(64) }]
  ) {
    assertEquals(await fault(metadata), "it does not match its own SHA-256: the file is damaged");
  }
  for (const version of ["x", "-1", "1.5"]) {
    assertEquals(await fault({ version }), "its version is not a number");
  }
});
