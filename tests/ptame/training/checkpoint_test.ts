import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type RunRecord,
} from "../../../src/ptame/training/checkpoint.ts";
import { writeHead } from "../../../src/ptame/head_file.ts";
import { initialParameters } from "../../../src/ptame/initial_parameters.ts";
import { initialState, stateShapes } from "../../../src/ptame/training/training_state.ts";
import { encodeSafetensors, parseSafetensors } from "../../../src/weights/safetensors.ts";

const SHAPE = { channels: [4, 8], sizes: [8, 4], classes: 3 };
const RECORD: RunRecord = {
  step: 2,
  position: 9,
  settings: { backbone: "a", learningRate: 1e-4 },
  losses: [1, 2].map((step) => ({ step, ce: 0.1 * step, area: 1 / 3, variation: 1e-30, total: 2 ** 0.5 })),
  validations: [{ step: 2, averageDrop: [1, 2, 3], increase: [0, 1, 2], maskArea: 0.5 }],
  skipped: [{ image: 'ä "quoted"\n.jpg', reason: "Cannot read it" }],
};

/** A state of which every number is its own. */
function stateOf(): ReturnType<typeof initialState> {
  const state = initialState(SHAPE, initialParameters(SHAPE, { kind: "default" }, 5));
  let count = 0;
  for (const { data } of Object.values(state)) {
    for (let i = 0; i < data.length; i++) data[i] = Math.fround(Math.sin(++count) * 10 ** (count % 7 - 3));
  }
  return state;
}

Deno.test("decodeCheckpoint() gives back bit for bit what encodeCheckpoint() was given", async () => {
  const state = stateOf();
  const record = { name: "best", auxiliary: "a", backbone: "b", trained: true };
  // A head file of an odd length: what follows it must still lie right.
  const best = new Uint8Array([...await writeHead(record, initialParameters(SHAPE, { kind: "default" })), 7]);
  for (const kept of [best, undefined]) {
    const read = decodeCheckpoint(encodeCheckpoint({ record: RECORD, state, best: kept }), SHAPE);
    assertEquals(read.record, RECORD);
    assertEquals(Object.keys(read.state).toSorted(), [...stateShapes(SHAPE).keys()].toSorted());
    for (const [name, { shape, data }] of Object.entries(state)) {
      assertEquals(read.state[name]!.shape, shape);
      assertEquals(read.state[name]!.data, data, name);
    }
    assertEquals(read.best, kept);
  }
});

Deno.test("decodeCheckpoint() keeps nothing of the bytes it read", () => {
  const bytes = encodeCheckpoint({ record: RECORD, state: stateOf(), best: new Uint8Array([1, 2, 3]) });
  const read = decodeCheckpoint(bytes, SHAPE);
  bytes.fill(0);
  assertEquals(read.best, new Uint8Array([1, 2, 3]));
  assertEquals(read.state["head.fuser.weight"]!.data, stateOf()["head.fuser.weight"]!.data);
});

Deno.test("decodeCheckpoint() gives back the classes of sorted pictures, and none where none were sorted", () => {
  const classes = Int32Array.from([3, 2, 1, 0, 4, -1, -1, -1, -1, -1, 999, 1, 2, 3, -1]);
  const checkpoint = { record: RECORD, state: stateOf(), best: new Uint8Array([1, 2, 3]) };
  const bytes = encodeCheckpoint({ ...checkpoint, classes });
  assertEquals(parseSafetensors(bytes).tensors.get("image_classes")!.shape, [3, 5]);
  assertEquals(decodeCheckpoint(bytes, SHAPE).classes, classes);
  assertEquals(decodeCheckpoint(encodeCheckpoint(checkpoint), SHAPE).classes, undefined);
});

Deno.test("decodeCheckpoint() refuses what is damaged or no checkpoint", async () => {
  const whole = encodeCheckpoint({ record: RECORD, state: stateOf(), best: undefined });
  const lying = whole.slice();
  lying.fill(255, 0, 6);
  const damaged: Uint8Array[] = [new Uint8Array(), whole.slice(0, 7), whole.slice(0, whole.length / 2)];
  damaged.push(whole.slice(0, whole.length - 1), lying, new TextEncoder().encode("not a checkpoint at all"));
  for (const bytes of damaged) {
    assertThrows(() => decodeCheckpoint(bytes, SHAPE), SyntaxError, "Cannot read checkpoint: ");
  }
  const record = { name: "head", auxiliary: "a", backbone: "b", trained: true };
  const head = await writeHead(record, initialParameters(SHAPE, { kind: "default" }));
  assertThrows(() => decodeCheckpoint(head, SHAPE), SyntaxError, "do not say format ptame-checkpoint");

  const tensor = { name: "x", type: "float32" as const, shape: [1], data: new Uint8Array(4) };
  const records: unknown[] = [null, 3, {}, { ...RECORD, step: -1 }, { ...RECORD, position: "9" }];
  records.push({ ...RECORD, settings: null }, { ...RECORD, losses: [] }, {
    ...RECORD,
    validations: undefined,
  });
  for (const each of records) {
    const bytes = encodeSafetensors([tensor], { format: "ptame-checkpoint", record: JSON.stringify(each) });
    assertThrows(() => decodeCheckpoint(bytes, SHAPE), SyntaxError, "does not say where the run is");
  }
  for (const record of ["{", '\u0010"step":1}']) {
    const broken = encodeSafetensors([tensor], { format: "ptame-checkpoint", record });
    const { message } = assertThrows(() => decodeCheckpoint(broken, SHAPE), SyntaxError);
    assertEquals(message, "Cannot read checkpoint: its record is not JSON");
  }
});

Deno.test("decodeCheckpoint() refuses a head of another shape, naming what differs", () => {
  const bytes = encodeCheckpoint({ record: RECORD, state: stateOf(), best: undefined });
  assertThrows(
    () => decodeCheckpoint(bytes, { ...SHAPE, classes: 4 }),
    TypeError,
    "head.fuser.weight of the checkpoint is [3, 12, 1, 1], the head needs [4, 12, 1, 1]",
  );
  const deeper = { channels: [4, 8, 8], sizes: [8, 4, 2], classes: 3 };
  assertThrows(() => decodeCheckpoint(bytes, deeper), TypeError, "is missing, the head needs");
  assert(parseSafetensors(bytes).tensors.size > 0);
});
