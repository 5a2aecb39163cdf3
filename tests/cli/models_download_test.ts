/** `models pull`, `verify`, `remove` and what explains with downloaded weights, against a server on this machine. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { findNetwork } from "../../models/registry.ts";
import { asBytes } from "../../src/graph/constants.ts";
import { encodeSafetensors } from "../../src/weights/safetensors.ts";
import { heavyTests } from "../support/devices.ts";
import { hexDigest } from "../support/digest.ts";
import { graphOf, unboundWeights } from "../support/networks.ts";
import { runCli } from "../support/run_cli.ts";
import { type Ended, errorLines, runDeno, startCli } from "../support/run_deno.ts";
import { seededTensor } from "../support/seeded_weights.ts";
import { type Answer, good, serveFile, status } from "../support/weight_server.ts";
import { filesIn, inFolder } from "../support/folders.ts";

const SMALL = findNetwork("mobilenet_v3_small")!;
const REAL = SMALL.weights.published![0]!;
const PHOTO = decodeURIComponent(new URL("../fixtures/image/photo_0.jpg", import.meta.url).pathname);

const lines = ({ stderr }: Ended) => stderr.trim().split("\n");

Deno.test("models pull refuses bytes that are not the published ones, and leaves nothing", async () => {
  await inFolder(async (cache) => {
    await using server = serveFile(new Uint8Array(REAL.bytes), [good()]);
    const env = { PTAME_CACHE: cache, PTAME_MIRROR: server.url };
    const ended = await runCli(["models", "pull", "mobilenet_v3_small"], undefined, env);
    assertEquals([ended.code, ended.stdout, errorLines(ended).length], [1, "", 1], ended.stderr);
    assertMatch(
      errorLines(ended)[0]!,
      /: the content differs from the published file \(SHA-256 [0-9a-f]{8}… instead of 047dcff4…\)$/,
    );
    assertEquals(server.asked.map(({ path }) => path), [`/files/${REAL.file}`]);
    assertEquals(
      lines(ended)[0],
      `Downloading ${REAL.file}: 10.3 MB, BSD-3-Clause, from ${server.url}/${REAL.file}`,
    );
    assertEquals(filesIn(cache), []);
  });
});

Deno.test("models pull keeps what is here on Ctrl-C, says so in the list, and goes on", async () => {
  await inFolder(async (cache) => {
    const half = Math.ceil(REAL.bytes / 2);
    const halting: Answer = (content) => ({
      status: 200,
      headers: { "content-length": `${content.length}` },
      parts: [content.subarray(0, half), null],
    });
    await using server = serveFile(new Uint8Array(REAL.bytes), [halting, status(404)]);
    const env = { PTAME_CACHE: cache, PTAME_MIRROR: server.url };
    const child = startCli(["models", "pull", "mobilenet_v3_small"], cache, env);
    const said = new Response(child.stderr).text();
    const partial = `${cache}/${REAL.file}.partial`;
    const size = () => {
      try {
        return Deno.statSync(partial).size;
      } catch {
        return 0;
      }
    };
    while (size() < half) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    assertEquals((await child.status).code, 130);
    assertMatch(await said, /^Downloading .*\nStopped\n$/s);
    assertEquals(filesIn(cache), [`${REAL.file}.partial`]);
    assertMatch(
      (await runCli(["models", "list"], undefined, env)).stdout,
      /^mobilenet_v3_small .* 50 % here /m,
    );
    assertMatch((await runCli(["models", "list"], undefined, env)).stdout, /^vgg16 .* - +BSD/m);

    const again = await runCli(["models", "pull", "mobilenet_v3_small"], undefined, env);
    assertMatch(lines(again)[0]!, /: 10\.3 MB, 5\.2 MB already stored, /);
    assertEquals([again.code, server.asked.map(({ from }) => from)], [1, [undefined, half]]);
    // Half of a file is no reason to throw it away because a server has lost it.
    assertEquals(filesIn(cache), [`${REAL.file}.partial`]);
    const removed = await runCli(["models", "remove", "mobilenet_v3_small"], undefined, env);
    assertEquals(lines(removed), [`mobilenet_v3_small: 5.2 MB removed from ${cache}`]);
    assertEquals(filesIn(cache), []);
  });
});

Deno.test("models pull, verify and remove refuse wrong usage with exit code 2", async () => {
  const cases: [string[], Record<string, string>, string][] = [
    [["pull"], {}, "Name a network to download"],
    [["pull", "resnet19"], {}, "Unknown network resnet19: did you mean resnet18?"],
    [["pull", "resnet18"], { PTAME_MIRROR: "nonsense" }, "PTAME_MIRROR takes http(s) addresses"],
    [["remove"], {}, "Name a network to remove"],
    [["remove", "efficientnet_lite0"], {}, "its weights are part of the package"],
    [["verify", "resnet"], {}, "Unknown network resnet"],
  ];
  await inFolder(async (cache) => {
    for (const [args, env, message] of cases) {
      const ended = await runCli(["models", ...args], undefined, { PTAME_CACHE: cache, ...env });
      assertEquals([ended.code, ended.stdout, errorLines(ended).length], [2, "", 1], ended.stderr);
      assertStringIncludes(ended.stderr, message);
    }
    assertEquals(filesIn(cache), []);
  });
});

Deno.test("weights come when they are needed, are verified, explained with and removed", {
  ignore: !heavyTests(),
}, async () => {
  // A file with the names and shapes of the true one.
  const content = encodeSafetensors(
    unboundWeights(graphOf(SMALL)).map(({ name, shape }) => ({
      name,
      type: "float32",
      shape,
      data: asBytes(seededTensor(name, shape)),
    })),
  );
  const file = "seeded.safetensors";
  const published = {
    network: SMALL.name,
    file,
    bytes: content.length,
    sha256: await hexDigest(content),
    licence: "MIT",
    urls: ["https://published.example/seeded.safetensors"],
  };
  await inFolder(async (cache) => {
    await using server = serveFile(content, [status(503), good({ cut: 4_000_000 }), good()]);
    const env = { PTAME_CACHE: cache, PTAME_MIRROR: server.url, PUBLISHED: JSON.stringify(published) };
    const script = decodeURIComponent(new URL("../support/cli_with_weights.ts", import.meta.url).pathname);
    const run = (...args: string[]) => runDeno(["-A", script, ...args], { env, cwd: cache });
    const explain = ["explain", PHOTO, "--model", SMALL.name, "--device", "wasm", "--json"];

    const offline = await run(...explain, "--offline");
    assertEquals([offline.code, offline.stdout], [1, ""]);
    assertMatch(
      errorLines(offline).join("\n"),
      /offline forbids the network; .*models pull mobilenet_v3_small$/,
    );
    assertEquals([server.asked.length, filesIn(cache)], [0, []]);

    const explained = await run(...explain);
    assertEquals(explained.code, 0, explained.stderr);
    assertEquals(JSON.parse(explained.stdout).model, SMALL.name);
    const said = lines(explained);
    assertMatch(said[0]!, /^Downloading seeded\.safetensors: 10\.\d MB, MIT, from http/);
    assertEquals(said[1], `${file}: the server answered 503; again`);
    assertMatch(said[2]!, /^seeded\.safetensors: the connection was cut at byte \d+ of \d+; again/);
    assertEquals(said[3], `${file}: here, SHA-256 as published; kept in ${cache}`);
    assertEquals(server.asked.length, 3);
    assert(server.asked[2]!.from! > 0);

    const again = await run(...explain, "--offline");
    assertEquals(again.code, 0, again.stderr);
    const targets = ({ stdout }: Ended) => JSON.parse(stdout).targets;
    assertEquals(targets(again), targets(explained));

    const pulled = await run("models", "pull", SMALL.name, "efficientnet_lite0");
    assertEquals(lines(pulled), [
      `${SMALL.name}: ${file} is already on this machine`,
      "efficientnet_lite0: shipped, nothing to download",
    ]);
    assertEquals((await run("models", "path", SMALL.name)).stdout, `${cache}/${file}\n`);
    const listed = JSON.parse((await run("models", "list", "--json")).stdout);
    const own = listed.find(({ name }: { name: string }) => name === SMALL.name);
    assertEquals([own.present, own.bytes, own.source], [true, content.length, published.urls[0]]);

    const verified = await run("models", "verify");
    assertEquals([verified.code, lines(verified).length], [0, 2], verified.stderr);
    const damaged = content.slice();
    damaged[5_000_000]! ^= 1;
    Deno.writeFileSync(`${cache}/${file}`, damaged);
    const refused = await run("models", "verify", "--quiet");
    assertEquals(refused.code, 1);
    assertEquals(lines(refused), [
      `${SMALL.name}: ${cache}/${file} is damaged; get it again with: ` +
      `deno task models remove ${SMALL.name} && deno task models pull ${SMALL.name}`,
    ]);
    assertEquals(lines(await run("models", "remove", SMALL.name)).length, 1);
    assertEquals(lines(await run("models", "remove", SMALL.name)), [`${SMALL.name}: nothing to remove`]);
    assertEquals((await run("models", "verify", SMALL.name)).code, 1);
    assertEquals(filesIn(cache).filter((name) => !name.endsWith(".png")), []);
  });
});
