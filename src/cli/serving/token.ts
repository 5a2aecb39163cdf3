/**
 * What a token must be like.
 *
 * @module
 */
import { UsageError } from "../usage.ts";

const LEAST = 16;

/**
 * Checks a token; it is never printed.
 *
 * @param from Where it stands, for the message.
 * @throws {UsageError} When it is too short, or not one word.
 */
export function checkToken(token: string, from: string): string {
  if (token.length < LEAST) {
    throw new UsageError(
      `The token of ${from} has ${token.length} characters: at least ${LEAST} are needed`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError(`The token of ${from} must be one word of letters, digits and signs`);
  }
  return token;
}
