import { assertEquals, assertRejects } from "@std/assert";
import { listImages } from "../../src/cli/image_lists.ts";
import { inFolder } from "../support/folders.ts";

const touch = (path: string) => Deno.writeTextFileSync(path, "");

Deno.test("listImages() follows links to folders, each folder once, and says what it does not read", () =>
  inFolder(async (folder) => {
    for (const name of ["photos/cats", "elsewhere/dogs", "photos/.cache"]) {
      Deno.mkdirSync(`${folder}/${name}`, { recursive: true });
    }
    for (
      const name of ["photos/cats/a.jpg", "photos/cats/b.JFIF", "photos/cats/c.jpe", "elsewhere/dogs/d.png"]
    ) {
      touch(`${folder}/${name}`);
    }
    for (const name of ["photos/x.svg", "photos/cats/y.NEF", "photos/notes.txt", "photos/.cache/z.jpg"]) {
      touch(`${folder}/${name}`);
    }
    Deno.symlinkSync("../elsewhere/dogs", `${folder}/photos/dogs`);
    Deno.symlinkSync("..", `${folder}/photos/cats/up`);
    Deno.symlinkSync("gone", `${folder}/photos/lost`);
    const said: string[] = [];
    const found = await listImages(`${folder}/photos`, (line) => said.push(line));
    assertEquals(found.map((path) => path.slice(folder.length + 1)), [
      "photos/cats/a.jpg",
      "photos/cats/b.JFIF",
      "photos/cats/c.jpe",
      "photos/dogs/d.png",
    ]);
    assertEquals(said, ["Left out: 2 of kinds that are not read (.nef, .svg)"]);
  }));

Deno.test("listImages() reads lists in UTF-8 and UTF-16, with and without a byte order mark", () =>
  inFolder(async (folder) => {
    const text = "# list\r\nphotos/été.jpg\r\nphotos/猫.png\r\n";
    const units = Uint16Array.from(text, (letter) => letter.charCodeAt(0));
    const little = new Uint8Array(Uint16Array.of(0xfeff, ...units).buffer);
    const big = little.slice();
    for (let i = 0; i < big.length; i += 2) big.set([little[i + 1]!, little[i]!], i);
    const utf8 = new TextEncoder().encode(text);
    for (const bytes of [utf8, Uint8Array.of(0xef, 0xbb, 0xbf, ...utf8), little, big]) {
      Deno.writeFileSync(`${folder}/list.txt`, bytes);
      assertEquals(await listImages(`${folder}/list.txt`), ["photos/été.jpg", "photos/猫.png"]);
    }
    Deno.writeTextFileSync(`${folder}/list.txt`, "# nothing\n");
    await assertRejects(() => listImages(`${folder}/list.txt`), Error, "it contains none");
  }));
