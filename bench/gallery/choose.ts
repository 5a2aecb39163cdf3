/**
 * Which pictures a gallery shows: of classes that nobody picked, or those that records say a head did worst on.
 *
 * @module
 */
import { betterDirection } from "../../src/faithfulness/measures.ts";
import type { ImageRecord } from "../../src/faithfulness/summary.ts";
import { type ImageWithClass, spreadOverClasses } from "../../src/ptame/class_split.ts";

/**
 * One picture of each class, the folders in turns, so that each gives half (or its part) as long as it has classes that
 * no other has given.
 */
export function onePerClass<T extends ImageWithClass>(
  folders: readonly (readonly T[])[],
  count: number,
): T[] {
  const queues = folders.map((pictures) => spreadOverClasses(pictures));
  const taken = new Set<number>();
  const chosen: T[] = [];
  for (let turn = 0; chosen.length < count && queues.some((queue) => queue.length > 0); turn++) {
    const queue = queues[turn % queues.length]!;
    while (queue.length > 0) {
      const next = queue.shift()!;
      if (taken.has(next.class)) continue;
      taken.add(next.class);
      chosen.push(next);
      break;
    }
  }
  return chosen;
}

/** A picture that a method did worse on than another. */
export interface Failure {
  readonly image: string;
  /** The class explained. */
  readonly target: number;
  /** The measure, of the one and of the other. */
  readonly own: number;
  readonly other: number;
}

/**
 * The pictures on which `of` is furthest behind `against`, the worst first.
 *
 * @param records Records by the name that each file gives to "ptame".
 * @throws {RangeError} When no picture has the measure of both.
 */
export function worstOf(
  records: readonly { readonly name: string; readonly record: ImageRecord }[],
  { measure, of, against }: { readonly measure: string; readonly of: string; readonly against: string },
): Failure[] {
  const found = new Map<string, { target: number; own?: number; other?: number }>();
  for (const { name, record } of records) {
    const entry = found.get(record.image) ?? { target: record.target };
    found.set(record.image, entry);
    for (const [method, { values }] of Object.entries(record.methods)) {
      const shown = method === "ptame" ? name : method;
      const value = (values as Readonly<Record<string, number>>)[measure];
      if (shown === of && value !== undefined) entry.own = value;
      if (shown === against && value !== undefined) entry.other = value;
    }
  }
  const sign = betterDirection(measure) === "lower" ? 1 : -1;
  const failures = [...found].flatMap(([image, { target, own, other }]) =>
    own === undefined || other === undefined ? [] : [{ image, target, own, other }]
  );
  if (failures.length === 0) {
    throw new RangeError(`Cannot rank pictures: no record has ${measure} of both ${of} and ${against}`);
  }
  return failures.sort((a, b) => sign * ((b.own - b.other) - (a.own - a.other)));
}
