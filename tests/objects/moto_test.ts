/**
 * Every way to and from an object store, with moto's server as the store and a proxy that fails: nothing is lost, nothing
 * comes twice, and the results have the bytes of a run without failures.
 *
 * With PTAME_HEAVY=1 alone, and where Python has moto.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { objectAddress, type ObjectStore } from "../../src/objects/mod.ts";
import { openObjectStore } from "../../src/objects/store.ts";
import { colourClassifier, COLOURS } from "../support/colour_classifier.ts";
import { heavyTests } from "../support/devices.ts";
import { type FaultyProxy, proxyWithFaults } from "../support/faulty_proxy.ts";
import { inFolder } from "../support/folders.ts";
import { freePort } from "../support/free_port.ts";
import { pythonWith } from "../support/python_torch.ts";
import { type Ended, runCliProcess, startCli } from "../support/run_deno.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const KEYS = { accessKeyId: "someone", secretAccessKey: "secret" };

const python = heavyTests()
  ? await pythonWith(
    ["moto", "flask"],
    "a real object store; pip install 'moto[server]', into the python3 of the PATH",
  )
  : undefined;

/** What a test has: the store behind the proxy, and commands that see the proxy alone. */
interface Bench {
  readonly store: ObjectStore;
  readonly proxy: FaultyProxy;
  readonly folder: string;
  /** Variables of a command; `faults` says whether it asks the proxy. */
  env(faults: boolean): Record<string, string>;
  run(args: readonly string[], faults?: boolean): Promise<Ended>;
}

async function withStore(seed: number, act: (bench: Bench) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const port = freePort();
    const direct = `http://127.0.0.1:${port}`;
    const server = new Deno.Command(python!, {
      args: ["-m", "moto.server", "-p", String(port)],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const proxy = proxyWithFaults(direct, seed);
    try {
      for (let wait = 0;; wait++) {
        try {
          await (await fetch(`${direct}/bucket`, { method: "PUT" })).body?.cancel();
          break;
        } catch (error) {
          if (wait > 300) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
      const env = (faults: boolean) => ({
        AWS_ENDPOINT_URL: faults ? proxy.endpoint : direct,
        AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
        AWS_CONFIG_FILE: `${folder}/none`,
        AWS_SHARED_CREDENTIALS_FILE: `${folder}/none`,
        PTAME_CACHE: `${folder}/cache`,
      });
      await act({
        store: await openObjectStore({ endpoint: direct, region: "us-east-1", credentials: KEYS }),
        ...{ proxy, folder, env },
        run: (args, faults = true) => runCliProcess(args, folder, env(faults)),
      });
    } finally {
      await proxy[Symbol.asyncDispose]();
      server.kill("SIGKILL");
      await server.status;
    }
  });
}

async function keys(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(`s3://bucket/${prefix}`))).map(({ key }) => key);
}

async function text(store: ObjectStore, key: string): Promise<string> {
  return new TextDecoder().decode(await store.read(objectAddress({ bucket: "bucket", key })));
}

async function fill(store: ObjectStore): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await store.write(
      `s3://bucket/in/deep/${i}.jpg`,
      Deno.readFileSync(new URL(`image/photo_${i}.jpg`, FIXTURES)),
    );
  }
  for (const name of ["gnu.tar", "zipped.tar.gz", "structure.parquet"]) {
    await store.write(`s3://bucket/in/${name}`, Deno.readFileSync(new URL(`sources/${name}`, FIXTURES)));
  }
}
/** Images in what {@linkcode fill} writes. */
const IMAGES = 5 + 5 + 2 + 5;

Deno.test({
  name:
    "explain of images, shards and Parquet in a store that fails, killed and started again, is that of one that does not",
  ignore: python === undefined,
  fn: () =>
    withStore(5, async ({ store, proxy, folder, env, run }) => {
      await fill(store);
      const explain = (
        out: string,
      ) => ["explain", "s3://bucket/in", "--out", `s3://bucket/${out}`, "--device", "wasm", "--workers", "2"];
      const killed = startCli(explain("faulty"), folder, env(true));
      const said = killed.stderr.text();
      while ((await keys(store, "faulty/")).filter((key) => key.endsWith(".png")).length < 4) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      killed.kill("SIGKILL");
      await Promise.all([said, killed.status]);

      const again = await run(explain("faulty"));
      assertEquals(again.code, 0, again.stderr);
      assertStringIncludes(again.stderr, `${IMAGES} of ${IMAGES} explained`);
      const third = await run(explain("faulty"));
      assertStringIncludes(third.stderr, `${IMAGES} of ${IMAGES} explained`);
      const whole = await run(explain("calm"), false);
      assertEquals(whole.code, 0, whole.stderr);
      for (const out of ["faulty", "calm"]) {
        assertEquals(
          (await run([
            "merge",
            `s3://bucket/${out}`,
            "--out",
            `s3://bucket/${out}-joined`,
            "--without-times",
          ])).code,
          0,
        );
      }
      const joined = async (out: string) => {
        const lines = (await text(store, `${out}-joined/results.jsonl`)).trim().split("\n")
          .map((line) => JSON.parse(line.replaceAll(`s3://bucket/${out}/`, "")));
        return lines.map(({ check: _, ...rest }) => rest).sort((a, b) => a.image < b.image ? -1 : 1);
      };
      const [faulty, calm] = [await joined("faulty"), await joined("calm")];
      assertEquals(new Set(faulty.map(({ image }) => image)).size, IMAGES);
      assertEquals(faulty.length, IMAGES);
      const differing = faulty.filter((line, i) => JSON.stringify(line) !== JSON.stringify(calm[i]));
      assertEquals(differing.length, 0, JSON.stringify(differing[0]));
      const overlays = async (out: string) =>
        (await keys(store, `${out}/`)).filter((key) => key.endsWith(".png")).map((key) =>
          key.slice(out.length)
        );
      assertEquals(await overlays("faulty"), await overlays("calm"));
      let different = 0;
      for (const name of await overlays("calm")) {
        if (await text(store, `faulty${name}`) !== await text(store, `calm${name}`)) different++;
      }
      assertEquals(different, 0);
      console.log(`${proxy.requests} requests through the proxy, injected:`, proxy.injected);
      const { refused, cut, slow, lost } = proxy.injected;
      assert(refused > 5 && cut + slow + lost > 2, JSON.stringify(proxy.injected));
    }),
});

Deno.test({
  name: "train, evaluate with Parquet, and a model read and write a store that fails",
  ignore: python === undefined,
  fn: () =>
    withStore(8, async ({ store, folder, run }) => {
      await fill(store);
      const trained = await run([
        ...[
          "train",
          "--backbone",
          "efficientnet_lite0",
          "--images",
          "s3://bucket/in",
          "--steps",
          "2",
          "--batch",
          "2",
        ],
        ...["--hold-out", "0", "--device", "wasm", "--out", "s3://bucket/head.safetensors"],
      ]);
      assertEquals(trained.code, 0, trained.stderr);
      const made = await keys(store, "head");
      assertEquals(made, ["head.last.safetensors", "head.loss.png", "head.safetensors"]);

      const measured = await run([
        ...[
          "evaluate",
          "--images",
          "s3://bucket/in/deep",
          "--limit",
          "2",
          "--measures",
          "ad",
          "--methods",
          "ptame",
        ],
        ...["--head", "s3://bucket/head.safetensors", "--device", "wasm", "--gallery", "1"],
        ...[
          "--report",
          "s3://bucket/report",
          "--values",
          "s3://bucket/values.parquet",
          "--csv",
          "s3://bucket/t.csv",
        ],
      ]);
      assertEquals(measured.code, 0, measured.stderr);
      const report = await keys(store, "report/");
      assert(report.includes("report/report.html") && report.includes("report/results.json"), report.join());
      assert(report.some((key) => key.startsWith("report/records/")), report.join());
      assertEquals((await text(store, "values.parquet")).slice(0, 4), "PAR1");
      assertStringIncludes(await text(store, "t.csv"), "ptame");

      await store.write("s3://bucket/m/colours.onnx", colourClassifier());
      await store.write("s3://bucket/m/labels.txt", COLOURS.join("\n"));
      const explained = await run([
        ...[
          "explain",
          "s3://bucket/in/deep/0.jpg",
          "--model",
          "s3://bucket/m/colours.onnx",
          "--method",
          "gradcam",
        ],
        ...["--device", "wasm", "--out", "s3://bucket/one.png", "--json"],
      ]);
      assertEquals(explained.code, 0, explained.stderr);
      assert(COLOURS.includes(JSON.parse(explained.stdout).prediction[0].label));
      assertEquals((await keys(store, "one")).length, 1);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["cache"]);
    }),
});
