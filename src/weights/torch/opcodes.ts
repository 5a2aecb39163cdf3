/**
 * The opcodes of a pickle, protocols 0 to 5. Classes by INST and OBJ (protocol 0, before 2003), extension codes and
 * buffers outside the pickle are not used by PyTorch and refused.
 *
 * Source: Python's Lib/pickletools.py.
 *
 * @module
 */
import { dataView } from "../../bytes/data_view.ts";
import { shortened } from "../../text/foreign_text.ts";
import {
  COST_OF_OBJECT,
  COST_OF_STEP,
  counted,
  decimal,
  latin1,
  line,
  littleEndian,
  LONGEST_LINE,
  type Machine,
  pop,
  popMarked,
  quoted,
  text,
  top,
  underflow,
  unsigned,
} from "./machine.ts";
import { isKind, kindName, type Pickled } from "./values.ts";

function memoized(m: Machine, index: number): Pickled {
  const value = m.memo.get(index);
  if (value === undefined) {
    throw new SyntaxError(`its pickle asks for the memo ${index}, which it never filled`);
  }
  return value;
}

function object<T extends Pickled>(m: Machine, value: T): T {
  m.spend(COST_OF_OBJECT);
  return value;
}

function tuple(m: Machine, count: number): void {
  if (m.stack.length < count) underflow();
  m.stack.push(object(m, { kind: "tuple", items: m.stack.splice(m.stack.length - count) }));
}

function append(target: Pickled, items: readonly Pickled[]): void {
  if (isKind(target, "left out")) return;
  if (!isKind(target, "list") && !isKind(target, "set")) {
    throw new SyntaxError(`its pickle appends to a ${kindName(target)}`);
  }
  for (const item of items) target.items.push(item);
}

function setItems(m: Machine, target: Pickled, items: readonly Pickled[]): void {
  if (isKind(target, "left out")) return;
  if (!isKind(target, "dict")) throw new SyntaxError(`its pickle sets items of a ${kindName(target)}`);
  if (items.length % 2 !== 0) throw new SyntaxError("its pickle sets a key without a value");
  for (let i = 0; i < items.length; i += 2) {
    m.spend(COST_OF_STEP);
    target.entries.set(items[i]!, items[i + 1]!);
  }
}

function global(m: Machine, module: string, name: string): void {
  m.stack.push(m.names.global(module, name));
}

/** Cost of the arguments that a call may copy: an argument is charged once, but can be passed to many calls. */
function sizeOfArguments(args: Pickled): number {
  if (!isKind(args, "tuple")) return 0;
  let bytes = 0;
  for (const item of args.items) {
    if (typeof item === "string") bytes += 2 * item.length;
    else if (isKind(item, "dict")) bytes += 2 * COST_OF_STEP * item.entries.size;
    else if (isKind(item, "list") || isKind(item, "tuple")) bytes += 2 * COST_OF_STEP * item.items.length;
  }
  return bytes + COST_OF_STEP * args.items.length;
}

/** Calls an allowed function: its entry in the allow-list converts plain data to plain data. */
function call(m: Machine, callee: Pickled, args: Pickled): void {
  m.spend(COST_OF_OBJECT + sizeOfArguments(args));
  if (isKind(callee, "left out")) {
    m.stack.push(callee);
    return;
  }
  if (!isKind(callee, "global") || callee.call === undefined) {
    throw new SyntaxError(`its pickle calls a ${shortened(kindName(callee))}`);
  }
  if (!isKind(args, "tuple")) {
    throw new SyntaxError(`its pickle calls ${callee.name} with a ${kindName(args)}`);
  }
  m.stack.push(callee.call(args.items));
}

function refuse(what: string): (m: Machine) => never {
  return () => {
    throw new SyntaxError(`its pickle has ${what}, which PyTorch does not write`);
  };
}

/** The opcodes, in the order of pickletools; the character is Python's own. */
const TABLE: Readonly<Record<string, (m: Machine) => void>> = {
  "I": (m) => {
    const written = line(m);
    m.stack.push(written === "00" ? false : written === "01" ? true : decimal(written));
  },
  "J": (m) => m.stack.push(dataView(m.cursor.bytes(4)).getInt32(0, true)),
  "K": (m) => m.stack.push(unsigned(m, 1)),
  "M": (m) => m.stack.push(unsigned(m, 2)),
  "L": (m) => m.stack.push(decimal(line(m).replace(/L$/, ""))),
  "\x8a": (m) => m.stack.push(littleEndian(m, unsigned(m, 1))),
  "\x8b": (m) => m.stack.push(littleEndian(m, unsigned(m, 4))),
  "S": (m) => m.stack.push(quoted(line(m))),
  "T": (m) => m.stack.push(latin1(counted(m, unsigned(m, 4)))),
  "U": (m) => m.stack.push(latin1(counted(m, unsigned(m, 1)))),
  "B": (m) => m.stack.push(counted(m, unsigned(m, 4)).slice()),
  "C": (m) => m.stack.push(counted(m, unsigned(m, 1)).slice()),
  "\x8e": (m) => m.stack.push(counted(m, unsigned(m, 8)).slice()),
  "\x96": (m) => m.stack.push(counted(m, unsigned(m, 8)).slice()),
  "\x97": refuse("a buffer outside it"),
  "\x98": () => {},
  "N": (m) => m.stack.push(null),
  "\x88": (m) => m.stack.push(true),
  "\x89": (m) => m.stack.push(false),
  "V": (m) => m.stack.push(text(m.cursor.line(LONGEST_LINE))),
  "\x8c": (m) => m.stack.push(text(counted(m, unsigned(m, 1)))),
  "X": (m) => m.stack.push(text(counted(m, unsigned(m, 4)))),
  "\x8d": (m) => m.stack.push(text(counted(m, unsigned(m, 8)))),
  "F": (m) => m.stack.push(Number.parseFloat(line(m))),
  "G": (m) => m.stack.push(dataView(m.cursor.bytes(8)).getFloat64(0, false)),
  "]": (m) => m.stack.push(object(m, { kind: "list", items: [] })),
  "a": (m) => {
    const item = pop(m);
    append(top(m), [item]);
  },
  "e": (m) => {
    const items = popMarked(m);
    append(top(m), items);
  },
  "l": (m) => {
    const items = popMarked(m);
    m.stack.push(object(m, { kind: "list", items }));
  },
  ")": (m) => tuple(m, 0),
  "t": (m) => {
    const items = popMarked(m);
    m.stack.push(object(m, { kind: "tuple", items }));
  },
  "\x85": (m) => tuple(m, 1),
  "\x86": (m) => tuple(m, 2),
  "\x87": (m) => tuple(m, 3),
  "}": (m) => m.stack.push(object(m, { kind: "dict", entries: new Map() })),
  "d": (m) => {
    const items = popMarked(m);
    const made = object(m, { kind: "dict", entries: new Map() });
    setItems(m, made, items);
    m.stack.push(made);
  },
  "s": (m) => {
    const value = pop(m);
    const key = pop(m);
    setItems(m, top(m), [key, value]);
  },
  "u": (m) => {
    const items = popMarked(m);
    setItems(m, top(m), items);
  },
  "\x8f": (m) => m.stack.push(object(m, { kind: "set", items: [] })),
  "\x90": (m) => {
    const items = popMarked(m);
    append(top(m), items);
  },
  "\x91": (m) => {
    const items = popMarked(m);
    m.stack.push(object(m, { kind: "set", items }));
  },
  "0": (m) => {
    // Python also pops a mark if nothing is above it.
    if (m.stack.length === 0) popMarked(m);
    else pop(m);
  },
  "2": (m) => m.stack.push(top(m)),
  "(": (m) => {
    m.spend(COST_OF_OBJECT);
    m.marked.push(m.stack);
    m.stack = [];
  },
  "1": (m) => void popMarked(m),
  "g": (m) => m.stack.push(memoized(m, Number(decimal(line(m))))),
  "h": (m) => m.stack.push(memoized(m, unsigned(m, 1))),
  "j": (m) => m.stack.push(memoized(m, unsigned(m, 4))),
  "p": (m) => void m.memo.set(Number(decimal(line(m))), top(m)),
  "q": (m) => void m.memo.set(unsigned(m, 1), top(m)),
  "r": (m) => void m.memo.set(unsigned(m, 4), top(m)),
  "\x94": (m) => void m.memo.set(m.memo.size, top(m)),
  "\x82": refuse("an extension code"),
  "\x83": refuse("an extension code"),
  "\x84": refuse("an extension code"),
  "c": (m) => {
    const module = text(m.cursor.line(LONGEST_LINE).slice());
    global(m, module, text(m.cursor.line(LONGEST_LINE)));
  },
  "\x93": (m) => {
    const [name, module] = [pop(m), pop(m)];
    if (typeof module !== "string" || typeof name !== "string") {
      throw new SyntaxError(`its pickle asks for a name that is a ${shortened(kindName(name))}`);
    }
    global(m, module, name);
  },
  "R": (m) => {
    const args = pop(m);
    call(m, pop(m), args);
  },
  "\x81": (m) => {
    const args = pop(m);
    call(m, pop(m), args);
  },
  "\x92": (m) => {
    const [named, args] = [pop(m), pop(m)];
    if (!isKind(named, "dict")) throw new SyntaxError(`its pickle names arguments by a ${kindName(named)}`);
    const callee = pop(m);
    if (named.entries.size > 0 && !isKind(callee, "left out")) {
      throw new SyntaxError(`its pickle calls ${shortened(kindName(callee))} with named arguments`);
    }
    call(m, callee, args);
  },
  "b": (m) => {
    // Attributes: `_metadata` of a state dict, hooks of a tensor. They are not used.
    pop(m);
    const target = top(m);
    if (!isKind(target, "dict") && !isKind(target, "tensor") && !isKind(target, "left out")) {
      throw new SyntaxError(`its pickle sets attributes of a ${shortened(kindName(target))}`);
    }
  },
  "i": refuse("a class of protocol 0"),
  "o": refuse("a class of protocol 0"),
  "\x80": (m) => {
    const protocol = unsigned(m, 1);
    if (protocol > 5) throw new SyntaxError(`its pickle has protocol ${protocol}; 5 is the newest known`);
  },
  // A frame only says how much to buffer.
  "\x95": (m) => void unsigned(m, 8),
  "P": (m) => m.stack.push(object(m, m.names.persistent(line(m)))),
  "Q": (m) => {
    const id = pop(m);
    m.stack.push(object(m, m.names.persistent(id)));
  },
};

/** What each opcode but STOP does. */
export const STEPS: ReadonlyMap<number, (m: Machine) => void> = new Map(
  Object.entries(TABLE).map(([character, step]) => [character.charCodeAt(0), step]),
);
