import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { evaluateCommand } from "../../src/cli/evaluate.ts";
import { tableLines } from "../../src/cli/evaluation/table.ts";
import { UsageError } from "../../src/cli/usage.ts";
import { type ClassPart, classPart } from "../../src/ptame/class_split.ts";
import { type ImageRecord, summarize } from "../../src/faithfulness/summary.ts";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { startCli } from "../support/run_deno.ts";

await warmUpWasm();

const FIXTURES = decodeURIComponent(new URL("../fixtures/image/", import.meta.url).pathname);
const QUICK = ["--measures", "ad", "--methods", "gradcam,edges", "--device", "wasm"];

/** Runs `act` in a folder of its own with a folder of photos, and removes it. */
async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ptame-" });
  try {
    Deno.mkdirSync(`${folder}/photos/more`, { recursive: true });
    for (
      const [name, to] of [["photo_0.jpg", "a.jpg"], ["photo_4.jpg", "b.jpg"], ["photo_5.png", "more/c.png"]]
    ) {
      Deno.copyFileSync(FIXTURES + name, `${folder}/photos/${to}`);
    }
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs the command in this process, quietly. */
function evaluateHere(...args: string[]): Promise<number> {
  return evaluateCommand([...args, "--quiet"], new AbortController().signal);
}

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].filter((entry) => entry.isFile).map((entry) => entry.name).sort();
}

function recordsIn(path: string): ImageRecord[] {
  return Deno.readTextFileSync(path).trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("evaluate writes records, results and a table, and skips what is no picture", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/photos/z.jpg`, "no picture");
    const boxes = { "a.jpg": [[0, 0, 4000, 4000]], "more/c.png": [150, 150, 4, 4] };
    Deno.writeTextFileSync(`${folder}/boxes.json`, JSON.stringify(boxes));
    const code = await evaluateHere(
      ...["--images", `${folder}/photos/`, "--report", `${folder}/out/`, "--csv", `${folder}/t.csv`],
      ...["--values", `${folder}/v.csv`],
      ...[
        "--methods",
        "gradcam,edges,gradcam",
        "--methods",
        "ptame",
        "--measures",
        "ad,energy",
        "--preset",
        "torchcam",
      ],
      ...["--boxes", `${folder}/boxes.json`, "--device", "wasm", "--gallery", "3"],
    );
    assertEquals(code, 0);
    assertEquals(filesIn(folder), ["boxes.json", "t.csv", "v.csv"]);
    // Three maps of three images have AD, those of two have energy; the files' digests are those of the disk.
    const [names, ...values] = Deno.readTextFileSync(`${folder}/v.csv`).trimEnd().split("\r\n")
      .map((line) => line.split(","));
    const column = (name: string) => values.map((row) => row[names!.indexOf(name)]!);
    assertEquals(values.length, 3 * 3 + 3 * 2);
    assertEquals(new Set(column("imageDigest")).size, 3);
    assertEquals(
      [...column("modelDigest"), ...column("headDigest")].every((each) => each.length === 64),
      true,
    );
    const document = JSON.parse(Deno.readTextFileSync(`${folder}/out/results.json`));
    assertEquals([document.preset, document.images, document.model, document.device], [
      "torchcam",
      3,
      "efficientnet_lite0",
      "wasm",
    ]);
    assertEquals(document.skipped.map(({ image }: { image: string }) => image), [`${folder}/photos/z.jpg`]);
    assertEquals(Object.keys(document.methods), ["gradcam", "edges", "ptame"]);
    const { AD100, energy, millisecondsPerImage } = document.methods.ptame;
    assertEquals([AD100.images, AD100.preset, energy.images, energy.preset], [3, "torchcam", 2, "rise"]);
    assert(AD100.low <= AD100.value && AD100.value <= AD100.high && millisecondsPerImage > 0);

    const records = recordsIn(`${folder}/out/records.jsonl`);
    assertEquals(records.map(({ image }) => image.split("/photos/")[1]), ["a.jpg", "b.jpg", "more/c.png"]);
    // All of a.jpg is in its box; next to nothing of c.png is, and b.jpg has none.
    const energies = records.map(({ methods }) => methods["ptame"]!.values["energy"]);
    assertAlmostEquals(energies[0]!, 1, 1e-9);
    assertEquals(energies[1], undefined);
    assert(energies[2]! < 0.01);

    // The page shows the pictures by their names below the folder, and says how it was made.
    const html = Deno.readTextFileSync(`${folder}/out/report.html`);
    const files = [...html.matchAll(/<span class="file">([^<]*)</g)].map((match) => match[1]);
    assertEquals(files, ["a.jpg", "more/c.png"]);
    assertStringIncludes(html, "ptame evaluate --images ");
    assertStringIncludes(html, "z.jpg: Cannot decode image ");
    const maps = recordsIn(`${folder}/out/maps.jsonl`) as unknown as { image: string; method: string }[];
    assertEquals(maps.map(({ method }) => method), [
      "gradcam",
      "edges",
      "ptame",
      "gradcam",
      "edges",
      "ptame",
    ]);

    const rows = Deno.readTextFileSync(`${folder}/t.csv`).trimEnd().split("\r\n").map((row) =>
      row.split(",")
    );
    assertEquals(rows.map(([method, measure]) => `${method} ${measure}`), [
      "method measure",
      ...["gradcam AD100", "gradcam energy", "edges AD100", "edges energy", "ptame AD100", "ptame energy"],
    ]);
    assertEquals(rows[5]!.slice(2, 5).map(Number), [AD100.value, AD100.low, AD100.high]);
  }));

Deno.test("evaluate loses nothing when it is stopped, and goes on to the same result", () =>
  inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    const own = ["--model", `${folder}/small.onnx`];
    const run = ["--images", `${folder}/photos`, "--report", `${folder}/out`, ...own, ...QUICK];
    const program = startCli(["evaluate", ...run], folder);
    const said = new Response(program.stderr).text();
    const path = `${folder}/out/records.jsonl`;
    while (!(await Deno.readTextFile(path).catch(() => "")).includes("\n")) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    program.kill("SIGINT");
    const { code } = await program.status;
    const stopped = recordsIn(path).length;
    assert(stopped === 3 || code === 130, `ended with ${code} after ${stopped} images`);
    if (code === 130) assertStringIncludes(await said, "out/records.jsonl; continue it with --resume");
    else await said;

    // As a machine that fails leaves it.
    const torn = recordsIn(path).slice(0, 1).map((record) => JSON.stringify(record) + "\n").join("");
    Deno.writeTextFileSync(path, torn + `{"image":"${folder}/photos/b`);
    const refusal = async (message: string, ...args: string[]) =>
      assertStringIncludes(String(await assertRejects(() => evaluateHere(...args))), message);
    await refusal("contains records of an earlier run; continue it with --resume", ...run);
    await refusal("Cannot resume: the record of ", ...run, "--resume", "--seed", "1");

    const printed: string[] = [];
    const { log } = console;
    console.log = (line: string) => printed.push(line);
    try {
      assertEquals(await evaluateHere(...run, "--resume", "--json"), 0);
    } finally {
      console.log = log;
    }
    const document = JSON.parse(printed.join("\n"));
    assertEquals(recordsIn(path).map(({ image }) => image.split("/photos/")[1]), [
      "a.jpg",
      "b.jpg",
      "more/c.png",
    ]);

    assertEquals(await evaluateHere(...run.with(3, `${folder}/whole`)), 0);
    const whole = JSON.parse(Deno.readTextFileSync(`${folder}/whole/results.json`));
    // No head is needed where ptame is not asked for.
    assertEquals([document.model, document.head], ["small", undefined]);
    for (const key of ["AD100", "AD50", "AD15"]) {
      assertEquals(document.methods.gradcam[key], whole.methods.gradcam[key]);
    }
  }));

Deno.test(
  "evaluate --held-out-classes measures pictures of one part's classes alone, few of a class, and says so",
  { ignore: !heavyTests() },
  () =>
    inFolder(async (folder) => {
      // What the shipped classifier sees in the fixtures decides which share holds them out.
      const names = [0, 1, 2, 3, 4, 7, 8, 9].map((i) => `photo_${i}.jpg`);
      for (const name of names) Deno.copyFileSync(FIXTURES + name, `${folder}/photos/${name}`);
      Deno.copyFileSync(`${FIXTURES}photo_0.jpg`, `${folder}/photos/more/again.jpg`);
      Deno.writeTextFileSync(`${folder}/photos/z.jpg`, "no picture");
      const quick = ["--measures", "ad", "--methods", "edges", "--gallery", "0", "--device", "wasm"];
      const photos = ["--images", `${folder}/photos`, ...quick];
      assertEquals(await evaluateHere(...photos, "--report", `${folder}/all`), 0);
      const all = recordsIn(`${folder}/all/records.jsonl`);

      const run = async (name: string, ...more: string[]) => {
        const selection = ["--held-out-classes", "0.9", ...more];
        assertEquals(await evaluateHere(...photos, ...selection, "--report", `${folder}/${name}`), 0);
        const document = JSON.parse(Deno.readTextFileSync(`${folder}/${name}/results.json`));
        return { records: recordsIn(`${folder}/${name}/records.jsonl`), document };
      };
      const ofPart = (part: ClassPart) => all.filter(({ target }) => classPart(target, 0.9) === part);
      const wanted = ofPart("score");
      assert(wanted.length > 0 && wanted.length < all.length, `${wanted.length} of ${all.length}`);
      const { records, document } = await run("score", "--part", "score");
      assertEquals(records.map(({ image }) => image), wanted.map(({ image }) => image));
      assertStringIncludes(records[0]!.settings, "classes:score/0.9");
      const classes = new Set(wanted.map(({ target }) => target)).size;
      assertEquals([document.images, document.heldOutClasses], [wanted.length, {
        share: 0.9,
        part: "score",
        classes,
      }]);
      const html = Deno.readTextFileSync(`${folder}/score/report.html`);
      assertStringIncludes(html, `${classes} classes, of held-out classes (0.9), part score`);

      assert(wanted.length > classes, "two pictures are of one class");
      const few = await run("few", "--part", "score", "--per-class", "1");
      assertEquals(few.records.length, classes);
      assertEquals(new Set(few.records.map(({ target }) => target)).size, classes);
      const one = await run("one", "--part", "choose", "--limit", "1");
      assertEquals(one.records.length, 1);
      assertEquals(classPart(one.records[0]!.target, 0.9), "choose");
    }),
);

Deno.test("evaluate refuses wrong usage ahead of any work", () =>
  inFolder(async (folder) => {
    const photos = ["--images", `${folder}/photos`];
    const cases: [string[], string][] = [
      [[], "Option --images of evaluate is required"],
      [[...photos, "more"], "Unexpected argument more"],
      [[...photos, "--methods", "ptame,gausian"], "not gausian: did you mean gaussian?"],
      [[...photos, "--measures", "rode"], "not rode: did you mean road?"],
      [[...photos, "--preset", "torchcan"], "did you mean torchcam?"],
      [[...photos, "--measures", "pointing"], "--boxes FILE.json"],
      [[...photos, "--limit", "0"], "at least 1, not 0"],
      [
        [...photos, "--held-out-classes", "0.4"],
        "--held-out-classes SHARE and --part choose|score belong together",
      ],
      [[...photos, "--part", "score"], "belong together"],
      [[...photos, "--per-class", "2"], "belong together"],
      [[...photos, "--held-out-classes", "0", "--part", "score"], "must be above 0"],
      [[...photos, "--held-out-classes", "1", "--part", "score"], "a share from 0 to 0.9, not 1"],
      [[...photos, "--held-out-classes", "0.4", "--part", "train"], "takes one of choose, score, not train"],
      [[...photos, "--repport", "x"], "did you mean --report?"],
    ];
    for (const [args, message] of cases) {
      const error = await assertRejects(() => evaluateHere(...args), UsageError);
      assertStringIncludes(error.message, message);
    }
    Deno.writeTextFileSync(`${folder}/boxes.json`, '{ "x.jpg": [1, 2, 3, 4] }');
    Deno.mkdirSync(`${folder}/empty`);
    const failing: [string[], string][] = [
      [["--images", `${folder}/empty`], "it contains none"],
      [[...photos, "--hold-out", "3"], "none would be left"],
      [
        [...photos, "--measures", "energy", "--boxes", `${folder}/boxes.json`, "--report", `${folder}/out`],
        "not in the file of --boxes",
      ],
      [[...photos, "--resume", "--report", `${folder}/out`], "Cannot resume: there are no records"],
      [[...photos, "--csv", `${folder}/photos`], "it is a folder"],
      [[...photos, "--report", `${folder}/boxes.json`], "Cannot create folder"],
    ];
    for (const [args, message] of failing) {
      const error = await assertRejects(() => evaluateHere(...args));
      assertStringIncludes(String(error), message);
    }
    assertEquals(filesIn(folder), ["boxes.json"]);
    assertEquals(filesIn(`${folder}/out`), []);
  }));

Deno.test("evaluate --against second measures contrasts, in workers as in one process, and not beside other records", () =>
  inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/small.onnx`, smallClassifier().onnx);
    const run = ["--images", `${folder}/photos`, "--model", `${folder}/small.onnx`, "--device", "wasm"]
      .concat("--methods", "gradcam,input-x-gradient,random", "--measures", "contrast", "--gallery", "0");
    const valuesIn = (name: string) =>
      recordsIn(`${folder}/${name}/records.jsonl`).toSorted((a, b) => a.image < b.image ? -1 : 1).map((
        record,
      ) => Object.values(record.methods).map(({ values }) => values));
    const against = [...run, "--against", "second"];
    assertEquals(await evaluateHere(...against, "--report", `${folder}/one`), 0);
    assertEquals(await evaluateHere(...against, "--report", `${folder}/two`, "--workers", "2"), 0);
    assertEquals(await evaluateHere(...run, "--report", `${folder}/plain`), 0);
    const [one, plain] = [valuesIn("one"), valuesIn("plain")];
    const said = ["one", "plain"].map((name) =>
      JSON.parse(Deno.readTextFileSync(`${folder}/${name}/results.json`)).against
    );
    assertEquals(said, ["second", undefined]);
    assertEquals(one, valuesIn("two"));
    assertEquals(
      one.map((values) => values.map((each) => Object.keys(each))),
      [0, 1, 2].map(() => [
        ["contrast-fall", "contrast-rise"],
        ["contrast-fall", "contrast-rise"],
        ["contrast-fall", "contrast-rise"],
      ]),
    );
    // The control is the same map; the others are not.
    assertEquals(one.map((values) => values[2]), plain.map((values) => values[2]));
    assert(one.every((values, i) => values[1]!["contrast-fall"] !== plain[i]![1]!["contrast-fall"]));
    const mixed = await assertRejects(() => evaluateHere(...run, "--report", `${folder}/one`, "--resume"));
    assertStringIncludes(String(mixed), "against:second");
  }));

Deno.test("tableLines() fits the terminal and marks the best", () => {
  const of = (AD50: number) => ({
    milliseconds: 2,
    maskArea: 0.25,
    values: { AD50, AD15: 2 * AD50, ROAD: AD50 / 100 },
  });
  const records = [10, 20].map((value, i) => ({
    image: `${i}`,
    settings: "",
    target: 0,
    probability: 1,
    methods: { good: of(value), worse: of(value + 10) },
  }));
  const lines = tableLines(summarize(records, "ptame-2025"), records, 50, (text) => text);
  assert(lines.every((line) => [...line].length <= 50), lines.join("\n"));
  assertEquals(lines[1], "good   15.0 (10.0–20.0) *  30.0 (20.0–40.0) *");
  assertEquals(lines[2], "worse  25.0 (20.0–30.0)    50.0 (40.0–60.0)");
  assertEquals(lines[4]!.split(/ {2,}/), ["", "ROAD ↑", "map area", "per map"]);
  // A higher ROAD is better.
  assertStringIncludes(lines[6]!, "0.250 (0.200–0.300) *");
});
