/** `--boxes` and `--annotations`: where objects are, in files of several kinds. */
import { assertEquals, assertRejects } from "@std/assert";
import { openAnnotations } from "../../../src/cli/evaluation/annotations.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { encodePng } from "../../../src/image/png.ts";
import { ImageError } from "../../../src/image/types.ts";
import { inFolder } from "../../support/folders.ts";

const IMAGE = { width: 4, height: 2 };
const CUT = { window: { x: 2, y: 0, width: 2, height: 2 }, size: { width: 2, height: 2 }, imageSize: IMAGE };

/** A mask of 4 x 2 pixels of which one is red. */
async function writeMask(path: string, pixel: number, size = IMAGE): Promise<void> {
  const data = new Uint8Array(3 * size.width * size.height);
  data[3 * pixel] = 1;
  await Deno.writeFile(path, await encodePng({ ...size, data }));
}

const open = (given: { boxes?: string; annotations?: string }) =>
  openAnnotations({ boxes: undefined, annotations: undefined, folder: "photos/", decode: {}, ...given });

Deno.test("openAnnotations() finds masks by path below the folder, or by the bare name", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/masks/more`, { recursive: true });
    await writeMask(`${folder}/masks/more/a.png`, 2);
    await writeMask(`${folder}/masks/b.png`, 7);
    const found = (await open({ annotations: `${folder}/masks` }))!;
    assertEquals([await found.has("photos/more/a.jpg"), await found.has("photos/x/b.webp")], [true, true]);
    assertEquals(await found.has("photos/a.jpg"), false);
    assertEquals(await found.region("photos/more/a.jpg", CUT), { mask: Uint8Array.of(1, 0, 0, 0) });
    assertEquals(await found.region("photos/x/b.webp", CUT), { mask: Uint8Array.of(0, 0, 0, 1) });
    assertEquals(await found.region("photos/c.jpg", CUT), undefined);
    await writeMask(`${folder}/masks/c.png`, 0, { width: 2, height: 2 });
    await assertRejects(
      async () => await found.region("photos/c.jpg", CUT),
      ImageError,
      "it is 2 x 2, the image 4 x 2",
    );
  }));

Deno.test("openAnnotations() reads COCO's annotations and boxes in the crop", () =>
  inFolder(async (folder) => {
    const size = [2, 4];
    await Deno.writeTextFile(
      `${folder}/coco.json`,
      JSON.stringify({
        images: ["a", "b", "c"].map((name, id) => ({ id, file_name: `${name}.jpg` })),
        annotations: [
          { image_id: 0, segmentation: { counts: [4, 1, 3], size } },
          { image_id: 1, segmentation: { counts: [1], size: [1, 1] } },
        ],
      }),
    );
    const found = (await open({ annotations: `${folder}/coco.json` }))!;
    assertEquals([found.has("photos/a.jpg"), found.has("photos/d.jpg")], [true, false]);
    assertEquals(await found.region("photos/a.jpg", CUT), { mask: Uint8Array.of(1, 0, 0, 0) });
    assertEquals(await found.region("photos/c.jpg", CUT), { mask: new Uint8Array(4) });
    await assertRejects(async () => await found.region("photos/b.jpg", CUT), ImageError, "it is 1 x 1");

    await Deno.writeTextFile(`${folder}/boxes.json`, '{"a.jpg": [3, 0, 1, 2]}');
    const boxes = (await open({ boxes: `${folder}/boxes.json` }))!;
    assertEquals(await boxes.region("photos/a.jpg", CUT), { boxes: [{ x: 1, y: 0, width: 1, height: 2 }] });
    await assertRejects(
      () => open({ boxes: "b.json", annotations: "a.json" }),
      UsageError,
      "give one",
    );
    await assertRejects(() => open({ annotations: `${folder}/none.json` }), Error, "Cannot read annotations");
    assertEquals(await open({}), undefined);
  }));
