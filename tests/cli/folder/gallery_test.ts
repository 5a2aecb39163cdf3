import { assert, assertEquals } from "@std/assert";
import type { ExplainedImage } from "../../../src/cli/explain/document.ts";
import { countConfusions, galleryEntries, type ResultLine } from "../../../src/cli/folder/gallery/entries.ts";
import { writeGallery } from "../../../src/cli/folder/gallery/write.ts";
import { inFolder } from "../../support/folders.ts";

/** A result as the run writes it, as far as the page reads it. */
function explained(image: string, out: string, ...classes: [string, number][]): ExplainedImage {
  const prediction = classes.map(([label, probability], index) => ({ index, label, probability }));
  return { image, out, prediction, targets: [{ label: classes[0]![0], out }] } as unknown as ExplainedImage;
}

const LINES: readonly ResultLine[] = [
  explained("p/tabby/a b#1.jpg", "o/tabby/a b#1.explained.png", ["tabby", 0.9], ["Egyptian cat", 0.1]),
  explained("p/Egyptian_cat/b.jpg", "o/Egyptian_cat/b.explained.png", ["tabby", 0.6], ["Egyptian cat", 0.4]),
  explained("p/Egyptian_cat/c.jpg", "o/Egyptian_cat/c.explained.png", ["tabby", 0.5], ["lynx", 0.2]),
  explained("p/holiday 2019/d.jpg", "o/holiday 2019/d.explained.png", ["lynx", 0.7], ["tabby", 0.1]),
  { image: "p/e.jpg", error: "Cannot decode image p/e.jpg" },
  { image: "p/tabby/a b#1.jpg", error: "an earlier attempt" },
  explained("elsewhere/x.jpg", "o/x.explained.png", ["tabby", 1]),
];
const IMAGES = LINES.slice(0, 5).map(({ image }) => image);

Deno.test("galleryEntries() compares folders that are named as classes, and keeps the run's order", () => {
  const entries = galleryEntries(LINES, IMAGES, { source: "p/", out: "o" });
  assertEquals(entries.map(({ name, folder, agrees }) => [name, folder, agrees]), [
    ["tabby/a b#1.jpg", "tabby", true],
    ["Egyptian_cat/b.jpg", "Egyptian_cat", false],
    ["Egyptian_cat/c.jpg", "Egyptian_cat", false],
    ["holiday 2019/d.jpg", "holiday 2019", undefined],
    ["e.jpg", "", undefined],
  ]);
  assertEquals(entries[0]!.maps, [["tabby", "tabby/a%20b%231.explained.png"]]);
  assertEquals(entries[4]!.error, "Cannot decode image p/e.jpg");
  assertEquals(countConfusions(entries), [{ folder: "Egyptian_cat", label: "tabby", count: 2 }]);
});

Deno.test("writeGallery() writes one page whose texts are no markup", () =>
  inFolder(async (folder) => {
    const hostile = `p/</script><script>alert(1)</script>/<b>.jpg`;
    const lines = [explained(hostile, `${folder}/h.explained.png`, ["</script><i>", 0.5])];
    const path = await writeGallery(lines, [hostile], {
      source: "p",
      out: folder,
      args: ["p", "--out", "<o>"],
    });
    assertEquals(path, `${folder}/gallery.html`);
    const html = await Deno.readTextFile(path);
    // The data, the page's own script, and nothing else.
    assertEquals(html.split("<script").length - 1, 2);
    assertEquals(html.split("</script>").length - 1, 2);
    assert(!html.includes("<i>") && !html.includes("<o>") && !html.includes("<b>.jpg"));
    const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!;
    assertEquals(JSON.parse(data).entries[0].classes, [["</script><i>", 0.5]]);
  }));
