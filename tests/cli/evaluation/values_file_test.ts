/** `evaluate --values`: every value as CSV or Parquet, from which the table can be made anew. */
// @ts-types="npm:@types/d3-dsv@^3.0.7"
import { csvParse } from "d3-dsv";
import { parquetMetadata, parquetReadObjects } from "npm:hyparquet@1.31.5";
import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { type MeasuredValues, openValueWriter } from "../../../src/cli/evaluation/values_file.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { type ImageRecord, summarize } from "../../../src/faithfulness/summary.ts";

const DIGEST = "d".repeat(64);
const FACTS = {
  ...{
    labels: ['tabby, "cat"', "dog"],
    seed: 7,
    device: "wasm",
    model: "m",
    modelDigest: DIGEST,
    headDigest: "",
  },
};

/** Records of two methods; one map of the second shows nothing. */
function records(images: readonly string[]): ImageRecord[] {
  return images.map((image, i) => ({
    ...{ image, settings: "", target: i % 2, probability: 0.5 },
    methods: {
      ptame: {
        ...{ milliseconds: 2 + i, maskArea: 0.25 },
        values: { insertion: i / 7, AD50: 10 * i },
        areas: { AD50: 0.125 },
      },
      gradcam: i === 1
        ? { milliseconds: 1, maskArea: 0, values: {}, blank: "negative" }
        : { milliseconds: 1, maskArea: 0.5, values: { AD50: 1 / 3, insertion: 0.1 } },
    },
  }));
}

async function written(name: string, act: (path: string, values: MeasuredValues) => void | Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    const image = `${folder}/é, "a".jpg`;
    await Deno.writeTextFile(image, "abc");
    const values = { records: records([image, "http://host/b.jpg", "c.jpg"]), preset: "rise", facts: FACTS };
    await (await openValueWriter(`${folder}/${name}`))(values, new AbortController().signal);
    await act(`${folder}/${name}`, values);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

type Row = Readonly<Record<string, unknown>>;

function checkRows(rows: readonly Row[], { records: [first] }: MeasuredValues, absent: unknown): void {
  assertEquals(rows.length, 3 * 4 - 1);
  assertEquals({ ...rows[0] }, {
    ...{ image: first!.image, class: 0, label: 'tabby, "cat"', probability: 0.5, method: "ptame" },
    imageDigest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ...{
      measure: "AD50",
      value: 0,
      preset: "ptame-2025",
      maskArea: 0.125,
      milliseconds: 2,
      blank: "",
      seed: 7,
    },
    ...{
      model: "m",
      modelDigest: DIGEST,
      headDigest: "",
      version: "ptame 0.1.0",
      runtime: "onnxruntime 1.30.0 wasm",
    },
  });
  assertEquals([rows[1]!["measure"], rows[1]!["preset"], rows[1]!["maskArea"]], ["insertion", "rise", 0.25]);
  const blank = rows.find((row) => row["blank"] !== "")!;
  assertEquals([blank["method"], blank["measure"], blank["value"], blank["blank"], blank["imageDigest"]], [
    "gradcam",
    "",
    absent,
    "negative",
    "",
  ]);
}

/** Means by method and measure, from the file alone. */
function means(rows: readonly Row[]): Map<string, number> {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    if (row["blank"] !== "") continue;
    const key = `${row["method"]} ${row["measure"]}`;
    groups.set(key, [...(groups.get(key) ?? []), row["value"] as number]);
  }
  return new Map([...groups].map(([key, values]) => [key, values.reduce((a, b) => a + b) / values.length]));
}

function checkTable(rows: readonly Row[], { records, preset }: MeasuredValues): void {
  const { methods } = summarize(records, preset);
  const found = means(rows);
  const expected = Object.entries(methods).flatMap(([method, { measures }]) =>
    Object.entries(measures).map(([key, { value }]) => [`${method} ${key}`, value] as const)
  );
  assertEquals(found.size, expected.length);
  for (const [key, value] of expected) assertAlmostEquals(found.get(key)!, value, 1e-12, key);
}

Deno.test("writeValues() writes CSV that holds every value, and the table", () =>
  written("values.CSV", async (path, values) => {
    const numbers = new Set(["class", "probability", "value", "maskArea", "milliseconds", "seed"]);
    const rows = csvParse(await Deno.readTextFile(path), (row) =>
      Object.fromEntries(
        Object.entries(row).map((
          [name, text],
        ) => [name, numbers.has(name) && text !== "" ? Number(text) : text]),
      ));
    checkRows(rows, values, "");
    checkTable(rows, values);
  }));

Deno.test("writeValues() writes Parquet that another library reads", () =>
  written("values.parquet", async (path, values) => {
    const bytes = await Deno.readFile(path);
    const rows = await parquetReadObjects({ file: bytes.buffer });
    checkRows(rows, values, null);
    checkTable(rows, values);
  }));

Deno.test("writeValues() writes groups of rows one after the other", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const many = records(Array.from({ length: 25 }, (_, i) => `${i}.jpg`));
    const path = `${folder}/many.parquet`;
    const writer = await openValueWriter(path, 40);
    await writer({ records: many, preset: "rise", facts: FACTS }, new AbortController().signal);
    const file = (await Deno.readFile(path)).buffer;
    assertEquals(parquetMetadata(file).row_groups.map((group) => Number(group.num_rows)), [40, 40, 19]);
    const rows = await parquetReadObjects({ file, columns: ["image", "value"] });
    assertEquals(rows.length, 4 * 25 - 1);
    assertEquals({ ...rows[41] }, { image: "10.jpg", value: 1 / 3 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openValueWriter() refuses other formats, and a stopped run leaves no file", async () => {
  await assertRejects(() => openValueWriter("out/values.xlsx"), UsageError, ".csv or .parquet");
  const folder = await Deno.makeTempDir();
  try {
    const writer = await openValueWriter(`${folder}/values.csv`);
    const values = { records: records(["a.jpg"]), preset: "rise", facts: FACTS };
    await assertRejects(() => writer(values, AbortSignal.abort(new Error("stopped"))), Error, "stopped");
    assertEquals([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
