/**
 * Reads Python's pickle format without Python. It builds plain data and checks every name against an allow-list.
 * Nothing is imported, called or executed, whatever the file contains.
 *
 * @module
 */
import type { Cursor } from "./cursor.ts";
import { COST_OF_STEP, createMachine, type PickleNames, pop } from "./machine.ts";
import { STEPS } from "./opcodes.ts";
import type { Pickled } from "./values.ts";

const STOP = ".".charCodeAt(0);

/**
 * Reads one pickle and leaves the cursor after it.
 *
 * @throws {SyntaxError} When it is not a pickle, or requests something that is not allowed.
 * @throws {RangeError} When it ends too early, or its values would take more than 256 MiB.
 */
export function readPickle(cursor: Cursor, names: PickleNames): Pickled {
  const machine = createMachine(cursor, names);
  for (;;) {
    machine.spend(COST_OF_STEP);
    const position = cursor.position();
    const code = cursor.byte();
    if (code === STOP) return pop(machine);
    const step = STEPS.get(code);
    if (step === undefined) {
      throw new SyntaxError(`its pickle has the unknown opcode 0x${code.toString(16)} at byte ${position}`);
    }
    step(machine);
  }
}
