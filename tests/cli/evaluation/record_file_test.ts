import { assertEquals, assertRejects } from "@std/assert";
import { openRecordFile } from "../../../src/cli/evaluation/record_file.ts";
import { filesIn, inFolder } from "../../support/folders.ts";

interface Line {
  readonly image: string;
}

Deno.test("openRecordFile() continues a file that was torn, or is of version 0, and writes it in the present format", () =>
  inFolder(async (folder) => {
    const path = `${folder}/records.jsonl`;
    Deno.writeTextFileSync(path, '{"image":"a"}\n{"image":"b"}\n{"ima');
    const file = await openRecordFile<Line>(path, true, { keep: ({ image }) => image !== "a" });
    assertEquals(file.records, [{ image: "b" }]);
    await file.append({ image: "c" });
    // On the disk before anybody is told, and nobody else's meanwhile.
    await assertRejects(() => openRecordFile<Line>(path, true), Error, "is writing");
    await file.close();
    assertEquals(filesIn(folder), ["records.jsonl"]);
    assertEquals(Deno.readTextFileSync(path).match(/"check":"1-/g)!.length, 2);
    const again = await openRecordFile<Line>(path, true);
    assertEquals(again.records, [{ image: "b" }, { image: "c" }]);
    await again.close({ remove: true });
    assertEquals(filesIn(folder), []);
  }));

Deno.test("openRecordFile() leaves the file and no lock if it refuses", () =>
  inFolder(async (folder) => {
    const path = `${folder}/records.jsonl`;
    await assertRejects(() => openRecordFile<Line>(path, true), Error, "there are no records");
    Deno.writeTextFileSync(path, '{"image":"a"}\n');
    await assertRejects(() => openRecordFile<Line>(path, false), Error, "continue it with --resume");
    const refuse = () => Promise.reject(new Error("other options"));
    await assertRejects(
      () => openRecordFile<Line>(path, true, { whenLocked: refuse }),
      Error,
      "other options",
    );
    assertEquals([filesIn(folder), Deno.readTextFileSync(path)], [["records.jsonl"], '{"image":"a"}\n']);
  }));
