import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { downloadReporter, parseMirrors } from "../../src/cli/downloads.ts";
import { UsageError } from "../../src/cli/usage.ts";

/** What a reporter says and shows, on a terminal or not. */
function reported(live: boolean) {
  const [said, shown]: [string[], string[]] = [[], []];
  const report = downloadReporter({
    live,
    say: (line) => said.push(line),
    doing: (what) => shown.push(what),
    fail: () => {},
  });
  return { report, said, shown };
}

Deno.test("downloadReporter() shows size, source, a bar with rate and time left, and the end", () => {
  const { report, said, shown } = reported(true);
  const file = "vgg16.pth";
  const [bytes, url] = [553_433_881, "https://a.example/vgg16.pth"];
  report({ kind: "download-start", file, url, bytes, present: 0, licence: "MIT" });
  report({
    kind: "download",
    file,
    bytes,
    present: bytes / 2,
    bytesPerSecond: 12_300_000,
    secondsLeft: 22.4,
  });
  report({ kind: "download", file, bytes, present: 1, bytesPerSecond: 0, secondsLeft: Infinity });
  report({ kind: "download-retry", file, url, reason: "the server answered 503", milliseconds: 400 });
  report({ kind: "download-retry", file, url, reason: "the server answered 503", milliseconds: 4000 });
  report({
    kind: "download-mirror",
    file,
    failed: url,
    reason: "the server answered 404",
    url: "https://b/",
  });
  report({ kind: "download-wait", file });
  report({ kind: "download-end", file, bytes, place: "/cache", verified: true });
  report({ kind: "download-unkept", file, reason: "No room" });
  assertEquals(shown, [
    "████████░░░░░░░░ 276.7 MB / 553.4 MB  12.3 MB/s  22 s left",
    "░░░░░░░░░░░░░░░░ 1 B / 553.4 MB  0 B/s",
  ]);
  assertEquals(said, [
    "Downloading vgg16.pth: 553.4 MB, MIT, from https://a.example/vgg16.pth",
    "vgg16.pth: the server answered 503; again",
    "vgg16.pth: the server answered 503; again in 4 s",
    "vgg16.pth: the server answered 404; next from https://b/",
    "vgg16.pth: another process downloads it; waiting",
    "vgg16.pth: here, SHA-256 as published; kept in /cache",
    "vgg16.pth: here, but it could not be kept: No room",
  ]);
});

Deno.test("downloadReporter() does not flood a log, and shows no control characters of a server", () => {
  const { report, said } = reported(false);
  const file = "w\u001b[2J.pth";
  for (let present = 0; present < 500; present++) {
    report({ kind: "download", file, bytes: 1000, present, bytesPerSecond: 1, secondsLeft: 1 });
  }
  assertEquals(said, []);
  report({ kind: "download-wait", file });
  assertMatch(said[0]!, /^w�\[2J\.pth: /);
});

Deno.test("parseMirrors() takes addresses apart by spaces, and nothing else", () => {
  assertEquals(parseMirrors(undefined), undefined);
  assertEquals(parseMirrors("  "), undefined);
  assertEquals(parseMirrors("https://a.example/x  http://b/"), ["https://a.example/x", "http://b/"]);
  for (const wrong of ["a.example", "file:///tmp", "https://a,https://b nonsense"]) {
    assertThrows(() => parseMirrors(wrong), UsageError, "PTAME_MIRROR takes http(s) addresses");
  }
});
