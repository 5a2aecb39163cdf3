/**
 * Stand-ins for the names of @std/assert that the tests import, over node:assert.
 * Used only where JSR does not answer; tests/tools/stand_ins_test.ts holds the list to what is imported.
 *
 * @module
 */
import assertModule from "node:assert";

/** Thrown when an assertion does not hold. */
class AssertionError extends Error {
  override name = "AssertionError";
}

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

function note(message: string | undefined): string {
  return message === undefined ? "" : `: ${message}`;
}

/** Fails when `condition` is falsy. */
export function assert(condition: unknown, message = "Expected a truthy value"): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Fails unless both values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  try {
    assertModule.deepStrictEqual(actual, expected);
  } catch (cause) {
    throw new AssertionError(`Values are not equal${note(message)}\n${(cause as Error).message}`);
  }
}

/** Fails when the two numbers lie further apart than `tolerance`. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance = 1e-7,
  message?: string,
): void {
  if (Object.is(actual, expected) || Math.abs(actual - expected) <= tolerance) return;
  throw new AssertionError(`${actual} is not within ${tolerance} of ${expected}${note(message)}`);
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(
    `${JSON.stringify(actual)} does not include ${JSON.stringify(expected)}${note(message)}`,
  );
}

/** Fails unless `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(`${JSON.stringify(actual)} does not match ${expected}${note(message)}`);
}

function checkError<E extends Error>(
  error: unknown,
  ErrorType: ErrorClass<E>,
  includes: string | undefined,
): asserts error is E {
  if (!(error instanceof ErrorType)) {
    const got = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new AssertionError(`Expected ${ErrorType.name}, got ${got}`);
  }
  if (includes !== undefined) assertStringIncludes(error.message, includes);
}

/** Fails unless `act` throws an `ErrorType` whose message contains `includes`; gives the error. */
export function assertThrows<E extends Error = Error>(
  act: () => unknown,
  ErrorType: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  includes?: string,
): E {
  let error: unknown;
  let threw = false;
  try {
    act();
  } catch (caught) {
    threw = true;
    error = caught;
  }
  if (!threw) throw new AssertionError(`Expected ${ErrorType.name}, nothing was thrown`);
  checkError(error, ErrorType, includes);
  return error;
}

/** The same for a promise that must be rejected. */
export async function assertRejects<E extends Error = Error>(
  act: () => PromiseLike<unknown>,
  ErrorType: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  includes?: string,
): Promise<E> {
  let error: unknown;
  let threw = false;
  try {
    await act();
  } catch (caught) {
    threw = true;
    error = caught;
  }
  if (!threw) throw new AssertionError(`Expected ${ErrorType.name}, nothing was thrown`);
  checkError(error, ErrorType, includes);
  return error;
}
