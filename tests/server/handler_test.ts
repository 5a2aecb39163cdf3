import { decodeImage } from "../../src/image/decode.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { createExplainer } from "../../src/ptame/explainer.ts";
import { createHandler, type ExplanationDocument, type Handler } from "../../src/server/mod.ts";
import { pngHeader, SAMPLE } from "../support/images.ts";

const explainer = await createExplainer({ device: "wasm" });
const handler = createHandler({ explainer });

interface Asked {
  query?: string;
  headers?: Record<string, string>;
  body?: BodyInit;
  by?: Handler;
}

function explain({ query = "", headers = {}, body = SAMPLE, by = handler }: Asked = {}): Promise<Response> {
  const typed = body instanceof FormData ? headers : { "content-type": "image/jpeg", ...headers };
  return by(new Request(`http://localhost/explain?${query}`, { method: "POST", headers: typed, body }));
}

async function refusal(response: Response): Promise<[number, string]> {
  assertEquals(response.headers.get("content-type"), "application/json");
  const { error, ...rest } = await response.json();
  assertEquals(rest, {});
  // One line, no path, no stack.
  assertEquals(/\n|\.ts\b|file:|\bat \w+/.test(error.message) || error.message.includes(Deno.cwd()), false);
  return [response.status, error.code];
}

Deno.test("createHandler() explains a picture as JSON, the same as the library", async () => {
  const response = await explain({ query: "topK=2" });
  assertEquals(response.status, 200);
  assertMatch(
    response.headers.get("server-timing")!,
    /^receive;dur=[\d.]+, wait;dur=[\d.]+, prepare;dur=[\d.]+, predict;dur=/,
  );
  const document: ExplanationDocument = await response.json();
  const { prediction, targets, window, image: image } = await explainer.explain(SAMPLE, { topK: 2 });
  assertEquals(document.prediction, prediction);
  assertEquals([document.window, document.image], [window, {
    width: image.width,
    height: image.height,
  }]);
  assertEquals(document.targets.map((target) => target.index), targets.map((target) => target.index));
  document.targets.forEach(({ map }, i) => {
    assertEquals([map.width, map.height, map.values.length], [56, 56, 56 * 56]);
    const furthest = map.values.map((value, at) => Math.abs(value - targets[i]!.map.values[at]!));
    assert(Math.max(...furthest) <= 5.1e-5);
  });
});

Deno.test("createHandler() gives the format of the query, else of the Accept header", async () => {
  const magic = async (asked: Asked) => {
    const response = await explain(asked);
    const bytes = new Uint8Array(await response.arrayBuffer());
    return [response.headers.get("content-type"), new TextDecoder("latin1").decode(bytes.subarray(1, 4))];
  };
  const png = ["image/png", "PNG"];
  assertEquals(await magic({ query: "format=png&target=tiger+cat" }), png);
  assertEquals(await magic({ headers: { accept: "image/png" } }), png);
  assertEquals(await magic({ query: "format=npy&topK=3", headers: { accept: "image/png" } }), [
    "application/x-npy",
    "NUM",
  ]);
  assertEquals(await refusal(await explain({ headers: { accept: "text/html" } })), [406, "not_acceptable"]);
  assertEquals(await refusal(await explain({ query: "format=png&topK=2" })), [400, "invalid_query"]);
});

Deno.test("createHandler() draws a PNG in the colours of the query, with a tag of its own", async () => {
  const drawn = async (query: string) => {
    const response = await explain({ query: `format=png${query}` });
    const { data } = await decodeImage(new Uint8Array(await response.arrayBuffer()));
    return { tag: response.headers.get("etag"), data };
  };
  const [usual, grey, faint] = await Promise.all([
    drawn(""),
    drawn("&colours=grey"),
    drawn("&colours=grey&opacity=0"),
  ]);
  assertEquals(new Set([usual.tag, grey.tag, faint.tag]).size, 3);
  const coloured = ({ data }: typeof usual) => {
    let most = 0;
    for (let i = 0; i < data.length; i += 3) {
      const pixel = data.subarray(i, i + 3);
      most = Math.max(most, Math.max(...pixel) - Math.min(...pixel));
    }
    return most;
  };
  // Only the frame of the text has a little blue.
  assert(coloured(usual) > 100 && coloured(grey) < 20 && coloured(faint) < 20);
  assert(grey.data.some((value, i) => Math.abs(value - faint.data[i]!) > 50));
});

Deno.test("createHandler() refines maps up to its maximum, and refuses more", async () => {
  const plain = await (await explain()).json() as ExplanationDocument;
  const response = await explain({ query: "refine=1" });
  assertEquals(response.status, 200);
  const { targets } = await response.json() as ExplanationDocument;
  const { way, steps, passes, loss } = targets[0]!.refinement!;
  assertEquals([way, steps, passes], ["gradient", 1, 18]);
  assert(loss.after <= loss.before);
  assertEquals(plain.targets[0]!.refinement, undefined);
  // Each number of steps has its own tag.
  assert(response.headers.get("etag") !== (await explain()).headers.get("etag"));

  const invalid = [400, "invalid_query"] as [number, string];
  for (const query of ["refine=21", "refine=-1", "refine=1.5", "refine=", "refine=1&refine=2"]) {
    assertEquals(await refusal(await explain({ query })), invalid, query);
  }
  const none = createHandler({ explainer, maxRefine: 0 });
  const refused = await explain({ query: "refine=1", by: none });
  assertEquals((await refused.json()).error.message, "Parameter refine is not allowed on this server");
  const document = await (await none(new Request("http://localhost/openapi.json"))).json();
  const { parameters } = document.paths["/explain"].post;
  const described = parameters.find(({ name }: { name: string }) => name === "refine");
  assertEquals(described.schema.maximum, 0);
});

Deno.test("createHandler() reads a form with one file", async () => {
  const form = (...files: number[]) => {
    const data = new FormData();
    for (const i of files) data.append(`file${i}`, new File([SAMPLE], "../../etc/passwd.jpg"));
    data.append("note", "text fields are passed over");
    return data;
  };
  const response = await explain({ body: form(1) });
  assertEquals((await response.json()).prediction[0].label, "Egyptian cat");
  assertEquals(await refusal(await explain({ body: form() })), [400, "no_image"]);
  assertEquals(await refusal(await explain({ body: form(1, 2) })), [400, "no_image"]);
  const headers = { "content-type": "multipart/form-data; boundary=x" };
  assertEquals(await refusal(await explain({ body: "no form", headers })), [400, "invalid_form"]);
});

Deno.test("createHandler() refuses what is no picture, or too large a one, with the right status", async () => {
  const small = createHandler({ explainer, maxBodyBytes: 1000, decode: { maxPixels: 1000 } });
  const json = { "content-type": "application/json" };
  for (
    const [asked, expected] of [
      [{ body: "" }, [400, "no_image"]],
      [{ body: "words" }, [422, "unreadable_image"]],
      [{ body: SAMPLE.subarray(0, 5000) }, [422, "unreadable_image"]],
      [{ body: pngHeader(30_000, 30_000) }, [413, "too_many_pixels"]],
      [{ body: pngHeader(50, 21), by: small }, [413, "too_many_pixels"]],
      [{ body: pngHeader(50, 20), by: small }, [422, "unreadable_image"]],
      [{ by: small }, [413, "body_too_large"]],
      [{ headers: { "content-type": "text/html" } }, [415, "unsupported_type"]],
      [{ headers: { "content-type": "image/" } }, [415, "unsupported_type"]],
      [{ query: "target=nothing+of+the+kind" }, [400, "unknown_class"]],
      [{ query: "target=1000" }, [400, "unknown_class"]],
      [{ headers: json, body: "{" }, [400, "invalid_json"]],
      [{ headers: json, body: "[]" }, [400, "invalid_json"]],
      [{ headers: json, body: "null" }, [400, "invalid_json"]],
      [{ headers: json, body: '{"url":1}' }, [400, "invalid_json"]],
      [{ headers: json, body: '{"url":"https://a.example","target":1}' }, [400, "invalid_json"]],
      [{ headers: json, body: `{"url":"https://a.example/${"a".repeat(20_000)}"}` }, [413, "body_too_large"]],
      [{ headers: json, body: '{"url":"https://a.example"}' }, [403, "urls_off"]],
    ] as [Asked, [number, string]][]
  ) assertEquals(await refusal(await explain(asked)), expected, JSON.stringify(asked).slice(0, 80));
});

Deno.test("createHandler() explains a picture behind a URL where URLs are allowed", async () => {
  const urls = {
    resolve: () => Promise.resolve(["93.184.215.14"]),
    fetch: (url: URL) =>
      Promise.resolve(
        url.pathname === "/cat.jpg"
          ? new Response(SAMPLE)
          : new Response(null, { status: 301, headers: { location: "https://127.0.0.1/" } }),
      ),
  };
  const by = createHandler({ explainer, urls });
  const headers = { "content-type": "application/json" };
  const response = await explain({ by, headers, body: '{"url":"https://pictures.example/cat.jpg"}' });
  assertEquals((await response.json()).prediction[0].label, "Egyptian cat");
  assertEquals(await refusal(await explain({ by, headers, body: '{"url":"https://pictures.example/"}' })), [
    403,
    "url_not_allowed",
  ]);
  assertThrows(() => createHandler({ urls: {} }), TypeError, "give a resolver, a list of hosts, or both");
});

Deno.test("createHandler() tags answers, and repeats none that the client has", async () => {
  const first = await explain({ query: "topK=2" });
  const body = await first.text();
  const tag = first.headers.get("etag")!;
  assertEquals(first.headers.get("cache-control"), "private, no-cache");
  const again = await explain({ query: "topK=2" });
  assertEquals([again.headers.get("etag"), await again.text()], [tag, body]);
  const other = await explain({ query: "topK=3" });
  await other.body!.cancel();
  assertEquals(other.headers.get("etag") === tag, false);
  const known = await explain({ query: "topK=2", headers: { "if-none-match": `"x", ${tag}` } });
  assertEquals([known.status, await known.text(), known.headers.get("etag")], [412, "", tag]);
});

Deno.test("createHandler() hands out its page, its models and its description, and 304 to who has them", async () => {
  const types = ["text/html", "text/css", "text/javascript", "application/json", "application/json"];
  for (const [i, path] of ["/", "/page.css", "/page.js", "/models", "/openapi.json"].entries()) {
    const response = await handler(new Request(`http://localhost${path}`));
    const { headers } = response;
    assert(headers.get("content-type")!.startsWith(types[i]!), path);
    assertMatch(headers.get("content-security-policy")!, /default-src 'none'.*frame-ancestors 'none'/);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assert((await response.text()).length > 500, path);
    const known = await handler(
      new Request(`http://localhost${path}`, { headers: { "if-none-match": headers.get("etag")! } }),
    );
    assertEquals([known.status, await known.text()], [304, ""], path);
    const head = await handler(new Request(`http://localhost${path}`, { method: "HEAD" }));
    assertEquals([head.status, head.body, head.headers.get("etag")], [200, null, headers.get("etag")], path);
  }
  const { models } = await (await handler(new Request("http://localhost/models"))).json();
  assertEquals([models.length, models[0].name, models[0].labels.length], [1, "efficientnet_lite0", 1000]);
  const without = createHandler({ explainer, page: false });
  assertEquals(await refusal(await without(new Request("http://localhost/"))), [404, "not_found"]);
});

Deno.test("the server says what a classifier from a file sees, and what was assumed", async () => {
  const described = [{ name: "size", value: "96 x 48", from: "file" as const }, {
    ...{ name: "channels", value: "RGB", from: "assumed" as const },
  }];
  const preprocessing = { ...explainer.backbone.preprocessing, width: 448 };
  const backbone = { ...explainer.backbone, described, notes: ["labels.txt is not used"], preprocessing };
  const by = createHandler({ explainer: { ...explainer, backbone } });
  const { models: [model] } = await (await by(new Request("http://localhost/models"))).json();
  assertEquals([model.input, model.width, model.classifier, model.notes], [
    ...[224, 448, described, ["labels.txt is not used"]],
  ]);
  const document = await (await explain({ by })).json();
  assertEquals([document.reading, document.classifier], ["softmax", described]);
  const plain = await (await explain()).json();
  assertEquals([plain.reading, "classifier" in plain], ["softmax", false]);
});

Deno.test("openapi.json describes every route and every refusal of the handler", async () => {
  const document = await (await handler(new Request("http://localhost/openapi.json"))).json();
  assertEquals(Object.keys(document.paths), ["/explain", "/models", "/healthz", "/readyz", "/openapi.json"]);
  for (const [path, methods] of Object.entries(document.paths)) {
    const options = await handler(new Request(`http://localhost${path}`, { method: "OPTIONS" }));
    const allowed = options.headers.get("allow")!.toLowerCase().split(", ");
    const described = Object.keys(methods as object);
    assertEquals(described, allowed.filter((method) => !["head", "options"].includes(method)), path);
  }
  const operation = document.paths["/explain"].post;
  assertEquals(
    operation.parameters.filter((each: { in: string }) => each.in === "query").map((each: { name: string }) =>
      each.name
    ),
    ["target", "topK", "refine", "format", "colours", "opacity"],
  );
  assertEquals("application/json" in operation.requestBody.content, false);
  const explanation = await (await explain()).json();
  const schema = document.components.schemas.Explanation;
  assertEquals(Object.keys(explanation), schema.required);
  assertEquals(Object.keys(explanation.targets[0]), schema.properties.targets.items.required);
});

Deno.test("createHandler() says what it does not know", async () => {
  const ask = (path: string, method = "GET") => handler(new Request(`http://localhost${path}`, { method }));
  assertEquals(await refusal(await ask("/explain/")), [404, "not_found"]);
  assertEquals(await refusal(await ask("/%2e%2e/deno.json")), [404, "not_found"]);
  const wrong = await ask("/explain");
  assertEquals(wrong.headers.get("allow"), "POST, OPTIONS");
  assertEquals(await refusal(wrong), [405, "method_not_allowed"]);
  assertEquals(await refusal(await ask("/models", "DELETE")), [405, "method_not_allowed"]);
});

Deno.test("createHandler() lets other origins read where CORS is switched on", async () => {
  const ask = async (origin: string, cors?: readonly string[] | "*") => {
    const by = createHandler({ explainer, ...(cors === undefined ? {} : { cors }) });
    const response = await by(new Request("http://localhost/healthz", { headers: { origin } }));
    await response.body!.cancel();
    const { headers } = response;
    return [headers.get("access-control-allow-origin"), headers.get("cross-origin-resource-policy")];
  };
  assertEquals(await ask("https://a.example"), [null, "same-origin"]);
  assertEquals(await ask("https://a.example", "*"), ["*", "cross-origin"]);
  assertEquals(await ask("https://a.example", ["https://a.example"]), ["https://a.example", "cross-origin"]);
  assertEquals(await ask("https://b.example", ["https://a.example"]), [null, "cross-origin"]);
  const by = createHandler({ explainer, cors: ["https://a.example"] });
  const preflight = await by(
    new Request("http://localhost/explain", { method: "OPTIONS", headers: { origin: "https://a.example" } }),
  );
  assertEquals([preflight.status, preflight.headers.get("access-control-allow-methods")], [
    204,
    "POST, OPTIONS",
  ]);
  assertEquals(preflight.headers.get("vary"), "origin");
});

Deno.test("createHandler() loads once, tries again after a failure, and tells the owner alone why", async () => {
  const answers: unknown[] = [];
  let loads = 0;
  const by = createHandler({
    explainer: () => {
      if (++loads === 1) return Promise.reject(new Error("Cannot read /secret/place"));
      return Promise.resolve({ ...explainer, dispose: () => Promise.resolve(void answers.push("disposed")) });
    },
    onAnswer: ({ status, error }) => answers.push(status, (error as Error | undefined)?.message),
  });
  const failed = await explain({ by });
  assertEquals(failed.headers.get("retry-after"), "10");
  assertEquals(await refusal(failed), [503, "model_unavailable"]);
  await Promise.all([explain({ by }), explain({ by })].map(async (each) => (await each).body!.cancel()));
  assertEquals(loads, 2);
  await by.close();
  assertEquals(answers, [503, "Cannot read /secret/place", 200, undefined, 200, undefined, "disposed"]);
  assertEquals(await refusal(await explain({ by })), [503, "stopping"]);
  assertEquals((await by(new Request("http://localhost/healthz"))).status, 503);
  const broken = createHandler({ explainer: () => Promise.reject(new RangeError("no such network")) });
  await assertRejects(() => broken.ready(), RangeError, "no such network");
});

Deno.test("createHandler() shows nothing of an error inside", async () => {
  const seen: unknown[] = [];
  const by = createHandler({
    explainer: { ...explainer, explain: () => Promise.reject(new Error("at /home/someone/file.ts:3")) },
    onAnswer: ({ error }) => seen.push((error as Error).message),
  });
  const response = await explain({ by });
  assertEquals(response.status, 500);
  assertEquals(await response.json(), {
    error: { code: "internal", message: "Cannot answer the request: the server failed" },
  });
  assertEquals(seen, ["at /home/someone/file.ts:3"]);
});

Deno.test("createHandler() refuses limits that are none", () => {
  for (
    const options of [{ waiting: -1 }, { maxBodyBytes: 0 }, { deadline: NaN }, { decode: { maxPixels: 1.5 } }]
  ) {
    assertThrows(() => createHandler(options), RangeError, "must be a whole number of at least");
  }
});
