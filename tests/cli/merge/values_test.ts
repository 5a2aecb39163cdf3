import { assertEquals } from "@std/assert";
import { parquetMetadata, parquetReadObjects } from "npm:hyparquet@1.31.5";
import { openTableWriter } from "../../../src/cli/evaluation/table_file.ts";
import type { ResultLine } from "../../../src/cli/folder/gallery/entries.ts";
import { RESULT_COLUMNS, resultRows } from "../../../src/cli/merge/values.ts";
import { inFolder } from "../../support/folders.ts";

const LINES = [
  {
    image: "s3://b/a.jpg",
    identity: '"1"',
    model: "m",
    method: "ptame",
    device: "wasm",
    prediction: [{ index: 3, label: "three", probability: 0.5 }],
    targets: [
      { index: 3, label: "three", probability: 0.5, map: { mean: 0.25 }, out: "a.1.png" },
      { index: 4, label: "four", probability: 0.125, map: { mean: 0.5 }, out: "a.2.png" },
    ],
    sample: { cls: 3 },
    out: "a.1.png",
  },
  { image: "b.jpg", error: "not an image" },
] as unknown as ResultLine[];

Deno.test("results of explain become a Parquet file with a row for each class, and for each failure", () =>
  inFolder(async (folder) => {
    const path = `${folder}/results.parquet`;
    await (await openTableWriter(path, 2))(resultRows(LINES), RESULT_COLUMNS, new AbortController().signal);
    const file = Deno.readFileSync(path).buffer;
    assertEquals(parquetMetadata(file).row_groups.length, 2);
    const rows = await parquetReadObjects({ file });
    const first = {
      image: "s3://b/a.jpg",
      identity: '"1"',
      topClass: 3,
      method: "ptame",
      model: "m",
      device: "wasm",
    };
    const rest = { error: undefined, sample: '{"cls":3}' };
    const plain = rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value ?? undefined]))
    );
    assertEquals(plain[0], {
      ...first,
      class: 3,
      label: "three",
      probability: 0.5,
      mapMean: 0.25,
      overlay: "a.1.png",
      ...rest,
    });
    assertEquals(plain[1], {
      ...first,
      class: 4,
      label: "four",
      probability: 0.125,
      mapMean: 0.5,
      overlay: "a.2.png",
      ...rest,
    });
    assertEquals([plain[2]!["image"], plain[2]!["error"], plain[2]!["class"]], [
      "b.jpg",
      "not an image",
      undefined,
    ]);
    assertEquals(plain.length, 3);
  }));
