/** Paths as texts, with the separators of both kinds of systems. */
import { assertEquals } from "@std/assert";
import { createPaths, fileName } from "../../src/cli/paths.ts";

const [unix, windows] = [createPaths(false), createPaths(true)];

Deno.test("createPaths() takes paths apart at slashes on both; an address loses its query", () => {
  for (const paths of [unix, windows]) {
    const { fileStem, parentFolder, siblingPath, withoutEndSlash } = paths;
    assertEquals(["a/b#c.d.jpg", "a/b?c", ".x", "https://h/p.q.png?a=b.c#d"].map(fileStem), [
      "b#c.d",
      "b?c",
      ".x",
      "p.q",
    ]);
    assertEquals(["a/b", "ab", "/ab", "a//b/c", "/"].map(parentFolder), ["a", ".", "/", "a//b", "/"]);
    assertEquals(["a//", "/", "//", "a", ""].map(withoutEndSlash), ["a", "/", "/", "a", ""]);
    assertEquals(["a/b.onnx", "b.onnx", "/b.onnx"].map((path) => siblingPath(path, "c.json")), [
      "a/c.json",
      "c.json",
      "/c.json",
    ]);
  }
});

Deno.test("createPaths() separates at backslashes on Windows alone, and keeps drives", () => {
  const names = ["a\\b/c\\d.jpg", "C:\\d.jpg", "C:d.jpg", "\\\\host\\share\\d.jpg", "a\\"];
  assertEquals(names.map(windows.fileName), ["d.jpg", "d.jpg", "d.jpg", "d.jpg", "a"]);
  assertEquals(names.map(unix.fileName), ["c\\d.jpg", ...names.slice(1)]);

  const folders = ["a\\b", "C:\\b", "C:\\a\\b", "C:b", "\\b", "\\\\host\\share\\b", "b"];
  assertEquals(folders.map(windows.parentFolder), [
    "a",
    "C:\\",
    "C:\\a",
    "C:",
    "\\",
    "\\\\host\\share",
    ".",
  ]);
  assertEquals(folders.map(unix.parentFolder), folders.map(() => "."));

  const ended = ["a\\", "a/\\", "C:\\", "C:\\a\\", "C:", "\\"];
  assertEquals(ended.map(windows.withoutEndSlash), ["a", "a", "C:\\", "C:\\a", "C:", "\\"]);
  assertEquals(ended.map(unix.withoutEndSlash), ended);
  assertEquals(windows.siblingPath("C:\\m\\a.onnx", "labels.txt"), "C:\\m\\labels.txt");
  assertEquals(windows.fileStem("m\\a.b.onnx"), "a.b");
});

Deno.test("pathInFolder() knows what lies in a folder, and not what begins like one", () => {
  const inside: [string, string, string | undefined][] = [
    ["/m/a.bin", "/m", "a.bin"],
    ["/m/b/a.bin", "/m", "b/a.bin"],
    ["/m/a.bin", "/m/", "a.bin"],
    ["/a.bin", "/", "a.bin"],
    ["/models/a.bin", "/m", undefined],
    ["/m", "/m", undefined],
    ["a.bin", "/m", undefined],
  ];
  for (const [path, folder, expected] of inside) {
    assertEquals(unix.pathInFolder(path, folder), expected, `${path} in ${folder}`);
    assertEquals(windows.pathInFolder(path, folder), expected, `${path} in ${folder}`);
  }
  assertEquals(windows.pathInFolder("C:\\M\\b\\a.bin", "c:\\m"), "b\\a.bin");
  assertEquals(windows.pathInFolder("C:\\a.bin", "C:\\"), "a.bin");
  assertEquals(windows.pathInFolder("C:\\models\\a.bin", "C:\\m"), undefined);
  // A case of its own is a folder of its own.
  assertEquals(unix.pathInFolder("/M/a.bin", "/m"), undefined);
  assertEquals(unix.pathInFolder("m\\a.bin", "m"), undefined);
});

Deno.test("addressPath() encodes each part of a path", () => {
  assertEquals(windows.addressPath("out\\a b/c#1.png"), "out/a%20b/c%231.png");
  assertEquals(unix.addressPath("out/a\\b.png"), "out/a%5Cb.png");
});

Deno.test("the functions of this system are those of its kind", () => {
  const own = Deno.build.os === "windows" ? windows : unix;
  assertEquals(fileName("a\\b"), own.fileName("a\\b"));
});
