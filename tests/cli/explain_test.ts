import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { encodeOnnx } from "../../src/graph/onnx_file.ts";
import { decodeImage } from "../../src/image/decode.ts";
import { readHeader } from "../../src/image/header.ts";
import { encodePng } from "../../src/image/png.ts";
import { initialParameters } from "../../src/ptame/initial_parameters.ts";
import { writeHead } from "../../src/ptame/head_file.ts";
import { runCli } from "../support/run_cli.ts";
import { errorLines } from "../support/run_deno.ts";
import { filesIn, inFolder } from "../support/folders.ts";

const FIXTURES = decodeURIComponent(new URL("../fixtures/image/", import.meta.url).pathname);
const PHOTO = `${FIXTURES}photo_0.jpg`;

Deno.test("explain explains the shipped sample when no image is given", () =>
  inFolder(async (folder) => {
    const ended = await runCli(["explain"], folder);
    assertEquals(ended.code, 0, ended.stderr);
    assertEquals(ended.stdout, "");
    assertStringIncludes(ended.stderr, "shipped sample");
    assertMatch(ended.stderr, /→ +\d+\.\d % .*cat|→ +\d+\.\d % .*tabby/);
    assertEquals(filesIn(folder), ["chelsea.explained.png"]);
    const overlay = await decodeImage(await Deno.readFile(`${folder}/chelsea.explained.png`));
    assert(overlay.width >= 320 && overlay.height >= 240);
  }));

Deno.test("explain --json prints one document and writes overlay and map", () =>
  inFolder(async (folder) => {
    const ended = await runCli(
      [
        "explain",
        PHOTO,
        "--json",
        "--quiet",
        "--top",
        "2",
        "--map",
        "m.npy",
        "--device",
        "wasm",
        "--threads",
        "1",
      ],
      folder,
    );
    assertEquals(ended.code, 0, ended.stderr);
    assertEquals(ended.stderr, "");
    const document = JSON.parse(ended.stdout);
    assertEquals(Object.keys(document), [
      "image",
      "model",
      "method",
      "auxiliary",
      "device",
      "deviceChoice",
      "threads",
      "head",
      "reading",
      "prediction",
      "targets",
      "out",
      "milliseconds",
    ]);
    assertEquals([document.image, document.device, document.threads], [PHOTO, "wasm", 1]);
    assertEquals(typeof document.head.trained, "boolean");
    assertEquals(document.prediction.length, 5);
    assertEquals(document.targets.length, 2);
    assertEquals(document.targets[0].index, document.prediction[0].index);
    const { width, height, min, max, mean } = document.targets[0].map;
    assertEquals([width, height, min, max], [56, 56, 0, 1]);
    assert(mean > 0 && mean < 1);
    assertEquals(document.out, document.targets[0].out);
    const maps = ["m.npy", "m.raw.npy"];
    assertEquals(filesIn(folder), [...maps, document.targets[0].out, document.targets[1].out].sort());
    // 128 bytes of header, then [2, 56, 56] float32.
    for (const file of maps) assertEquals(Deno.statSync(`${folder}/${file}`).size, 128 + 4 * 2 * 56 * 56);
    const { raw, scale, blank } = document.targets[0];
    assertEquals([scale, blank], [{ low: raw.min, high: raw.max }, undefined]);
  }));

Deno.test("explain --boxes gives boxes around the strong regions, and refuses what does not fit", () =>
  inFolder(async (folder) => {
    const args = ["explain", PHOTO, "--device", "wasm", "--threads", "1"];
    const ended = await runCli([...args, "--boxes", "--threshold", "0.6", "--json"], folder);
    assertEquals(ended.code, 0, ended.stderr);
    const [{ boxes }] = JSON.parse(ended.stdout).targets;
    const { width, height } = await decodeImage(PHOTO);
    assert(boxes.length > 0);
    for (const { box: [x, y, wide, high], weight } of boxes) {
      assert(x >= 0 && y >= 0 && wide > 0 && high > 0 && x + wide <= width + 0.1 && y + high <= height + 0.1);
      assert(weight >= 0 && weight <= boxes[0].weight);
    }
    assertMatch(ended.stderr, /: box(es)? \d+ x \d+ at \(\d+, \d+\), \d+ % of the map/);
    for (
      const [more, message] of [
        [["--threshold", "0.5"], "--threshold needs --boxes"],
        [["--boxes", "--threshold", "0"], "above 0 and at most 1, not 0"],
        [["--boxes", "--against", "1"], "--boxes and --against exclude each other"],
      ] as const
    ) {
      const refused = await runCli([...args, ...more], folder);
      assertEquals([refused.code, errorLines(refused).length], [2, 1], refused.stderr);
      assertStringIncludes(refused.stderr, message);
    }
  }));

Deno.test("explain takes a class by label or index, and several images into a folder", () =>
  inFolder(async (folder) => {
    const ended = await runCli(
      [
        "explain",
        PHOTO,
        `${FIXTURES}photo_5.png`,
        "--target",
        "tiger cat",
        "--target",
        "0",
        "--out",
        "maps/",
        "--json",
      ],
      folder,
    );
    assertEquals(ended.code, 0, ended.stderr);
    const documents = JSON.parse(ended.stdout);
    assertEquals(documents.length, 2);
    assertEquals(documents[0].targets.map((target: { label: string }) => target.label), [
      "tiger cat",
      "tench",
    ]);
    assertEquals(filesIn(`${folder}/maps`), [
      "photo_0.explained.1-tiger-cat.png",
      "photo_0.explained.2-tench.png",
      "photo_5.explained.1-tiger-cat.png",
      "photo_5.explained.2-tench.png",
    ]);
  }));

Deno.test("explain ends with 2 and the nearest name for wrong usage", async () => {
  const cases: [string[], string][] = [
    [["explain", "--modle", "x"], "did you mean --model?"],
    [["explain", "--device", "wsam"], "did you mean wasm?"],
    [["explain", "--top", "0"], "at least 1, not 0"],
    [["explain", "--out"], "--out of explain needs a value"],
    [["explain", "--top", "2", "--target", "cat"], "exclude each other"],
    [["explain", "a.jpg", "b.jpg", "--out", "c.png"], "must be a folder for 2 images"],
    [["explain", "a.jpg", "--out", "c.gif"], "ends in .png, .webp, .jpg or .avif"],
    [["explian"], "did you mean explain?"],
    [["explain", "https://a.example/b.jpg", "--offline"], "b.jpg: --offline forbids the network"],
    [["explain", "a.png", "--out", "a.png"], "over its own image a.png"],
    [["explain", "a.png", "--out", "b.png", "--map", "b.png"], "name the same file b.png"],
  ];
  for (const [args, message] of cases) {
    const ended = await runCli(args);
    assertEquals(ended.code, 2, `${args.join(" ")}: ${ended.stderr}`);
    assertEquals(ended.stdout, "");
    assertEquals(errorLines(ended).length, 1);
    assertStringIncludes(ended.stderr, message);
  }
});

Deno.test("explain --help shows examples", async () => {
  const ended = await runCli(["explain", "--help"]);
  assertEquals(ended.code, 0);
  assertStringIncludes(ended.stdout, "Examples:\n  deno task explain photo.jpg");
});

Deno.test("explain gives one clear line per bad picture and goes on with the good ones", () =>
  inFolder(async (folder) => {
    const jpeg = await Deno.readFile(PHOTO);
    const png = await Deno.readFile(`${FIXTURES}png_rgb.png`);
    const bomb = (await encodePng({ width: 1, height: 1, data: new Uint8Array(3) })).slice();
    new DataView(bomb.buffer).setUint32(16, 60000);
    new DataView(bomb.buffer).setUint32(20, 60000);
    const pictures: [string, Uint8Array, string][] = [
      ["text.jpg", new TextEncoder().encode("not a picture"), "Cannot decode image text.jpg"],
      ["cut.jpg", jpeg.slice(0, jpeg.length / 2), "Cannot decode image cut.jpg"],
      ["cut.png", png.slice(0, png.length - 40), "Cannot decode image cut.png"],
      ["empty.jpg", new Uint8Array(), "Cannot decode image empty.jpg"],
      ["bomb.png", bomb, "60000 x 60000 pixels exceeds maxPixels"],
    ];
    for (const [name, bytes] of pictures) Deno.writeFileSync(`${folder}/${name}`, bytes);
    Deno.writeFileSync(
      `${folder}/dot.png`,
      await encodePng({ width: 1, height: 1, data: Uint8Array.of(200, 10, 10) }),
    );
    const line = { width: 1, height: 10000, data: new Uint8Array(30000).fill(99) };
    Deno.writeFileSync(`${folder}/line.png`, await encodePng(line));
    const names = [...pictures.map(([name]) => name), "missing.jpg", "dot.png", "line.png"];
    const ended = await runCli(["explain", ...names, "--out", "out/", "--json"], folder);
    assertEquals(ended.code, 1);
    const lines = errorLines(ended);
    assertEquals(lines.length, 6, ended.stderr);
    pictures.forEach(([, , message], i) => assertStringIncludes(lines[i]!, message));
    assertStringIncludes(lines[5]!, "missing.jpg");
    assertEquals(filesIn(`${folder}/out`), ["dot.explained.png", "line.explained.png"]);
    const documents = JSON.parse(ended.stdout);
    assertEquals(documents.filter((each: { error?: string }) => each.error !== undefined).length, 6);
    const webp = await runCli(["explain", "dot.png", "--out", "dot.webp", "--small"], folder);
    assertEquals(webp.code, 0, webp.stderr);
    assertEquals(readHeader(Deno.readFileSync(`${folder}/dot.webp`)).format, "webp");
  }));

Deno.test("explain gives one clear line and exit 1 for what cannot work", () =>
  inFolder(async (folder) => {
    const b = createBuilder("flat");
    b.output(b.relu(b.input("x", "float32", [1, 10])), "y");
    Deno.writeFileSync(`${folder}/flat.onnx`, encodeOnnx(b.build()));
    Deno.writeTextFileSync(`${folder}/text.onnx`, "not a model");
    const shape = { channels: [64, 128], sizes: [56, 28], classes: 7 };
    const record = { name: "other", auxiliary: "resnet18", backbone: "resnet50", trained: true };
    const head = await writeHead(record, initialParameters(shape, { kind: "default" }));
    Deno.writeFileSync(`${folder}/other.safetensors`, head);
    const damaged = head.slice();
    damaged[damaged.length - 1]! ^= 1;
    Deno.writeFileSync(`${folder}/damaged.safetensors`, damaged);
    const lying = head.slice();
    lying[0] = 255;
    lying[3] = 255;
    Deno.writeFileSync(`${folder}/lying.safetensors`, lying);
    Deno.writeTextFileSync(`${folder}/file`, "");
    const cases: [string[], string][] = [
      [["--target", "tabbi"], 'Unknown class "tabbi": did you mean tabby?'],
      [["--target", "1000"], "classes are numbered 0 to 999"],
      [["--model", "resnet5"], 'Unknown model "resnet5": did you mean resnet50?'],
      [["--model", "mnasnet0_5"], "its weights are not shipped"],
      [["--model", "flat.onnx"], "it needs one 4-D image input, it has x [1, 10]"],
      [["--model", "text.onnx"], "Cannot read ONNX model"],
      [["--model", "none.onnx"], "Cannot read model none.onnx: no such file"],
      [
        ["--head", "other.safetensors", "--auxiliary", "efficientnet_lite0"],
        "it reads 64, 128 channels (resnet18)",
      ],
      [["--head", "damaged.safetensors"], "does not match its own SHA-256: the file is damaged"],
      [["--head", "lying.safetensors"], "Cannot read head"],
      [["--out", "file/x.png"], "Cannot write file/x.png"],
    ];
    for (const [args, message] of cases) {
      const ended = await runCli(["explain", PHOTO, "--device", "wasm", ...args], folder);
      assertEquals(ended.code, 1, `${args.join(" ")}: ${ended.stderr}`);
      assertEquals(errorLines(ended).length, 1, ended.stderr);
      assertStringIncludes(ended.stderr, message);
      assertEquals(ended.stderr.includes("    at "), false, "a stack is no message");
    }
    const left = filesIn(folder);
    assertEquals(left.filter((name) => /png|partial/.test(name)), []);
  }));
