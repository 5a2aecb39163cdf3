import { assert, assertEquals, assertRejects } from "@std/assert";
import { ObjectError } from "../../src/objects/mod.ts";
import { type ObjectStore, openObjectStore } from "../../src/objects/store.ts";
import { serveObjects } from "../support/object_server.ts";

const POLICY = { attempts: 4, firstWait: 2, longestWait: 8, longestAsked: 1500, stall: 2000 };
const USER = { accessKeyId: "someone", secretAccessKey: "secret" };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function open(endpoint: string, credentials?: typeof USER): Promise<ObjectStore> {
  return openObjectStore({ endpoint, region: "eu-west-1", ...(credentials && { credentials }) }, POLICY);
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

Deno.test("list() gives the objects below a prefix, page after page, with keys of any characters", async () => {
  const names = ["p/a b.jpg", "p/a+b.jpg", "p/ä&<%>.jpg", "p/d/e.jpg", "p/z.jpg"];
  await using server = serveObjects({
    ...Object.fromEntries(names.map((name) => [`bucket/${name}`, name])),
    "bucket/other.jpg": "",
  }, { page: 2 });
  const store = await open(server.endpoint);
  const found = await all(store.list("s3://bucket/p/"));
  assertEquals(found.map(({ key }) => key).sort(), names.toSorted());
  assertEquals(found.every(({ key, size }) => size === new TextEncoder().encode(key).length), true);
  assertEquals(server.asked.length, 3);
  for (const { key, etag } of found) {
    assertEquals(text(await store.read(`s3://bucket/${key}`, { etag })), key);
  }
});

Deno.test("list() asks for a page when it is needed, not before", async () => {
  await using server = serveObjects(
    Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`bucket/${i}`, ""])),
  );
  const listed = (await open(server.endpoint)).list("s3://bucket");
  for (let i = 0; i < 3; i++) await listed.next();
  assertEquals(server.asked.length, 1);
});

Deno.test("read() goes on where a connection was cut or the store fell silent, and asks again after 503", async () => {
  const content = crypto.getRandomValues(new Uint8Array(50_000));
  await using server = serveObjects({ "bucket/large": content });
  server.faults.push({ status: 503 }, { cutAfter: 20_000 }, { stallAfter: 10_000 }, { status: 500 });
  const bytes = await (await open(server.endpoint)).read("s3://bucket/large");
  assertEquals(bytes.length, content.length);
  assert(bytes.every((byte, i) => byte === content[i]));
  const ranges = server.asked.map(({ headers }) => headers.get("range"));
  assertEquals(ranges, [null, null, ranges[2]!, ranges[3]!, ranges[4]!]);
  assertEquals(Number(/\d+/.exec(ranges[2]!)![0]) > 0, true);
});

Deno.test("read() gives up after as many attempts as the policy has", async () => {
  await using server = serveObjects({ "bucket/x": "x" });
  for (let i = 0; i < 10; i++) server.faults.push({ status: 503 });
  const store = await open(server.endpoint);
  const error = await assertRejects(() => store.read("s3://bucket/x"), ObjectError);
  assertEquals(error.message, "Cannot read s3://bucket/x: the server answered 503 (4 attempts)");
  assertEquals(server.asked.length, 4);
});

Deno.test("read() refuses an object that has changed since it was listed", async () => {
  await using server = serveObjects({ "bucket/x": "before" });
  const store = await open(server.endpoint);
  const { etag } = (await all(store.list("s3://bucket/")))[0]!;
  await store.write("s3://bucket/x", "after!");
  await assertRejects(
    () => store.read("s3://bucket/x", { etag }),
    ObjectError,
    "it has changed since it was listed",
  );
});

Deno.test("readRange() reads a part, and stat() says length and tag or that there is nothing", async () => {
  await using server = serveObjects({ "bucket/x": "0123456789" });
  const store = await open(server.endpoint);
  assertEquals(text(await store.readRange("s3://bucket/x", 3, 6)), "345");
  const { size, etag } = (await store.stat("s3://bucket/x"))!;
  assertEquals([size, etag.length], [10, 34]);
  assertEquals(await store.stat("s3://bucket/y"), undefined);
});

Deno.test("writeParts() writes a small object by one request, a large one in parts, and removes a failed one", async () => {
  await using server = serveObjects();
  const store = await open(server.endpoint, USER);
  await store.writeParts("s3://bucket/small", [new Uint8Array([1]), new Uint8Array([2, 3])]);
  assertEquals(server.objects.get("bucket/small"), new Uint8Array([1, 2, 3]));
  assertEquals(server.asked.length, 1);

  const large = new Uint8Array(17 * 2 ** 20).map((_, i) => i * 7 + (i >> 10));
  // One request begins, once more; three bring parts; and the answer to the one that joins them is lost.
  server.faults.push({ status: 503 }, ...Array(4).fill(undefined), { lost: true });
  await store.writeParts("s3://bucket/large", [large.subarray(0, 5), large.subarray(5)]);
  const written = server.objects.get("bucket/large")!;
  assertEquals(written.length, large.length);
  assert(written.every((byte, i) => byte === large[i]));
  assertEquals(server.faults.length, 0);

  const failing = async function* () {
    yield large;
    await Promise.resolve();
    throw new Error("no more");
  };
  await assertRejects(() => store.writeParts("s3://bucket/never", failing()), Error, "no more");
  assertEquals([server.objects.has("bucket/never"), server.uploads.size], [false, 0]);
});

Deno.test("requests are signed for the region and carry the session's token; without a user they are not", async () => {
  await using server = serveObjects({ "bucket/x": "x" });
  await (await openObjectStore({
    endpoint: server.endpoint,
    region: "eu-west-1",
    credentials: { ...USER, sessionToken: "token" },
  })).read("s3://bucket/x");
  await (await open(server.endpoint)).read("s3://bucket/x");
  const [signed, open_] = server.asked.map(({ headers }) => headers);
  assert(
    /^AWS4-HMAC-SHA256 Credential=someone\/\d{8}\/eu-west-1\/s3\/aws4_request,/.test(
      signed!.get("authorization")!,
    ),
  );
  assertEquals(signed!.get("x-amz-security-token"), "token");
  assertEquals(open_!.has("authorization"), false);
});

Deno.test("errors of a store are one line and say what to do", async () => {
  await using server = serveObjects();
  const store = await open(server.endpoint);
  const said = async (act: () => Promise<unknown>) => (await assertRejects(act, Error)).message;
  assertEquals(
    await said(() => store.read("s3://bucket/no")),
    "Cannot read s3://bucket/no: there is no such object",
  );
  assertEquals(
    await said(() => store.write("s3://other/x", "")),
    "Cannot write s3://other/x: there is no bucket other",
  );
  assertEquals(
    await said(() => store.stat("s3://bucket")),
    "Cannot use s3://bucket: it names a bucket, not an object",
  );
  server.faults.push({ status: 403 });
  assertEquals(
    await said(() => store.write("s3://bucket/x", "")),
    "Cannot write s3://bucket/x: it is not public, and there are no credentials: set AWS_ACCESS_KEY_ID and " +
      "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
  );
  const stop = AbortSignal.abort(new Error("stopped"));
  assertEquals(await said(() => store.read("s3://bucket/x", { signal: stop })), "stopped");
});
