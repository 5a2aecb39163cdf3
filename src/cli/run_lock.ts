/**
 * The lock of a file that a run writes for hours: results, records, a checkpoint. A second run that would write the same
 * file is refused in one line.
 *
 * The lock is a locked file beside it, so the system releases it when the process ends in any way. It holds process and
 * host. Some network disks lock only among the processes of one host; there, a lock of another host counts while its
 * owner touches it.
 *
 * @module
 */
import { isObjectAddress } from "../objects/address.ts";
import { tryLock } from "../weights/storage/lock.ts";
import { oneLine } from "../text/foreign_text.ts";
import { readTextIfThere, reason } from "./files.ts";

/** Who holds a lock. */
interface Owner {
  readonly process: number;
  readonly host: string;
}

/** How often an owner touches its lock, and after how long without that it counts as ended. */
const TOUCH_EVERY = 30_000;
const ENDED_AFTER = 5 * 60_000;

/** The name of this machine; empty if it must not be read. */
function hostName(): string {
  try {
    return Deno.hostname();
  } catch {
    return "";
  }
}

/** The path of the lock of a file. */
export function lockPathOf(path: string): string {
  return `${path}.lock`;
}

/**
 * Takes the lock of a file.
 *
 * @param path The file that the run writes.
 * @param host Name of this machine; the system's by default.
 * @returns A function that releases it.
 * @throws {Error} When another process holds it.
 */
export async function takeRunLock(path: string, host: string = hostName()): Promise<() => Promise<void>> {
  // A store has no locks; stored/object_records.ts says why none is needed.
  if (isObjectAddress(path)) return () => Promise.resolve();
  const place = lockPathOf(path);
  let lock: Awaited<ReturnType<typeof tryLock>>;
  let left: Left;
  try {
    // Before it is opened, which creates it.
    left = await whatIsLeft(place, host);
    lock = await tryLock(place);
  } catch (cause) {
    throw new Error(`Cannot lock ${oneLine(path)}: ${reason(cause)}`, { cause });
  }
  if (lock === undefined || left.elsewhere) {
    await lock?.leave();
    throw new Error(
      `Cannot start: ${described(left.owner)} is writing ${oneLine(path)}; wait for it` +
        (lock === undefined ? "" : `, or remove ${oneLine(place)} if it has ended`),
    );
  }
  const { file, release } = lock;
  await file.truncate(0);
  await file.write(
    new TextEncoder().encode(JSON.stringify({ process: Deno.pid, host } satisfies Owner) + "\n"),
  );
  const timer = setInterval(() => {
    const now = new Date();
    file.utime(now, now).catch(() => {});
  }, TOUCH_EVERY);
  // A lock that nobody releases must not keep the program.
  Deno.unrefTimer(timer);
  return async () => {
    clearInterval(timer);
    await release();
  };
}

/** Whether a process holds the lock of a file now. */
export async function isLocked(path: string, host: string = hostName()): Promise<boolean> {
  if (isObjectAddress(path)) return false;
  const place = lockPathOf(path);
  const { owner, elsewhere } = await whatIsLeft(place, host);
  if (owner === undefined || owner.host !== host) return elsewhere;
  const lock = await tryLock(place);
  // It was left behind: its process has ended.
  await lock?.release();
  return lock === undefined;
}

/** What a lock's file says before it is opened. */
interface Left {
  readonly owner: Owner | undefined;
  /** Whether the owner is a process of another host that still touches it. */
  readonly elsewhere: boolean;
}

async function whatIsLeft(place: string, host: string): Promise<Left> {
  const owner = ownerIn(await readTextIfThere(place) ?? "");
  if (owner === undefined || owner.host === host) return { owner, elsewhere: false };
  const touched = (await Deno.stat(place).catch(() => undefined))?.mtime?.getTime() ?? 0;
  return { owner, elsewhere: Date.now() - touched < ENDED_AFTER };
}

function ownerIn(text: string): Owner | undefined {
  try {
    const { process, host } = JSON.parse(text);
    return Number.isInteger(process) && typeof host === "string" ? { process, host } : undefined;
  } catch {
    return undefined;
  }
}

function described(owner: Owner | undefined): string {
  if (owner === undefined) return "another process";
  return `process ${owner.process}${owner.host === "" ? "" : ` on ${oneLine(owner.host)}`}`;
}
