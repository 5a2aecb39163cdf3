/** Bodies: how fast they must arrive, how many bytes all of them may take, how many parts a form may have. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { watchArrival } from "../../src/server/arrival.ts";
import { createBudget } from "../../src/server/budget.ts";
import { HttpError } from "../../src/server/errors.ts";
import { readFormImage } from "../../src/server/form.ts";

const NEVER = new AbortController().signal;

Deno.test("watchArrival() ends what drips, and leaves what flows until its deadline", async () => {
  const dripping = watchArrival(60_000, () => new RangeError("too slow"), NEVER);
  const flowing = watchArrival(4500, () => new RangeError("too late"), NEVER);
  const sender = setInterval(() => {
    dripping.count(1);
    flowing.count(5000);
  }, 100);
  const started = performance.now();
  const ended = (signal: AbortSignal) =>
    new Promise<number>((resolve) =>
      signal.addEventListener("abort", () => resolve(performance.now() - started), { once: true })
    );
  const [drip, flow] = await Promise.all([ended(dripping.signal), ended(flowing.signal)]);
  clearInterval(sender);
  dripping.stop();
  flowing.stop();
  assertEquals([dripping.signal.reason.message, flowing.signal.reason.message], ["too slow", "too late"]);
  assert(drip > 2900 && drip < 4400, `${drip}`);
  assert(flow > 4400, `${flow}`);
});

Deno.test("watchArrival() follows another signal", () => {
  const other = new AbortController();
  const watched = watchArrival(60_000, () => new RangeError("too slow"), other.signal);
  other.abort(new TypeError("gone"));
  assertEquals(watched.signal.reason.message, "gone");
  watched.stop();
});

Deno.test("createBudget() holds all requests to one limit and a client to half of it", () => {
  const budget = createBudget(100, "images are being received");
  const [a, b, c] = [budget.share("a"), budget.share("a"), budget.share("b")];
  a.take(30);
  b.take(20);
  const refused = assertThrows(() => b.take(1), HttpError);
  assertEquals([refused.status, refused.headers["retry-after"]], [429, "2"]);
  c.take(50);
  assertThrows(() => budget.share("c").take(1), HttpError, "too many images are being received");
  a.free();
  a.free();
  b.take(30);
  c.free();
  c.take(50);
});

/** A form with these parts, each `name; filename` or a name, and its content. */
function form(
  parts: readonly (readonly [disposition: string, content: string])[],
  boundary = "x",
): Uint8Array<ArrayBuffer> {
  const text = parts.map(([disposition, content]) =>
    `--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`
  );
  return new TextEncoder().encode(`${text.join("")}--${boundary}--\r\n`);
}

const TYPE = "multipart/form-data; boundary=x";
const FILE = ['name="image"; filename="a.jpg"', "bytes"] as const;

Deno.test("readFormImage() gives the one file among a page's fields", async () => {
  const fields = Array.from({ length: 31 }, (_, i) => [`name="f${i}"`, "v"] as const);
  const image = await readFormImage(form([...fields, FILE]), TYPE);
  assertEquals(new TextDecoder().decode(image), "bytes");
  assertEquals((await readFormImage(form([FILE], "a b"), 'multipart/form-data; boundary="a b"')).length, 5);
});

Deno.test("readFormImage() refuses a form of many parts at once", async () => {
  const refused = async (body: Uint8Array<ArrayBuffer>, type: string, says: string) => {
    const error = await assertRejects(() => readFormImage(body, type), HttpError, says);
    assertEquals(error.status, 400);
  };
  const many = form(Array.from({ length: 140_000 }, () => ['name=""', ""] as const));
  const started = performance.now();
  await refused(many, TYPE, "more than 32 parts");
  // Read whole, it takes ten seconds.
  assert(performance.now() - started < 5000);
  await refused(new TextEncoder().encode("--x".repeat(1_000_000)), TYPE, "more than 32 parts");
  await refused(new Uint8Array(5_000_000).fill(0x2d), TYPE, "");
  await refused(form([FILE]), "multipart/form-data", "not well-formed");
  // Deno 2.5 reads it as a form without parts.
  await refused(form([FILE]), "multipart/form-data; boundary=y", "form");
  await refused(form([FILE, FILE]), TYPE, "2 files instead of one");
  await refused(form([['name="a"', "b"]]), TYPE, "0 files instead of one");
});
