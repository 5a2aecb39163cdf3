import { assert, assertEquals } from "@std/assert";
import { groupFiles, testFiles, writeGroups } from "../../tools/test_groups.ts";

const TESTS = new URL("../", import.meta.url);

Deno.test("every test file is in one group, with files of its own folder", () => {
  const files = testFiles(TESTS);
  assert(files.some(({ href }) => href === import.meta.url));
  const groups = groupFiles(files, TESTS);
  const hrefs = [...groups.values()].flat().map(({ href }) => href);
  assertEquals(hrefs.toSorted(), files.map(({ href }) => href).toSorted());
  for (const [name, own] of groups) {
    assert(own.length >= 1 && own.length <= 12, name);
    const folders = new Set(
      own.map(({ href }) => href.slice(TESTS.href.length).split("/").slice(0, -1)[0] ?? "top"),
    );
    assert(own.length === 1 || [...folders].join() === name.replace(/_\d+$/, ""), name);
  }

  const folder = writeGroups(groups);
  try {
    const written = [...Deno.readDirSync(folder)];
    assertEquals(written.length, groups.size);
    assert(written.every(({ name }) => name.endsWith("_test.ts")));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
