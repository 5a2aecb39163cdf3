import { assertEquals, assertThrows } from "@std/assert";
import { cacheFolder } from "../../../src/weights/storage/folder.ts";

const CASES: readonly [os: string, variables: Record<string, string>, folder: string][] = [
  ["linux", { HOME: "/home/a" }, "/home/a/.cache/ptame"],
  ["linux", { HOME: "/home/a", XDG_CACHE_HOME: "/var/a" }, "/var/a/ptame"],
  ["linux", { HOME: "/home/a", XDG_CACHE_HOME: "relative" }, "/home/a/.cache/ptame"],
  ["linux", { HOME: "/home/a", XDG_CACHE_HOME: "" }, "/home/a/.cache/ptame"],
  ["freebsd", { HOME: "/home/a" }, "/home/a/.cache/ptame"],
  ["darwin", { HOME: "/Users/a", XDG_CACHE_HOME: "/var/a" }, "/Users/a/Library/Caches/ptame"],
  ["windows", { LOCALAPPDATA: "C:\\Users\\a\\AppData\\Local" }, "C:\\Users\\a\\AppData\\Local\\ptame\\Cache"],
  ["windows", { USERPROFILE: "C:\\Users\\a" }, "C:\\Users\\a\\AppData\\Local\\ptame\\Cache"],
  ["linux", { HOME: "/home/a", PTAME_CACHE: "/data/weights" }, "/data/weights"],
  ["darwin", { PTAME_CACHE: "here" }, "here"],
];

for (const [os, variables, folder] of CASES) {
  Deno.test(`cacheFolder() is ${folder} on ${os} with ${Object.keys(variables).join(" and ")}`, () => {
    assertEquals(cacheFolder({ os, variable: (name) => variables[name] }), folder);
  });
}

Deno.test("cacheFolder() names PTAME_CACHE when nothing says where the user's files are", () => {
  for (const os of ["linux", "darwin", "windows"]) {
    assertThrows(() => cacheFolder({ os, variable: () => undefined }), Error, "set PTAME_CACHE to a folder");
  }
});
