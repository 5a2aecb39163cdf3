import { assert, assertEquals, assertRejects } from "@std/assert";
import { isLocked, lockPathOf, takeRunLock } from "../../src/cli/run_lock.ts";
import { inFolder } from "../support/folders.ts";

Deno.test("takeRunLock() refuses a second run in one line that names the first", () =>
  inFolder(async (folder) => {
    const path = `${folder}/results.jsonl`;
    const release = await takeRunLock(path, "here");
    const error = await assertRejects(() => takeRunLock(path, "here"), Error);
    assertEquals(error.message, `Cannot start: process ${Deno.pid} on here is writing ${path}; wait for it`);
    assertEquals([await isLocked(path, "here"), await isLocked(`${path}2`, "here")], [true, false]);
    // Another file of the folder has a lock of its own.
    await (await takeRunLock(`${path}2`, "here"))();
    await release();
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), []);
    await (await takeRunLock(path, "here"))();
  }));

Deno.test("takeRunLock() takes over what a killed process left, on the same host at once", () =>
  inFolder(async (folder) => {
    const path = `${folder}/results.jsonl`;
    for (const left of ['{"process":1,"host":"here"}\n', "", "nonsense"]) {
      Deno.writeTextFileSync(lockPathOf(path), left);
      assertEquals(await isLocked(path, "here"), false);
      Deno.writeTextFileSync(lockPathOf(path), left);
      const release = await takeRunLock(path, "here");
      assertEquals(JSON.parse(Deno.readTextFileSync(lockPathOf(path))), { process: Deno.pid, host: "here" });
      await release();
    }
  }));

Deno.test("takeRunLock() believes a lock of another host as long as that is touched", () =>
  inFolder(async (folder) => {
    const path = `${folder}/results.jsonl`;
    const lock = lockPathOf(path);
    const text = '{"process":7,"host":"there"}\n';
    Deno.writeTextFileSync(lock, text);
    const error = await assertRejects(() => takeRunLock(path, "here"), Error);
    assertEquals(
      error.message,
      `Cannot start: process 7 on there is writing ${path}; wait for it, or remove ${lock} if it has ended`,
    );
    // The refused run leaves it as it was.
    assertEquals([Deno.readTextFileSync(lock), await isLocked(path, "here")], [text, true]);
    const old = new Date(Date.now() - 6 * 60_000);
    Deno.utimeSync(lock, old, old);
    assertEquals(await isLocked(path, "here"), false);
    await (await takeRunLock(path, "here"))();
  }));

Deno.test("takeRunLock() says why a folder cannot hold a lock", () =>
  inFolder(async (folder) => {
    await assertRejects(() => takeRunLock(`${folder}/none/a`), Error, "no such file or folder");
    Deno.mkdirSync(`${folder}/a.lock`);
    const error = await assertRejects(() => takeRunLock(`${folder}/a`), Error, "Cannot lock ");
    assert(!error.message.includes("\n"));
  }));
