import { assertEquals, assertRejects } from "@std/assert";
import { checkpointFile } from "../../../src/cli/train/checkpoint_file.ts";
import { filesIn, inFolder } from "../../support/folders.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("checkpointFile() keeps the checkpoint before, and says how to use it if the last one is damaged", () =>
  inFolder(async (folder) => {
    const path = `${folder}/h.checkpoint.safetensors`;
    const file = await checkpointFile(path, false);
    assertEquals([file.saved, await file.load()], [false, undefined]);
    const damaged = new SyntaxError("Cannot read checkpoint: it does not match its own SHA-256");
    await file.save(bytes("1"));
    const first = await file.explained(damaged) as Error;
    assertEquals(
      first.message.endsWith("; start anew without --resume, after removing it"),
      true,
      first.message,
    );
    for (const text of ["2", "3"]) await file.save(bytes(text));
    assertEquals([Deno.readTextFileSync(path), Deno.readTextFileSync(`${path}.previous`)], ["3", "2"]);
    const second = await file.explained(damaged) as Error;
    assertEquals(
      second.message,
      `Cannot read checkpoint ${path}: it does not match its own SHA-256; the one before is kept: rename ` +
        `${path}.previous to it and resume`,
    );
    const other = new TypeError("other");
    assertEquals(await file.explained(other), other);

    await assertRejects(() => checkpointFile(path, true), Error, "is writing");
    await file.close();
    await assertRejects(
      () => checkpointFile(path, false),
      Error,
      "is an unfinished run; continue it with --resume",
    );
    // Killed between two renames.
    Deno.removeSync(path);
    const resumed = await checkpointFile(path, true);
    assertEquals(await resumed.load(), bytes("2"));
    await resumed.remove();
    await resumed.close();
    assertEquals(filesIn(folder), []);
    await assertRejects(() => checkpointFile(path, true), Error, "there is no checkpoint");
    assertEquals(filesIn(folder), []);
  }));
