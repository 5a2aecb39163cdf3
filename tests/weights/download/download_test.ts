/** A published file into a folder: what is there afterwards, whatever happens. */
import { CONFIG } from "../../support/run_deno.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { PublishedFile } from "../../../models/network.ts";
import { download, type DownloadOptions } from "../../../src/weights/download/download.ts";
import { DownloadError } from "../../../src/weights/download/errors.ts";
import type { DownloadProgress } from "../../../src/weights/download/progress.ts";
import { type DiskStorage, diskStorage } from "../../../src/weights/storage/disk.ts";
import {
  type Answer,
  corrupted,
  good,
  sampleBytes,
  serveFile,
  slow,
  stalling,
  status,
} from "../../support/weight_server.ts";
import { hexDigest } from "../../support/digest.ts";

const CONTENT = sampleBytes(150_000);
const SHA256 = await hexDigest(CONTENT);
const POLICY = { attempts: 2, firstWait: 2, longestWait: 4, stall: 300 };

function published(...urls: string[]): PublishedFile {
  return { file: "w-1.pth", bytes: CONTENT.length, sha256: SHA256, licence: "MIT", urls };
}

interface Scene {
  readonly storage: DiskStorage;
  readonly folder: string;
  readonly path: string;
  readonly progress: DownloadProgress[];
  /** Downloads from addresses, and gives the bytes that the source then reads. */
  take(urls: readonly string[], options?: DownloadOptions): Promise<Uint8Array>;
  /** Names of what is in the folder. */
  left(): string[];
}

async function inFolder(act: (scene: Scene) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir();
  const folder = `${parent}/cache/ptame`;
  const storage = diskStorage(folder);
  const progress: DownloadProgress[] = [];
  const take = async (urls: readonly string[], options: DownloadOptions = {}) => {
    const file = published(...urls);
    const onProgress = (each: DownloadProgress) => progress.push(each);
    const source = await download(file, storage, { policy: POLICY, onProgress, ...options });
    return source.read(0, source.size);
  };
  const left = () => {
    try {
      // Beside a file lies what was found out about it: storage/verified.ts.
      return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
        !name.endsWith(".verified")
      ).sort();
    } catch {
      return [];
    }
  };
  try {
    await act({ storage, folder, path: `${folder}/w-1.pth`, progress, take, left });
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

Deno.test("download() makes the folder, leaves the file alone in it, and reports how far it is", async () => {
  await inFolder(async ({ take, left, progress, storage, folder }) => {
    await using server = serveFile(CONTENT, [slow(4, 110)]);
    assertEquals(await take([`${server.url}/x`]), CONTENT);
    assertEquals(left(), ["w-1.pth"]);
    const [start, ...rest] = progress;
    assertEquals(start, {
      kind: "download-start",
      file: "w-1.pth",
      url: `${server.url}/x`,
      bytes: CONTENT.length,
      present: 0,
      licence: "MIT",
    });
    assertEquals(rest.at(-1), {
      kind: "download-end",
      file: "w-1.pth",
      bytes: CONTENT.length,
      place: folder,
      verified: true,
    });
    const shown = rest.filter((each) => each.kind === "download");
    assert(shown.length >= 3);
    assertEquals(
      shown.map(({ present }) => present),
      shown.map(({ present }) => present).sort((a, b) => a - b),
    );
    assertEquals([shown.at(-1)!.present, shown.at(-1)!.secondsLeft], [CONTENT.length, 0]);
    assert(shown.at(-1)!.bytesPerSecond > 0);
    // It is there now, and a second process finds it.
    const source = await storage.open(published(server.url));
    assertEquals(source!.read(1000, 5), CONTENT.slice(1000, 1005));
  });
});

Deno.test("download() asks the next address where one fails, and names them all where all do", async () => {
  await inFolder(async ({ take, left, progress }) => {
    await using absent = serveFile(CONTENT, [status(404)]);
    await using wrong = serveFile(CONTENT, [corrupted]);
    await using right = serveFile(CONTENT, [good()]);
    const error = await assertRejects(() => take([`${absent.url}/a`, `${wrong.url}/b`]), DownloadError);
    const message = (error as Error).message;
    assert(
      message.startsWith(`Cannot download w-1.pth from ${absent.url}/a: the server answered 404; `),
      message,
    );
    assert(
      message.includes(`${wrong.url}/b: the content differs from the published file (SHA-256 `),
      message,
    );
    assertEquals(left(), []);
    assertEquals(await take([`${absent.url}/a`, `${wrong.url}/b`, `${right.url}/c`]), CONTENT);
    assertEquals(left(), ["w-1.pth"]);
    assertEquals(progress.filter(({ kind }) => kind === "download-mirror").length, 3);
  });
});

Deno.test("download() asks mirrors instead of the published addresses", async () => {
  await inFolder(async ({ take }) => {
    await using origin = serveFile(CONTENT, [good()]);
    await using mirror = serveFile(CONTENT, [good()]);
    await take([`${origin.url}/x.pth`], { mirrors: [`${mirror.url}/deep/`] });
    assertEquals(mirror.asked.map(({ path }) => path), ["/files/deep/w-1.pth"]);
    assertEquals(origin.asked, []);
  });
});

Deno.test("download() keeps what a cut or stopped download has brought, and goes on from there", async () => {
  await inFolder(async ({ take, left, path }) => {
    await using cutting = serveFile(CONTENT, [good({ cut: 60_000 }), status(404)]);
    await assertRejects(() => take([cutting.url]), DownloadError);
    assertEquals(left(), ["w-1.pth.partial"]);
    assertEquals(Deno.statSync(`${path}.partial`).size, 60_000);

    await using halting = serveFile(CONTENT, [(content, asked) => {
      const { headers, status, parts } = good()(content, asked);
      return { headers: headers!, status, parts: [(parts![0] as Uint8Array).subarray(0, 30_000), null] };
    }]);
    const controller = new AbortController();
    const stopped = new DOMException("Stopped", "AbortError");
    const error = await assertRejects(() =>
      take([halting.url], {
        signal: controller.signal,
        policy: { stall: 60_000 },
        onProgress: (progress) => {
          if (progress.kind === "download") setTimeout(() => controller.abort(stopped), 20);
        },
      })
    );
    assertEquals(error as unknown, stopped);
    assertEquals(left(), ["w-1.pth.partial"]);
    assertEquals(Deno.statSync(`${path}.partial`).size, 90_000);

    await using server = serveFile(CONTENT, [good()]);
    assertEquals(await take([server.url]), CONTENT);
    assertEquals(server.asked.map(({ from }) => from), [90_000]);
    assertEquals(left(), ["w-1.pth"]);
  });
});

Deno.test("download() fetches the file anew where what an earlier one left is not of this file", async () => {
  for (const leftover of [sampleBytes(50_000, 9), sampleBytes(150_000, 9), sampleBytes(400_000, 9)]) {
    await inFolder(async ({ take, left, folder, path }) => {
      Deno.mkdirSync(folder, { recursive: true });
      Deno.writeFileSync(`${path}.partial`, leftover);
      await using server = serveFile(CONTENT, [good()]);
      assertEquals(await take([server.url]), CONTENT);
      assertEquals(server.asked.at(-1)!.from, undefined);
      assertEquals(left(), ["w-1.pth"]);
    });
  }
});

Deno.test("download() replaces a file of another length, which is no whole one", async () => {
  await inFolder(async ({ take, storage, folder, path }) => {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeFileSync(path, CONTENT.subarray(0, 10));
    assertEquals(await storage.open(published()), undefined);
    await using server = serveFile(CONTENT, [good()]);
    assertEquals(await take([server.url]), CONTENT);
  });
});

Deno.test("download() says that the disk is full, and leaves nothing on it", async () => {
  await inFolder(async ({ take, left, path }) => {
    await using server = serveFile(CONTENT, [good()]);
    const { write } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.write = () => Promise.reject(new Error("No space left on device (os error 28)"));
    const error = await assertRejects(() => take([server.url, server.url]))
      .finally(() => Deno.FsFile.prototype.write = write);
    assertEquals((error as Error).message, `Cannot store ${path}: no space left on the disk`);
    assertEquals(error instanceof DownloadError, false);
    // Another address would not help.
    assertEquals(server.asked.length, 1);
    assertEquals(left(), []);
  });
});

Deno.test("download() writes through no link and no pipe that lies in the place of its partial file", async () => {
  await inFolder(async ({ take, folder, path }) => {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(`${folder}/mine`, "mine");
    Deno.symlinkSync("mine", `${path}.partial`);
    await using server = serveFile(CONTENT, [good(), good()]);
    assertEquals(await take([server.url]), CONTENT);
    assertEquals(Deno.readTextFileSync(`${folder}/mine`), "mine");
    Deno.removeSync(path);
    if (Deno.build.os === "windows") return;
    await new Deno.Command("mkfifo", { args: [`${path}.partial`] }).output();
    // Opening it would wait without end.
    assertEquals(await take([server.url]), CONTENT);
  });
});

Deno.test("download() says why a folder cannot be written to", async () => {
  await inFolder(async ({ take, folder, path }) => {
    Deno.mkdirSync(folder.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(folder, "a file");
    const error = await assertRejects(() => take(["http://127.0.0.1:1/x"]));
    assert(
      /^Cannot store .*: (it is there already|a part of the path is not a folder|.*exists.*)$/.test(
        (error as Error).message,
      ),
      (error as Error).message,
    );
    assert((error as Error).message.includes(path));
  });
});

Deno.test("download() at the same time, of the same file: one fetches, the others wait for it", async () => {
  await inFolder(async ({ take, left, progress }) => {
    await using server = serveFile(CONTENT, [slow(3, 80)]);
    const all = await Promise.all([take([server.url]), take([server.url]), take([server.url])]);
    for (const bytes of all) assertEquals(bytes, CONTENT);
    assertEquals(server.asked.length, 1);
    assertEquals(progress.filter(({ kind }) => kind === "download-wait").length, 2);
    assertEquals(left(), ["w-1.pth"]);
  });
});

Deno.test("download() goes on where the one it waited for gave up", async () => {
  await inFolder(async ({ take, left }) => {
    await using failing = serveFile(CONTENT, [stalling(40_000), status(404)]);
    await using server = serveFile(CONTENT, [good()]);
    const first = take([failing.url]).catch((error) => error);
    while (failing.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(await take([server.url]), CONTENT);
    assert(await first instanceof DownloadError);
    assertEquals(server.asked.map(({ from }) => from), [40_000]);
    assertEquals(left(), ["w-1.pth"]);
  });
});

Deno.test("download() can be stopped while it waits for another", async () => {
  await inFolder(async ({ take, left }) => {
    await using server = serveFile(CONTENT, [slow(6, 80)]);
    const first = take([server.url]);
    while (server.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const controller = new AbortController();
    const onProgress = ({ kind }: DownloadProgress) => {
      if (kind === "download-wait") controller.abort(new Error("enough"));
    };
    await assertRejects(() => take([server.url], { signal: controller.signal, onProgress }), Error, "enough");
    await first;
    assertEquals(left(), ["w-1.pth"]);
  });
});

Deno.test("download() by two processes at once, one of them killed, ends in one whole file", async () => {
  await inFolder(async ({ folder, left, path, take }) => {
    // Slow for the first to ask, so that it is in the middle when it is killed.
    let asked = 0;
    const answer: Answer = (content, request) => (asked++ === 0 ? slow(40, 50) : good())(content, request);
    await using server = serveFile(CONTENT, [answer]);
    const script = new URL("../../support/download_once.ts", import.meta.url).pathname;
    const start = () =>
      new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--no-lock",
          "--config",
          CONFIG,
          "-A",
          script,
          folder,
          server.url,
          `${CONTENT.length}`,
          SHA256,
        ],
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
    const first = start();
    while (asked === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const second = start();
    const output = second.output();
    await new Promise((resolve) => setTimeout(resolve, 500));
    first.kill("SIGKILL");
    await first.output();
    const { success, stdout } = await output;
    assertEquals([success, new TextDecoder().decode(stdout).trim()], [true, `waited ${SHA256}`]);
    // The lock was the dead process's; nothing of it is in the way.
    assertEquals(left().filter((name) => name !== "w-1.pth.lock"), ["w-1.pth"]);
    assertEquals(Deno.readFileSync(path), CONTENT);
    assert(server.asked[1]!.from! > 0, "the second began anew");
    assertEquals(await take([server.url]), CONTENT);
    assertEquals(left(), ["w-1.pth"]);
  });
});
