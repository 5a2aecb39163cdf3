/**
 * What Jazzer.js calls: the reader that PTAME_READER names, with bytes that it invents. An error that no reader may throw
 * is a finding.
 *
 * @module
 */
import { FOREIGN_READERS, wrongError } from "../../tests/support/foreign_readers.ts";

const { process } = globalThis as unknown as { process: { env: Record<string, string | undefined> } };
const read = FOREIGN_READERS[process.env["PTAME_READER"] as keyof typeof FOREIGN_READERS];

/** Reads some bytes. */
export async function fuzz(data: Uint8Array): Promise<void> {
  try {
    await read(new Uint8Array(data));
  } catch (error) {
    const wrong = wrongError(error);
    if (wrong !== undefined) throw new Error(wrong);
  }
}
