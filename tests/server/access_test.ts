/** Who may use a server: `Host`, `Origin` and the token, through the handler. */
import { assertEquals } from "@std/assert";
import { createHandler, type HandlerOptions } from "../../src/server/mod.ts";

/** A handler whose networks are never loaded: what is refused here is refused before. */
function handlerWith(options: HandlerOptions) {
  return createHandler({ ...options, explainer: () => Promise.reject(new Error("not needed")) });
}

async function codeOf(response: Response): Promise<string> {
  return `${response.status} ${(await response.json()).error?.code ?? "answered"}`;
}

const TOKEN = "0123456789abcdef";

Deno.test("a handler with hosts answers only by this machine's names, bare addresses and the listed names", async () => {
  const handler = handlerWith({ hosts: ["ptame.example"] });
  const ask = async (host: string) => await codeOf(await handler(new Request(`http://${host}/openapi.json`)));
  const allowed = [
    ...["localhost", "localhost:8000", "app.localhost", "127.0.0.1:1", "[::1]", "10.0.0.3", "[fe80::1]:80"],
    ...["ptame.example", "PTAME.example:8443", "ptame.example."],
  ];
  for (const host of allowed) assertEquals(await ask(host), "200 answered", host);
  for (
    const host of ["evil.example", "a.ptame.example", "localhost.evil.example", "127.0.0.1.evil.example"]
  ) {
    assertEquals(await ask(host), "403 host_not_allowed", host);
  }
  // A library's handler answers by any name, and `*` allows all.
  for (const any of [handlerWith({}), handlerWith({ hosts: ["*"] })]) {
    assertEquals((await any(new Request("http://evil.example/openapi.json"))).status, 200);
  }
});

Deno.test("a handler refuses forms of other sites' pages, and takes those of its own and of allowed ones", async () => {
  const form = (origin: string | undefined, url = "http://localhost:8000/explain") =>
    new Request(url, {
      method: "POST",
      // Neither type nor body are looked at before.
      headers: { "content-type": "text/plain", ...(origin === undefined ? {} : { origin }) },
      body: "x",
    });
  const listed = handlerWith({ cors: ["https://a.example"] });
  const refused = "403 origin_not_allowed";
  const reached = "415 unsupported_type";
  const cases: [string | undefined, string][] = [
    [undefined, reached],
    ["https://a.example", reached],
    ["http://localhost:8000", reached],
    // A proxy adds TLS.
    ["https://localhost:8000", reached],
    ["http://localhost:8001", refused],
    ["https://evil.example", refused],
    ["https://a.example.evil.example", refused],
    ["null", refused],
    ["", refused],
  ];
  for (const [origin, says] of cases) assertEquals(await codeOf(await listed(form(origin))), says, origin);
  assertEquals(await codeOf(await handlerWith({ cors: "*" })(form("null"))), reached);
  assertEquals(await codeOf(await handlerWith({})(form("https://a.example"))), refused);
});

Deno.test("a handler with a token answers without it only to those who watch it, and gives the page's files", async () => {
  const handler = handlerWith({ token: TOKEN, hosts: [], cors: ["https://a.example"] });
  const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    handler(new Request(`http://localhost${path}`, { method, headers }));
  const withToken = (value: string) => ask("/openapi.json", { authorization: value });

  const refused = await ask("/openapi.json");
  assertEquals(refused.headers.get("www-authenticate"), 'Bearer realm="ptame"');
  assertEquals(await codeOf(refused), "401 unauthorized");
  for (
    const wrong of ["", "Bearer", "Bearer ", `Basic ${TOKEN}`, `Bearer ${TOKEN}0`, `Bearer ${TOKEN.slice(1)}`]
  ) {
    assertEquals((await withToken(wrong)).status, 401, wrong);
  }
  for (const right of [`Bearer ${TOKEN}`, `bearer  ${TOKEN} `]) {
    assertEquals((await withToken(right)).status, 200);
  }
  const document = await (await withToken(`Bearer ${TOKEN}`)).json();
  assertEquals(document.security, [{ token: [] }]);

  assertEquals((await ask("/healthz")).status, 200);
  // Its networks are not loaded.
  assertEquals([(await ask("/readyz")).status, (await (await ask("/readyz")).json()).status], [
    503,
    "loading",
  ]);
  for (const path of ["/", "/page.js", "/page.css", "/base.css", "/sample.jpg"]) {
    assertEquals((await ask(path)).status, 200, path);
  }
  for (const path of ["/models", "/explain", "/nowhere"]) assertEquals((await ask(path)).status, 401, path);
  // A probe comes by any name; a browser asks for permission without the token.
  const probe = await handler(
    new Request("http://pod.example/healthz", { headers: { origin: "https://b.example" } }),
  );
  assertEquals(probe.status, 200);
  const asked = await ask("/explain", { origin: "https://a.example" }, "OPTIONS");
  assertEquals(asked.headers.get("access-control-allow-headers")!.includes("authorization"), true);
});

Deno.test("HEAD tells the length that GET has", async () => {
  const handler = handlerWith({});
  for (const path of ["/openapi.json", "/healthz", "/page.css"]) {
    const [head, get] = await Promise.all(
      ["HEAD", "GET"].map((method) => handler(new Request(`http://localhost${path}`, { method }))),
    ) as [Response, Response];
    assertEquals(head.headers.get("content-length"), `${(await get.arrayBuffer()).byteLength}`, path);
    assertEquals((await head.arrayBuffer()).byteLength, 0);
  }
});
