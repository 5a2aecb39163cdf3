/**
 * What libraries would do in place of our own code: how often their results differ, how long they take, how many bytes
 * they add to a page. The rows of docs/dependencies.md that say "ours" come from here.
 *
 *     deno task bench:libraries [PIECE…]
 *
 * The libraries are not the project's: they are fetched from npm when this runs.
 *
 * @module
 */
import { imputeLinear } from "../src/faithfulness/imputation.ts";
import { niceTicks } from "../src/image/plot.ts";
import { encodePng } from "../src/image/png.ts";
import { encodeNpy } from "../src/image/npy.ts";
import { colorizeSigned, decodeImage, readHeader } from "../src/image/mod.ts";
import { createGenerator } from "../src/random/generator.ts";
import { hashText } from "../src/random/hash.ts";
import { formatFor, FORMATS, MEDIA_TYPES } from "../src/server/negotiation.ts";
import { float16ToFloat32, float32ToFloat16 } from "../src/bytes/half.ts";
import { toByteSource } from "../src/bytes/byte_source.ts";
import { sha256 } from "../src/weights/storage/digest.ts";
import { readZip } from "../src/weights/torch/zip.ts";
import { floats, zipOf } from "../tests/weights/torch/make_files.ts";

interface Oklab {
  readonly l: number;
  readonly a: number;
  readonly b: number;
}

const FIXTURES = new URL("../tests/fixtures/", import.meta.url);

/** A package by name and version; not a literal, so that nobody who checks the project fetches it. */
function library(name: string) {
  return import(`npm:${name}`);
}

/** Shortest of five runs, in milliseconds. */
async function shortest(act: () => unknown): Promise<number> {
  await act();
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    await act();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

async function ratio(library: () => unknown, own: () => unknown): Promise<string> {
  return `${(await shortest(library) / await shortest(own)).toFixed(1)} times our time`;
}

/** Bytes of a page's bundle that holds these names of a package, minified. */
async function bundled(name: string, names: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const entry = `${folder}/entry.ts`;
    await Deno.writeTextFile(entry, `import ${names} from "npm:${name}"; globalThis.used = ${given(names)};`);
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["bundle", "--no-config", "--no-lock", "--minify", "--platform", "browser"]
        .concat("-o", `${folder}/out.js`, entry),
      stderr: "null",
      stdout: "null",
    }).output();
    return success
      ? `${((await Deno.stat(`${folder}/out.js`)).size / 1000).toFixed(1)} kB`
      : "does not bundle";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** `{ a, b }` as a value that holds both. */
function given(names: string): string {
  return names.startsWith("{") ? names.replace("{", "[").replace("}", "]") : names.replace("* as ", "");
}

function countDiffering(length: number, differs: (i: number) => boolean): string {
  let count = 0;
  for (let i = 0; i < length; i++) if (differs(i)) count++;
  return `${count} of ${length} differ`;
}

function* fixtures(folder: string, names: RegExp): Generator<Uint8Array<ArrayBuffer>> {
  for (const { name } of Deno.readDirSync(new URL(folder, FIXTURES))) {
    if (names.test(name)) yield Deno.readFileSync(new URL(folder + name, FIXTURES));
  }
}

/** Archives whose directory lies; `readZip` refuses each. */
function lyingArchives(): Record<string, Uint8Array> {
  const first = ["a/data.pkl", floats(1)] as const;
  const entry = (lie: NonNullable<Parameters<typeof zipOf>[0][number][2]>) =>
    zipOf([first, ["a/data/0", floats(1, 2), lie]]);
  const lies = {
    encrypted: entry({ flags: 1 }),
    "longer than the file": entry({ length: 1 << 30 }),
    "outside the file": entry({ local: 0x7fffffff }),
    "another local name": entry({ localName: "a/data/1" }),
    "named twice": zipOf([first, first]),
    overlapping: zipOf([first, ["a/data/0", floats(1), { length: 56, flags: 8 }], ["a/data/1", floats(1)]]),
    "another count": zipOf([first], { count: 60000 }),
    "a directory elsewhere": zipOf([first], { directory: 0 }),
  };
  for (const [lie, bytes] of Object.entries(lies)) {
    let refused = false;
    try {
      readZip(toByteSource(bytes));
    } catch {
      refused = true;
    }
    if (!refused) throw new Error(`readZip() takes an archive that lies: ${lie}`);
  }
  return lies;
}

const PIECES: Readonly<Record<string, () => Promise<string[]>>> = {
  zip: async () => {
    const { ZipReader, Uint8ArrayReader } = await library("@zip.js/zip.js@2.24.0");
    const said: string[] = [];
    for (const strictness of ["strict", "balanced"]) {
      let [read, all] = [0, 0];
      for (const bytes of fixtures("weights/torch/", /\.pth$/)) {
        if (bytes[0] !== 0x50) continue;
        all++;
        readZip(toByteSource(bytes));
        const reader = new ZipReader(new Uint8ArrayReader(bytes), {
          strictness,
          checkOverlappingEntry: true,
        });
        read += await reader.getEntries().then(() => 1, () => 0);
      }
      const accepted: string[] = [];
      for (const [lie, bytes] of Object.entries(lyingArchives())) {
        const reader = new ZipReader(new Uint8ArrayReader(bytes), {
          strictness,
          checkOverlappingEntry: true,
        });
        await reader.getEntries().then(() => accepted.push(lie), () => {});
      }
      said.push(
        `zip.js, ${strictness}: reads ${read} of ${all} archives of PyTorch`,
        `and lets these lies through, which we refuse: ${accepted.join(", ")}`,
      );
    }
    return [...said, await bundled("@zip.js/zip.js@2.24.0", "{ ZipReader, Uint8ArrayReader }")];
  },
  exif: async () => {
    const { imageSize } = await library("image-size@2.1.0");
    const exif = (await library("exifreader@4.46.0")).default;
    const images = [...fixtures("image/", /\.(jpg|png|gif|tif|webp)$/)];
    const turned = images.map((bytes) => readHeader(bytes).orientation?.value ?? 1);
    const turnedBy = (bytes: Uint8Array): number => imageSize(bytes).orientation ?? 1;
    const turnedByExif = (bytes: Uint8Array): number => {
      try {
        return exif.load(bytes.buffer).Orientation?.value ?? 1;
      } catch {
        return 1;
      }
    };
    return [
      `image-size: ${countDiffering(images.length, (i) => turnedBy(images[i]!) !== turned[i])}`,
      `exifreader: ${countDiffering(images.length, (i) => turnedByExif(images[i]!) !== turned[i])}`,
      await ratio(() => images.map(turnedByExif), () => images.map(readHeader)),
      await bundled("image-size@2.1.0", "{ imageSize }"),
      await bundled("exifreader@4.46.0", "* as exif"),
    ];
  },
  png: async () => {
    const { encode } = await library("fast-png@8.0.0");
    const photo = await decodeImage(
      Deno.readFileSync(new URL("../models/sample/chelsea.jpg", import.meta.url)),
    );
    const theirs = () => encode({ ...photo, channels: 3, depth: 8 });
    const bytes = (theirs().length / (await encodePng(photo)).length).toFixed(2);
    return [
      `fast-png: ${bytes} times our bytes`,
      await ratio(theirs, () => encodePng(photo)),
      await bundled("fast-png@8.0.0", "{ encode }"),
    ];
  },
  npy: async () => {
    const { dump } = await library("npyjs@1.2.0");
    const values = Float32Array.from({ length: 224 * 224 }, (_, i) => i);
    const [own, theirs] = [encodeNpy(values, [1, 224, 224]), new Uint8Array(dump(values, [1, 224, 224]))];
    const header = (bytes: Uint8Array) => bytes.length - 4 * values.length;
    return [
      `npyjs: a header of ${header(theirs)} bytes, ours of ${
        header(own)
      }; NumPy's format asks for a multiple of 64`,
      await bundled("npyjs@1.2.0", "{ dump }"),
    ];
  },
  half: async () => {
    const { Float16Array, setFloat16 } = await library("@petamoriken/float16@3.9.3");
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const widened = (halves: Uint16Array) =>
      Float32Array.from(new Float16Array(halves.buffer) as Float32Array);
    const bits = (values: Float32Array) => new Uint32Array(values.buffer);
    const [own, theirs] = [bits(float16ToFloat32(all)), bits(widened(all))];
    const generator = createGenerator(3);
    const values = Float32Array.from({ length: 1 << 18 }, () => generator.normal());
    const [halves, view] = [float32ToFloat16(values), new DataView(new ArrayBuffer(2 * values.length))];
    return [
      `float16: bits of ${countDiffering(65536, (i) => own[i] !== theirs[i])} (payloads of NaN)`,
      `widened in ${await ratio(() => widened(halves), () => float16ToFloat32(halves))}`,
      `narrowed in ${await ratio(
        () => values.forEach((value, i) => setFloat16(view, 2 * i, value, true)),
        () => float32ToFloat16(values),
      )}`,
      await bundled("@petamoriken/float16@3.9.3", "{ Float16Array, setFloat16 }"),
    ];
  },
  sparse: async () => {
    const { create, all } = await library("mathjs@15.2.0");
    const math = create(all);
    const side = 112;
    const generator = createGenerator(4);
    const pixels = Float32Array.from({ length: 3 * side * side }, () => generator.uniform());
    const missing = Uint8Array.from({ length: side * side }, () => (generator.uniform() < 0.5 ? 1 : 0));
    const places = [...missing.keys()].filter((at) => missing[at] !== 0);
    const row = new Map(places.map((at, i) => [at, i]));
    const [values, index, ptr]: [number[], number[], number[]] = [[], [], [0]];
    const rights = [0, 1, 2].map(() => new Array(places.length).fill(0));
    places.forEach((at, i) => {
      const entries = new Map<number, number>([[i, 0]]);
      for (let k = 0; k < 9; k++) {
        const [x, y] = [at % side + k % 3 - 1, Math.floor(at / side) + Math.floor(k / 3) - 1];
        if (k === 4 || x < 0 || y < 0 || x >= side || y >= side) continue;
        const weight = k % 2 === 1 ? 2 : 1;
        entries.set(i, entries.get(i)! + weight);
        const other = row.get(y * side + x);
        if (other !== undefined) entries.set(other, -weight);
        else rights.forEach((right, c) => right[i] += weight * pixels[c * side * side + y * side + x]!);
      }
      for (const [at, value] of [...entries].sort((a, b) => a[0] - b[0])) {
        index.push(at);
        values.push(value);
      }
      ptr.push(index.length);
    });
    const size = [places.length, places.length];
    const system = new math.SparseMatrix({ values, index, ptr, size, datatype: "number" });
    const solve = () => {
      const factors = math.slu(system, 1, 1e-3);
      return rights.map((right) => math.lusolve(factors, right).toArray() as number[][]);
    };
    const [own, solved] = [imputeLinear(pixels, missing, side, side), solve()];
    const apart = solved.flatMap((colour, c) =>
      places.map((at, i) => Math.abs(colour[i]![0]! - own[c * side * side + at]!))
    );
    return [
      `mathjs: largest difference ${Math.max(...apart).toExponential(1)} (${places.length} unknowns)`,
      await ratio(solve, () => imputeLinear(pixels, missing, side, side)),
      await bundled(
        "mathjs@15.2.0",
        "{ create, sluDependencies, lusolveDependencies, SparseMatrixDependencies }",
      ),
    ];
  },
  accept: async () => {
    const Negotiator = (await library("negotiator@1.1.0")).default;
    const types = FORMATS.map((format) => MEDIA_TYPES[format]);
    const asked = ["*/*", "image/png", "image/png, application/json", "image/png;q=2", " ", "text/html"];
    const theirs = (accept: string): string | undefined =>
      new Negotiator({ headers: { accept } }).mediaType(types);
    const own = (accept: string) => {
      const format = formatFor(accept);
      return format === undefined ? undefined : MEDIA_TYPES[format];
    };
    const differing = asked.filter((accept) => theirs(accept) !== own(accept));
    return [
      `negotiator differs for ${JSON.stringify(differing)}`,
      await bundled("negotiator@1.1.0", "* as all"),
    ];
  },
  hashes: async () => {
    const fnv1a = (await library("@sindresorhus/fnv1a@3.1.0")).default;
    const { createSHA256 } = await library("hash-wasm@4.13.0");
    const names = ["features.0.weight", "façade.jpg"];
    const differing = names.filter((name) => Number(fnv1a(name, { size: 32 })) !== hashText(name));
    const bytes = new Uint8Array(1 << 20);
    const hash = await createSHA256();
    return [
      `fnv1a differs for ${JSON.stringify(differing)}`,
      `hash-wasm's SHA-256 in ${await ratio(() => hash.init().update(bytes), () => sha256().update(bytes))}`,
    ];
  },
  plots: async () => {
    const { ticks } = await library("d3-array@3.2.4");
    const generator = createGenerator(7);
    const ranges = Array.from({ length: 1000 }, () => {
      const low = generator.normal();
      return [low, low + Math.exp(4 * generator.normal())] as const;
    });
    const differs = (i: number) => {
      const [low, high] = ranges[i]!;
      return niceTicks(low, high, 6).join() !== (ticks(low, high, 6) as number[]).join();
    };
    return [`ticks of d3-array: ${countDiffering(ranges.length, differs)}`];
  },
  colours: async () => {
    const { converter } = await library("culori@4.0.2");
    const [lab, rgb] = [converter("oklab"), converter("rgb")];
    const own = colorizeSigned(Float32Array.from({ length: 255 }, (_, i) => (i - 127) / 127));
    const end = (l: number, c: number, h: number): Oklab => lab({ mode: "oklch", l, c, h });
    const [below, zero, above] = [end(0.58, 0.15, 252), end(0.97, 0, 0), end(0.58, 0.15, 48)];
    const differs = (i: number) => {
      const share = (i - 127) / 127;
      const side = share < 0 ? below : above;
      const mix = (key: keyof Oklab) => zero[key] + Math.abs(share) * (side[key] - zero[key]);
      const { r, g, b } = rgb({ mode: "oklab", l: mix("l"), a: mix("a"), b: mix("b") });
      const bytes = [r, g, b].map((value: number) => Math.round(255 * Math.min(1, Math.max(0, value))));
      return bytes.some((value, c) => value !== own[3 * i + c]);
    };
    return [
      `culori: ${countDiffering(255, differs)}`,
      await bundled("culori@4.0.2", "{ converter }"),
      `tables of d3-scale-chromatic: ${await bundled(
        "d3-scale-chromatic@3.1.1",
        "{ interpolateInferno, interpolateViridis }",
      )}`,
    ];
  },
  sizes: async () => [
    `bidi-js ${await bundled("bidi-js@1.1.0", "createBidi")}`,
    `comlink ${await bundled("comlink@4.4.2", "* as all")}`,
    `p-retry ${await bundled("p-retry@9.0.0", "retry")}`,
    `pickleparser ${await bundled("pickleparser@0.2.1", "{ Parser }")}`,
    `zod ${await bundled("zod@4", "{ z }")}`,
    `zod-to-openapi ${await bundled(
      "@asteasolutions/zod-to-openapi@8",
      "{ extendZodWithOpenApi, OpenAPIRegistry, OpenApiGeneratorV31 }",
    )}`,
  ],
};

if (import.meta.main) {
  const asked = Deno.args.length === 0 ? Object.keys(PIECES) : Deno.args;
  for (const piece of asked) {
    const measure = PIECES[piece];
    if (measure === undefined) {
      throw new Error(`No piece ${piece}; there are ${Object.keys(PIECES).join(", ")}`);
    }
    console.log(`${piece}\n  ${(await measure()).join("\n  ")}`);
  }
}
