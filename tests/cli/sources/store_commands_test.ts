/** Commands over an object store: what is done is not done again, a changed object is, and a store that fails for a while loses nothing. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { heavyTests } from "../../support/devices.ts";
import { inFolder } from "../../support/folders.ts";
import { serveObjects } from "../../support/object_server.ts";
import { runCli } from "../../support/run_cli.ts";
import { errorLines } from "../../support/run_deno.ts";

const FIXTURES = new URL("../../fixtures/", import.meta.url);
const photo = (i: number) => Deno.readFileSync(new URL(`image/photo_${i}.jpg`, FIXTURES));

interface Line {
  readonly image: string;
  readonly identity?: string;
  readonly out?: string;
  readonly sample?: unknown;
}

/** The lines of all objects with results, in the order in which they were written. */
function lines(objects: ReadonlyMap<string, Uint8Array>, prefix: string): Line[] {
  const found = [...objects.keys()].filter((key) => key.startsWith(prefix) && key.endsWith(".jsonl")).sort();
  return found.flatMap((key) =>
    new TextDecoder().decode(objects.get(key)).trim().split("\n").map((line) => JSON.parse(line))
  );
}

Deno.test({
  name: "explain s3://… --out s3://… resumes by entity tags, and merge joins",
  ignore: !heavyTests(),
  fn: () =>
    inFolder(async (folder) => {
      await using server = serveObjects({
        "bucket/in/a.jpg": photo(0),
        "bucket/in/deep/a.jpg": photo(1),
        "bucket/in/notes.md": "no image",
        "bucket/in/shard.tar": Deno.readFileSync(new URL("sources/pax.tar", FIXTURES)),
      });
      const env = {
        AWS_ENDPOINT_URL: server.endpoint,
        AWS_ACCESS_KEY_ID: "a",
        AWS_SECRET_ACCESS_KEY: "b",
        AWS_CONFIG_FILE: `${folder}/none`,
      };
      const run = [
        "explain",
        "s3://bucket/in/",
        "--out",
        "s3://bucket/out",
        "--device",
        "wasm",
        "--workers",
        "1",
      ];
      server.faults.push({ status: 503 }, { status: 503 }, undefined, { cutAfter: 500 }, { status: 500 });
      const first = await runCli(run, folder, env);
      assertEquals([first.code, errorLines(first)], [0, []], first.stderr);
      assertStringIncludes(first.stderr, "7 of 7 explained; results: s3://bucket/out/results/");
      const overlays = [...server.objects.keys()].filter((key) => key.endsWith(".png"));
      assertEquals(overlays.length, 7);
      assertEquals(overlays.includes("bucket/out/deep/a.jpg.explained.png"), true);
      assertEquals(overlays.includes("bucket/out/shard#train/0001.explained.png"), true);
      const made = lines(server.objects, "bucket/out/results/");
      assertEquals(new Set(made.map(({ image }) => image)).size, 7);
      assertEquals(made.find(({ image }) => image.endsWith("#train/0001.jpg"))?.sample, {
        cls: 281,
        json: { caption: "a cat" },
      });

      // One has changed since.
      server.objects.set("bucket/in/a.jpg", photo(2));
      const asked = server.asked.length;
      const second = await runCli(run, folder, env);
      assertEquals(second.code, 0, second.stderr);
      const written = server.asked.slice(asked).filter(({ method }) => method === "PUT").map(({ path }) =>
        path
      );
      assertEquals(written.filter((path) => path.endsWith(".png")), ["/bucket/out/a.jpg.explained.png"]);
      const all = lines(server.objects, "bucket/out/results/");
      assertEquals(all.length, 8);
      assertEquals(all.filter(({ image }) => image === "s3://bucket/in/a.jpg").length, 2);

      const merged = await runCli(
        ["merge", "s3://bucket/out", "--values", "s3://bucket/table.csv"],
        folder,
        env,
      );
      assertEquals(merged.code, 0, merged.stderr);
      const joined = lines(server.objects, "bucket/out/results.jsonl");
      assertEquals(joined.length, 7);
      const rows = new TextDecoder().decode(server.objects.get("bucket/table.csv")).trim().split("\r\n");
      assertEquals(rows.length, 8);
      const latest = all.findLast(({ image }) => image === "s3://bucket/in/a.jpg")!.identity;
      assertEquals(joined.find(({ image }) => image === "s3://bucket/in/a.jpg")!.identity, latest);
    }),
});
