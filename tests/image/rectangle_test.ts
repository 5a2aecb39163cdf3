import { assertEquals } from "@std/assert";
import { filledImage, fillRectangle } from "../../src/image/rectangle.ts";

/** Pixels of a 7 x 5 image that have the second colour, as rows of text. */
function drawn(x: number, y: number, width: number, height: number): string[] {
  const image = filledImage(7, 5, [1, 2, 3]);
  fillRectangle(image, x, y, width, height, [40, 50, 60]);
  return Array.from({ length: 5 }, (_, row) =>
    Array.from({ length: 7 }, (_, column) => {
      const pixel = image.data.subarray(3 * (7 * row + column), 3 * (7 * row + column) + 3).join();
      return pixel === "1,2,3" ? "." : pixel === "40,50,60" ? "#" : "?";
    }).join(""));
}

Deno.test("fillRectangle() fills what lies inside the image and nothing else", () => {
  assertEquals(drawn(1, 1, 5, 2), [".......", ".#####.", ".#####.", ".......", "......."]);
  assertEquals(drawn(-3, -1, 5, 3), ["##.....", "##.....", ".......", ".......", "......."]);
  assertEquals(drawn(6, 3, 9, 9), [".......", ".......", ".......", "......#", "......#"]);
  assertEquals(drawn(0, 0, 7, 5), Array(5).fill("#######"));
  const nothing = Array(5).fill(".......");
  assertEquals(
    [drawn(7, 0, 2, 2), drawn(2, 2, 0, 3), drawn(2, 2, 3, -1), drawn(0, 5, 3, 3)],
    Array(4).fill(nothing),
  );
});
