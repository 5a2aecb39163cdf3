/**
 * The system's reason for a failed read or write, without error codes.
 *
 * @module
 */

const FULL = ["no space left on the disk", "the disk quota is used up"] as const;

/** Whether a reason is that nothing more can be written. */
export function isFull(reason: string): boolean {
  return FULL.some((each) => each === reason);
}

/** The reason in a few words. */
export function systemReason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file or folder";
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "permission denied";
  }
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.NotADirectory) return "a part of the path is not a folder";
  const text = error instanceof Error ? error.message : String(error);
  if (/No space left|StorageFull|not enough space/i.test(text)) return FULL[0];
  if (/quota/i.test(text)) return FULL[1];
  return text.split("\n")[0]!.replace(/ \(os error \d+\).*/, "");
}
