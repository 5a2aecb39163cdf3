import { assertEquals, assertThrows } from "@std/assert";
import { boxesFor, boxesInCrop, parseBoxes } from "../../src/faithfulness/boxes.ts";
import { regionMask } from "../../src/faithfulness/pointing.ts";

const square = (side: number) => ({ width: side, height: side });

const BOX = { x: 1, y: 2, width: 3, height: 4 };

Deno.test("parseBoxes() takes lists of boxes, one box alone, and boxes with named fields", () => {
  const boxes = parseBoxes(
    JSON.stringify({ a: [[1, 2, 3, 4], BOX], b: [1, 2, 3, 4], c: BOX, none: [] }),
    "b.json",
  );
  assertEquals([...boxes], [["a", [BOX, BOX]], ["b", [BOX]], ["c", [BOX]], ["none", []]]);
});

Deno.test("parseBoxes() names the file and the picture of what is not a box", () => {
  const fails = (text: string, message: string) =>
    assertThrows(() => parseBoxes(text, "b.json"), SyntaxError, message);
  fails("[1]", "Cannot read boxes b.json: it is not an object");
  fails("{", "Cannot read boxes b.json: ");
  fails('{"cat": [[1, 2, 3]]}', "[1,2,3] of cat is not a box");
  fails('{"cat": [1, 2, 3, 0]}', "[1,2,3,0] of cat is not a box");
  fails('{"c\\na\\u007ft": [1]}', "[1] of c�a�t is not a box");
  fails('{"cat": {"x": 1, "y": 1, "width": "2", "height": 2}}', "of cat is not a box");
  fails('{"cat": null}', "null of cat is not a box");
  fails('{"cat": [["1", 2, 3, 4]]}', "of cat is not a box");
});

Deno.test("boxesFor() finds a picture by its path, the path below the folder, or its name", () => {
  const boxes = new Map([["a/b.jpg", [BOX]], ["c.jpg", []]]);
  assertEquals(boxesFor(boxes, "photos/a/b.jpg", "photos/"), [BOX]);
  assertEquals(boxesFor(boxes, "a/b.jpg", "elsewhere"), [BOX]);
  assertEquals(boxesFor(boxes, "photos/x/c.jpg", "photos"), []);
  assertEquals(boxesFor(boxes, "photos/x/b.jpg", "photos"), undefined);
});

Deno.test("boxesInCrop() follows the picture into its crop", () => {
  // 8 x 4 pixels, of which the middle 4 x 4 are seen as 2 x 2.
  const crop = boxesInCrop(
    [{ x: 4, y: 0, width: 4, height: 2 }],
    { x: 2, y: 0, width: 4, height: 4 },
    square(2),
  );
  assertEquals(crop, [{ x: 1, y: 0, width: 2, height: 1 }]);
  assertEquals([...regionMask({ boxes: crop }, square(2))], [0, 1, 0, 0]);
});
