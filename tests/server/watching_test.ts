/** What operators see of a server: ids, stages, reasons of refusals, metrics; and answers that are kept. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openMetrics } from "../../src/cli/serving/metrics.ts";
import { jsonLine } from "../../src/cli/serving/log.ts";
import { createExplainer, type Explainer } from "../../src/ptame/explainer.ts";
import { type Answered, createHandler, type HandlerOptions } from "../../src/server/mod.ts";
import { createResponseCache } from "../../src/server/response_cache.ts";
import { SAMPLE } from "../support/images.ts";

// One pass serves all, counted.
const real = await createExplainer({ device: "wasm" });
const explanation = await real.explain(SAMPLE);
await real.dispose();

function watched(options: HandlerOptions = {}) {
  const answers: Answered[] = [];
  const counts = { passes: 0 };
  const explain: Explainer["explain"] = () => {
    counts.passes++;
    return Promise.resolve(explanation);
  };
  const handler = createHandler({
    explainer: { ...real, explain },
    onAnswer: (answer) => answers.push(answer),
    ...options,
  });
  const post = (body: BodyInit = SAMPLE, headers: Record<string, string> = {}, query = "") =>
    handler(
      new Request(`http://localhost/explain${query}`, {
        method: "POST",
        headers: { "content-type": "image/jpeg", ...headers },
        body,
      }),
    );
  return { handler, post, answers, counts };
}

Deno.test("every response has the request's id, its own or a new one; the log has no forged one", async () => {
  const { handler, answers } = watched();
  const ask = (id?: string) =>
    handler(
      new Request("http://localhost/healthz", { headers: id === undefined ? {} : { "x-request-id": id } }),
    );
  const own = await ask("a1b2:c.d-e_f");
  assertEquals(own.headers.get("x-request-id"), "a1b2:c.d-e_f");
  for (const bad of [undefined, "x".repeat(65), 'a" b', "ü"]) {
    assertMatch((await ask(bad)).headers.get("x-request-id")!, /^[0-9a-f-]{36}$/);
  }
  assertEquals(new Set(answers.map(({ id }) => id)).size, answers.length);
});

Deno.test("answers say the stages of an explanation, and why a request was refused", async () => {
  const { handler, post, answers } = watched();
  await (await post()).body!.cancel();
  await (await post("no image")).body!.cancel();
  await (await handler(new Request("http://localhost/nowhere"))).body!.cancel();
  const stages = answers.map((answer) => Object.keys(answer.stages));
  assertEquals(stages[0], ["receive", "wait", "prepare", "predict", "explain", "draw"]);
  assertEquals([stages[1], stages[2]], [["receive"], []]);
  assertEquals(answers.map(({ status, code }) => [status, code]), [
    [200, undefined],
    [422, "unreadable_image"],
    [404, "not_found"],
  ]);
  const line = JSON.parse(jsonLine({ ...answers[1]!, error: new Error("one\ntwo") }, new Date(0)));
  assertEquals({ ...line, id: "", milliseconds: 0, stages: 0 }, {
    time: "1970-01-01T00:00:00.000Z",
    level: "warn",
    id: "",
    method: "POST",
    path: "/explain",
    status: 422,
    code: "unreadable_image",
    milliseconds: 0,
    stages: 0,
    error: "one",
  });
});

/** The value of a series by its line without the value; undefined if it is not there. */
function valueIn(text: string, series: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

Deno.test("GET /metrics counts requests, refusals and stages, behind the token, with bounded labels", async () => {
  const token = "0123456789abcdef";
  const metrics = await openMetrics({ memory: () => ({ rss: 5e8, heapUsed: 1e7 }), connections: () => 3 });
  const { handler, post } = watched({ token, metrics: metrics.write, onAnswer: metrics.observe });
  const authorization = `Bearer ${token}`;
  const ask = (path: string, headers: Record<string, string> = { authorization }, method = "GET") =>
    handler(new Request(`http://localhost${path}`, { method, headers }));
  assertEquals((await ask("/metrics", {})).status, 401);
  const early = await (await ask("/metrics")).text();
  assertEquals([valueIn(early, "ptame_ready"), early.includes("ptame_model_info{")], [0, false]);

  await (await post(SAMPLE, { authorization })).body!.cancel();
  await (await post("no image", { authorization })).body!.cancel();
  for (let i = 0; i < 50; i++) await (await ask(`/path${i}`, { authorization }, `METHOD${i}`)).body!.cancel();
  const response = await ask("/metrics");
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  const expected: Record<string, number> = {
    'ptame_requests_total{method="POST",path="/explain",status="200"}': 1,
    'ptame_requests_total{method="POST",path="/explain",status="422"}': 1,
    'ptame_requests_total{method="other",path="other",status="404"}': 50,
    'ptame_refusals_total{code="unreadable_image"}': 1,
    'ptame_refusals_total{code="unauthorized"}': 1,
    'ptame_request_seconds_count{path="/explain"}': 2,
    'ptame_stage_seconds_count{stage="predict"}': 1,
    'ptame_stage_seconds_count{stage="receive"}': 2,
    "ptame_queue_taken": 0,
    "ptame_queue_places": 9,
    "ptame_connections": 3,
    "ptame_ready": 1,
    "process_resident_memory_bytes": 5e8,
  };
  for (const [series, value] of Object.entries(expected)) assertEquals(valueIn(text, series), value, series);
  assertMatch(text, /ptame_model_info\{model="efficientnet_lite0",.*,trained="true",device="wasm"\} 1/);
  // Paths and methods of strangers make no series of their own.
  assertEquals(text.split("\n").filter((line) => line.startsWith("ptame_requests_total{")).length, 5);

  const document = await (await ask("/openapi.json")).json();
  assert("/metrics" in document.paths);
  assertEquals((await watched().handler(new Request("http://localhost/metrics"))).status, 404);
});

Deno.test("a cache answers the same request without a pass, and only the same", async () => {
  const { handler, post, counts, answers } = watched({ cacheBytes: 8_000_000 });
  const first = await post();
  const body = await first.text();
  const again = await post();
  assertEquals([await again.text() === body, again.headers.get("etag")], [true, first.headers.get("etag")]);
  assertEquals(again.headers.get("content-type"), "application/json");
  assertEquals([counts.passes, Object.keys(answers[1]!.stages)], [1, ["receive"]]);
  await (await post(SAMPLE, {}, "?format=npy")).body!.cancel();
  const changed = SAMPLE.slice();
  changed[changed.length - 3]! ^= 1;
  await (await post(changed)).body!.cancel();
  assertEquals(counts.passes, 3);
  await handler.close();

  const none = watched();
  for (let i = 0; i < 2; i++) await (await none.post()).body!.cancel();
  assertEquals(none.counts.passes, 2);
});

Deno.test("createResponseCache() keeps what was asked for last, within its bytes", () => {
  const cache = createResponseCache(80);
  const sized = (length: number) => ({ body: new Uint8Array(length), type: "x" });
  for (let i = 0; i < 8; i++) cache.keep(`${i}`, sized(10));
  cache.find("0");
  cache.keep("8", sized(10));
  assertEquals([cache.find("0") !== undefined, cache.find("1")], [true, undefined]);
  cache.keep("large", sized(11));
  assertEquals(cache.find("large"), undefined);
  // The same again takes no more.
  for (let i = 0; i < 20; i++) cache.keep("8", sized(10));
  assertEquals(["0", "2", "8"].map((tag) => cache.find(tag) !== undefined), [true, true, true]);
});
