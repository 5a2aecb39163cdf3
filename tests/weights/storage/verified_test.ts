import { assertEquals } from "@std/assert";
import { incomingFile } from "../../../src/weights/storage/partial_file.ts";
import { isPublished, verifiedPath } from "../../../src/weights/storage/verified.ts";
import { hexDigest } from "../../support/digest.ts";
import { filesIn, inFolder } from "../../support/folders.ts";

Deno.test("isPublished() computes the digest once per change of the file, and believes no length", () =>
  inFolder(async (folder) => {
    const path = `${folder}/w`;
    const bytes = new Uint8Array([1, 2, 3, 4]);
    const file = { bytes: 4, sha256: await hexDigest(bytes) };
    assertEquals(await isPublished(path, file), false);
    Deno.writeFileSync(path, bytes);
    assertEquals([await isPublished(path, file), filesIn(folder)], [true, ["w", "w.verified"]]);

    // The same length, other bytes, a later time.
    Deno.writeFileSync(path, new Uint8Array([1, 2, 3, 5]));
    Deno.utimeSync(path, new Date(), new Date(Date.now() + 5000));
    assertEquals(await isPublished(path, file), false);
    Deno.writeFileSync(path, bytes);
    Deno.utimeSync(path, 1, 1);
    assertEquals(await isPublished(path, file), true);
    // What is kept is believed as long as the file does not change: nothing is read again.
    const { mtime, size } = Deno.statSync(path);
    Deno.writeFileSync(path, new Uint8Array(4));
    Deno.utimeSync(path, mtime!, mtime!);
    assertEquals([size, await isPublished(path, file)], [4, true]);
    Deno.removeSync(verifiedPath(path));
    assertEquals(await isPublished(path, file), false);

    for (const other of [{ ...file, bytes: 5 }, { bytes: 4, sha256: "0".repeat(64) }]) {
      assertEquals(await isPublished(path, other), false);
    }
    assertEquals(await isPublished(path, { bytes: 4, sha256: "" }), true);
    assertEquals(await isPublished(folder, file), false);
    assertEquals(await isPublished(`${path}/x`, file), false);
  }));

Deno.test("a download that was just digested is not read again at the next start", () =>
  inFolder(async (folder) => {
    const path = `${folder}/w`;
    const bytes = new Uint8Array([1, 2, 3, 4]);
    const sha256 = await hexDigest(bytes);
    const incoming = await incomingFile(path, `${path}.partial`, { sha256, unlock: () => Promise.resolve() });
    await incoming.write(bytes);
    await incoming.publish();
    await incoming.close();
    // Its bytes are changed behind its back, its time is kept: what was remembered is believed.
    const { mtime } = Deno.statSync(path);
    Deno.writeFileSync(path, new Uint8Array(4));
    Deno.utimeSync(path, mtime!, mtime!);
    assertEquals(await isPublished(path, { bytes: 4, sha256 }), true);
    // Asked for another digest, it reads.
    assertEquals(await isPublished(path, { bytes: 4, sha256: await hexDigest(new Uint8Array(4)) }), true);
  }));
