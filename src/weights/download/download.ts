/**
 * Downloads a published file into a storage, from the first address that gives the right bytes.
 *
 * The digest decides, not the server, if one is published. So any address can resume the partial file of an earlier run or of another
 * address. If the digest is wrong at the end, the file is downloaded once more from the start.
 *
 * @module
 */
import { shownAddress, withShownAddress } from "./shown_address.ts";
import { DownloadError } from "./errors.ts";
import type { PublishedFile } from "../../../models/network.ts";
import type { ByteSource } from "../../bytes/byte_source.ts";
import type { Incoming, WeightStorage } from "../storage/types.ts";
import { RETRY_POLICY, type RetryPolicy } from "../../transfer/back_off.ts";
import { type DownloadProgress, rateMeter } from "./progress.ts";
import { transfer, TransferError } from "../../transfer/transfer.ts";

/** Options of a download. */
export interface DownloadOptions {
  /** Addresses of folders that contain the file under its name, used instead of the published addresses. */
  readonly mirrors?: readonly string[] | undefined;
  /** Called with its progress. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Stops it; the partial file is kept for the next time. */
  readonly signal?: AbortSignal | undefined;
  /** Sent with every request, for example a token. They are not sent on to another server. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Called with the SHA-256 of the complete file. */
  readonly onDigest?: ((sha256: string) => void) | undefined;
  /** When to retry, if not by default. */
  readonly policy?: Partial<RetryPolicy> | undefined;
}

/** Milliseconds between two reports. */
const REPORT_EVERY = 100;

/**
 * Downloads a file, unless another process downloads it meanwhile.
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
    // A partial file that is too long does not belong to this file.
    if (incoming.length > file.bytes) await incoming.restart();
    await fill(incoming, file, options);
    const { source, unkept } = await incoming.publish();
    if (unkept === undefined) {
      report({
        kind: "download-end",
        file: file.file,
        bytes: file.bytes,
        place: storage.place,
        verified: file.sha256 !== "",
      });
    } else report({ kind: "download-unkept", file: file.file, reason: unkept });
    return source;
  } finally {
    await incoming.close();
  }
}

/** Addresses of a file, in the order in which they are tried. */
function listAddresses(file: PublishedFile, mirrors: readonly string[] | undefined): readonly string[] {
  if (mirrors === undefined || mirrors.length === 0) return file.urls;
  return mirrors.map((mirror) => `${mirror.replace(/\/+$/, "")}/${file.file}`);
}

/** Downloads the missing bytes; returns when the digest is right. */
async function fill(incoming: Incoming, file: PublishedFile, options: DownloadOptions): Promise<void> {
  const { signal } = options;
  const report = withShownAddresses(options.onProgress ?? (() => {}));
  const policy = { ...RETRY_POLICY, ...options.policy };
  const urls = listAddresses(file, options.mirrors);
  const { file: name, bytes, licence } = file;
  report({ kind: "download-start", file: name, url: urls[0]!, bytes, present: incoming.length, licence });

  const failures: string[] = [];
  for (const [i, url] of urls.entries()) {
    let reason: string;
    try {
      const { headers, onDigest } = options;
      await fetchFrom(url, incoming, file, { signal, report, policy, headers, onDigest });
      return;
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      reason = error.message;
    }
    failures.push(`${shownAddress(url)}: ${withShownAddress(reason, url)}`);
    const next = urls[i + 1];
    if (next !== undefined) report({ kind: "download-mirror", file: name, failed: url, reason, url: next });
  }
  throw new DownloadError(`Cannot download ${name} from ${failures.join("; ")}`);
}

/** Reports without the secrets that an address may hold. */
function withShownAddresses(
  report: (progress: DownloadProgress) => void,
): (progress: DownloadProgress) => void {
  return (progress) => {
    if (!("url" in progress)) return report(progress);
    const address = progress.kind === "download-mirror" ? progress.failed : progress.url;
    const shown = { ...progress, url: shownAddress(progress.url) };
    if ("failed" in shown) shown.failed = shownAddress(shown.failed);
    if ("reason" in shown) shown.reason = withShownAddress(shown.reason, address);
    report(shown);
  };
}

async function fetchFrom(
  url: string,
  incoming: Incoming,
  file: PublishedFile,
  { signal, report, policy, headers, onDigest }: Pick<DownloadOptions, "headers" | "onDigest"> & {
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
      headers,
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
    if (file.sha256 === "" || digest === file.sha256) return onDigest?.(digest);
    await incoming.restart();
    if (before === 0) {
      throw new TransferError(
        `the content differs from the published file (SHA-256 ${digest.slice(0, 8)}… instead of ${
          file.sha256.slice(0, 8)
        }…)`,
      );
    }
    report({
      kind: "download-retry",
      file: name,
      url,
      reason: "the partial file of an earlier download does not belong to the file",
      milliseconds: 0,
    });
  }
}
