/**
 * The package as JSR's users get it, from a registry on this machine: imported, in a worker, as command line, server and
 * trainer, installed. Its weights and head are fetched once.
 *
 * With PTAME_HEAVY=1 alone: every step is a process that loads the whole package.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { heavyTests, warmUpWasm } from "../support/devices.ts";
import { type Ended, ENVIRONMENT, PERMISSIONS } from "../support/run_deno.ts";
import { docBlocks } from "../support/doc_blocks.ts";
import { type Said, sameAsHere, SAMPLE } from "./packed.ts";
import { serveRegistry } from "./registry.ts";

/** What the first start fetches beside modules. */
const SHIPPED = [
  "/models/heads/efficientnet_lite0.safetensors",
  "/models/weights/efficientnet_lite0.safetensors",
];

/** The permissions of a program that imports the package, as docs/deno.md names them. */
const OF_A_PROGRAM = ["--allow-read", "--allow-write", "--allow-env", "--allow-net"];

const SAY = `console.log(JSON.stringify({
  index: prediction[0].index,
  probability: prediction[0].probability,
  map: [...targets[0].map.values],
}));`;

const programs = (specifier: string) => ({
  "main.ts": `import { createExplainer } from "${specifier}";
const explainer = await createExplainer({ device: "wasm", offline: Deno.args[0] === "offline" });
const { prediction, targets } = await explainer.explain("photo.jpg");
await explainer.dispose();
${SAY}
Deno.exit();`,
  "documented.ts": docBlocks("deno.md", "ts", 1)[0]!.replace("jsr:@ptame/ptame", specifier),
  "worker.ts": `import { serveWorker } from "${specifier}/worker/serve";
serveWorker(self);`,
  "page.ts": `import { connectWorker } from "${specifier}/worker";
const workers = ["a", "b"].map(() => new Worker(import.meta.resolve("./worker.ts"), { type: "module" }));
const explainers = await Promise.all(workers.map((worker) =>
  connectWorker(worker).createExplainer({ device: "wasm", threads: 1 })
));
const { prediction, targets } = await explainers[1].explain(new Blob([await Deno.readFile("photo.jpg")]));
${SAY}
Deno.exit();`,
});

const heavy = heavyTests();
if (heavy) await warmUpWasm();

Deno.test({
  name: "the package works from a registry laid out as JSR's",
  ignore: !heavy,
  fn: async (t) => {
    const checkSame = await sameAsHere();
    await using registry = await serveRegistry();
    const folder = await Deno.makeTempDir({ prefix: "ptame_jsr_" });
    const cache = `${folder}/cache`;
    const env = {
      ...ENVIRONMENT,
      JSR_URL: registry.url,
      PTAME_CACHE: cache,
      PTAME_CALLED_AS: "",
    };
    const command = (program: string, args: readonly string[], more: Record<string, string> = {}) =>
      new Deno.Command(program, {
        args: [...args],
        cwd: folder,
        env: { ...env, ...more },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      });
    const deno = (args: readonly string[], more: Record<string, string> = {}): Promise<Ended> =>
      command(Deno.execPath(), args, more).output().then(({ code, stdout, stderr }) => ({
        code,
        stdout: new TextDecoder().decode(stdout),
        stderr: new TextDecoder().decode(stderr),
      }));
    const run = ["run", "--no-config", "--no-lock", "--no-prompt", "--quiet"];
    const cli = [...run, ...PERMISSIONS, `${registry.specifier}/cli`];
    const fetched = () => registry.files.splice(0).sort();
    const whole = (ended: Ended): Ended => {
      assertEquals(ended.code, 0, ended.stderr);
      return ended;
    };
    const explained = (ended: Ended) => checkSame(JSON.parse(whole(ended).stdout) as Said);
    try {
      await Deno.copyFile(SAMPLE, `${folder}/photo.jpg`);
      for (const [name, text] of Object.entries(programs(registry.specifier))) {
        await Deno.writeTextFile(`${folder}/${name}`, text);
      }

      await t.step("offline with an empty cache is one clear error", async () => {
        const ended = await deno([...cli, "explain", "photo.jpg", "--offline"]);
        assertEquals(ended.code, 1);
        assertStringIncludes(ended.stderr, "offline forbids the network");
        assertEquals(ended.stderr.trim().split("\n").length, 1);
        const sample = await deno([...cli, "explain", "--offline"]);
        assertEquals(sample.code, 2);
        assertStringIncludes(sample.stderr, "--offline forbids the network");
        assertEquals(fetched(), []);
      });

      await t.step("a program fetches weights and head once", async () => {
        explained(await deno([...run, ...OF_A_PROGRAM, "main.ts"]));
        assertEquals(fetched(), SHIPPED);
        explained(await deno([...run, ...OF_A_PROGRAM, "main.ts"]));
        explained(await deno([...run, ...OF_A_PROGRAM, "main.ts", "offline"]));
        const documented = whole(await deno([...run, ...OF_A_PROGRAM, "documented.ts"]));
        assertMatch(documented.stdout, /^Egyptian cat 0\.\d+ 56 56\n$/);
        assertEquals(fetched(), []);
      });

      await t.step("workers share what is there; without a cache each program fetches", async () => {
        explained(await deno([...run, ...OF_A_PROGRAM, "page.ts"]));
        assertEquals(fetched(), []);
        // Reading files and the network alone: there is no place to keep anything.
        explained(await deno([...run, "--allow-read", "--allow-net", "main.ts"]));
        assertEquals(fetched(), SHIPPED);
      });

      await t.step("the command line explains and trains", async () => {
        whole(await deno([...cli, "explain", "photo.jpg", "--offline", "--out", "out.png"]));
        assert((await Deno.stat(`${folder}/out.png`)).size > 10_000);
        await Deno.mkdir(`${folder}/photos`);
        for (const name of ["a", "b"]) await Deno.copyFile(SAMPLE, `${folder}/photos/${name}.jpg`);
        const options =
          "--backbone efficientnet_lite0 --images photos --batch 2 --micro-batch 1 --steps 1 --hold-out 0 --out head.safetensors";
        whole(await deno([...cli, "train", "--offline", ...options.split(" ")]));
        assert((await Deno.stat(`${folder}/head.safetensors`)).size > 1e6);
        assertEquals(fetched(), []);
      });

      await t.step("the server answers, with its page", async () => {
        const child = command(Deno.execPath(), [...cli, "serve", "--port", "0", "--offline"]).spawn();
        const reader = child.stderr.pipeThrough(
          new TextDecoderStream() as TransformStream<Uint8Array, string>,
        )
          .getReader();
        try {
          let said = "";
          let address: string | undefined;
          while (address === undefined) {
            const { done, value } = await reader.read();
            if (done) throw new Error(`The server does not start: ${said}`);
            said += value;
            address = /http:\/\/[\d.]+:\d+/.exec(said)?.[0];
          }
          const page = await fetch(address);
          assertStringIncludes(await page.text(), "<html");
          const response = await fetch(`${address}/explain`, {
            method: "POST",
            body: await Deno.readFile(SAMPLE),
            headers: { "content-type": "image/jpeg", accept: "application/json" },
          });
          assertEquals(response.status, 200);
          assertStringIncludes(await response.text(), "prediction");
          assertEquals(fetched().filter((path) => path.endsWith(".safetensors")), []);
        } finally {
          child.kill("SIGTERM");
          await reader.cancel();
          await child.stdout.cancel();
          await child.status;
        }
      });

      await t.step("deno install -g makes a command", async () => {
        whole(
          await deno(
            ["install", "-g", "-A", "--no-config", "--name", "ptame", `${registry.specifier}/cli`],
            { DENO_INSTALL_ROOT: `${folder}/installed` },
          ),
        );
        const { code, stdout } = await command(`${folder}/installed/bin/ptame`, ["--version"], {
          PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`,
        }).output();
        assertEquals(code, 0);
        assertStringIncludes(new TextDecoder().decode(stdout), "0.1.0");
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
