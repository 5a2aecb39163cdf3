/**
 * Resident memory of another process, as the system counts it.
 *
 * @module
 */

async function status(pid: number | "self", field: string): Promise<number | undefined> {
  const text = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const found = new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(text);
  return found === null ? undefined : Number(found[1]);
}

/** Resident memory now, in MB. Linux says it in /proc; elsewhere `ps` does. */
export async function residentMegabytes(pid: number): Promise<number> {
  const kilobytes = await status(pid, "VmRSS");
  if (kilobytes !== undefined) return kilobytes * 1024 / 1e6;
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] }).output();
  return Number(new TextDecoder().decode(stdout)) * 1024 / 1e6;
}

/** The most that it has been, in KiB; undefined where the system does not say (Linux does). */
export async function peakKibibytes(pid: number | "self"): Promise<number | undefined> {
  return await status(pid, "VmHWM");
}

/** The same in MB. */
export async function peakMegabytes(pid: number): Promise<number | undefined> {
  const kibibytes = await peakKibibytes(pid);
  return kibibytes === undefined ? undefined : kibibytes * 1024 / 1e6;
}
