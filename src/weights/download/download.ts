/**
 * Takes a published file into a storage: from the first address that gives the right bytes.
 *
 * The digest decides, not the server. So what an earlier run, or another address, has brought is gone on with
 * whatever the next one says of itself; when the digest is wrong then, the file is fetched once more from its start.
 *
 * @module
 */
import { DownloadError } from "./errors.ts";
import type { PublishedFile } from "../../../models/network.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";
import type { Incoming, WeightStorage } from "../storage/types.ts";
import { RETRY_POLICY, type RetryPolicy } from "./back_off.ts";
import { type DownloadProgress, rateMeter } from "./progress.ts";
import { transfer, TransferError } from "./transfer.ts";

/** How a file is downloaded. */
export interface DownloadOptions {
  /** Addresses of folders that have the file under its name, to be asked instead of the published ones. */
  readonly mirrors?: readonly string[] | undefined;
  /** Called as it goes on. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Stops it; what is here stays for the next time. */
  readonly signal?: AbortSignal | undefined;
  /** When to try again, where it is not as usual. */
  readonly policy?: Partial<RetryPolicy> | undefined;
}

/** Milliseconds between two reports. */
const REPORT_EVERY = 100;

/**
 * Downloads a file, unless another process does it meanwhile.
 *
 * @throws {DownloadError} When no address gives it.
 * @throws {Error} When it cannot be stored.
 */
export async function download(
  file: PublishedFile,
  storage: WeightStorage,
  options: DownloadOptions = {},
): Promise<ByteSource> {
  const { signal, onProgress } = options;
  const report = onProgress ?? (() => {});
  const onWait = () => report({ kind: "download-wait", file: file.file });
  const incoming = await storage.begin(file, { signal, onWait });
  if (incoming === undefined) {
    const source = await storage.open(file);
    if (source === undefined) {
      throw new DownloadError(`Cannot download ${file.file}: it was removed meanwhile`);
    }
    return source;
  }
  try {
    // A partial file that is too long is none of ours.
    if (incoming.length > file.bytes) await incoming.restart();
    await fill(incoming, file, options);
    const { source, unkept } = await incoming.publish();
    if (unkept === undefined) {
      report({ kind: "download-end", file: file.file, bytes: file.bytes, place: storage.place });
    } else report({ kind: "download-unkept", file: file.file, reason: unkept });
    return source;
  } finally {
    await incoming.close();
  }
}

/** Addresses of a file, in the order in which they are tried. */
function addressesOf(file: PublishedFile, mirrors: readonly string[] | undefined): readonly string[] {
  if (mirrors === undefined || mirrors.length === 0) return file.urls;
  return mirrors.map((mirror) => `${mirror.replace(/\/+$/, "")}/${file.file}`);
}

/** Fetches what is missing; returns when the digest is right. */
async function fill(incoming: Incoming, file: PublishedFile, options: DownloadOptions): Promise<void> {
  const { signal } = options;
  const report = options.onProgress ?? (() => {});
  const policy = { ...RETRY_POLICY, ...options.policy };
  const urls = addressesOf(file, options.mirrors);
  const { file: name, bytes, licence } = file;
  report({ kind: "download-start", file: name, url: urls[0]!, bytes, present: incoming.length, licence });

  const failures: string[] = [];
  for (const [i, url] of urls.entries()) {
    let reason: string;
    try {
      await fetchFrom(url, incoming, file, { signal, report, policy });
      return;
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      reason = error.message;
    }
    failures.push(`${url}: ${reason}`);
    const next = urls[i + 1];
    if (next !== undefined) report({ kind: "download-mirror", file: name, failed: url, reason, url: next });
  }
  throw new DownloadError(`Cannot download ${name} from ${failures.join("; ")}`);
}

async function fetchFrom(
  url: string,
  incoming: Incoming,
  file: PublishedFile,
  { signal, report, policy }: {
    readonly signal: AbortSignal | undefined;
    readonly report: (progress: DownloadProgress) => void;
    readonly policy: RetryPolicy;
  },
): Promise<void> {
  const { file: name, bytes } = file;
  for (;;) {
    const before = incoming.length;
    const rate = rateMeter(before, performance.now());
    let reported = -Infinity;
    const chunks = transfer(url, {
      bytes,
      offset: before,
      policy,
      signal,
      onRetry: (reason, milliseconds) =>
        report({ kind: "download-retry", file: name, url, reason, milliseconds }),
    });
    for await (const chunk of chunks) {
      await incoming.write(chunk);
      const now = performance.now();
      if (now - reported < REPORT_EVERY && incoming.length < bytes) continue;
      reported = now;
      const bytesPerSecond = rate(incoming.length, now);
      const secondsLeft = bytesPerSecond > 0 ? (bytes - incoming.length) / bytesPerSecond : Infinity;
      report({
        kind: "download",
        file: name,
        bytes,
        present: incoming.length,
        bytesPerSecond,
        secondsLeft,
      });
    }
    const digest = await incoming.digest();
    if (digest === file.sha256) return;
    await incoming.restart();
    if (before === 0) {
      throw new TransferError(
        `other bytes than published (SHA-256 ${digest.slice(0, 8)}… instead of ${file.sha256.slice(0, 8)}…)`,
      );
    }
    report({
      kind: "download-retry",
      file: name,
      url,
      reason: "what an earlier download left does not belong to the file",
      milliseconds: 0,
    });
  }
}
