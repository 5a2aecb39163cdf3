/** The listener against clients that are slow, many, or no HTTP at all. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventEmitter } from "node:events";
import { endOf, listen, type Listener, type ListenOptions } from "../../../src/cli/serving/listener.ts";

const echo: ListenOptions["handler"] = async (request) => {
  const { method, url } = request;
  const body = await request.text().catch((error) => `failed: ${error.message}`);
  return Response.json({
    method,
    url: url.replace(/:\d+\//, "/"),
    body,
    type: request.headers.get("content-type"),
  });
};

async function withListener(
  options: Partial<ListenOptions>,
  act: (listener: Listener) => Promise<void>,
): Promise<void> {
  const listener = await listen({
    ...{
      hostname: "127.0.0.1",
      port: 0,
      bodyDeadline: 2000,
      deadline: 2000,
      headDeadline: 400,
      handler: echo,
    },
    ...options,
  });
  try {
    await act(listener);
  } finally {
    await listener.close(Promise.resolve());
  }
}

/** Opens a connection and sends a text. */
async function send(listener: Listener, text: string): Promise<Deno.Conn> {
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(listener.origin).port),
  });
  await connection.write(new TextEncoder().encode(text));
  return connection;
}

/** All that arrives until the other end closes. */
async function received(connection: Deno.Conn): Promise<string> {
  try {
    return await new Response(connection.readable).text();
  } catch {
    return "reset";
  }
}

const ask = async (listener: Listener, text: string) => await received(await send(listener, text));

Deno.test("listen() gives requests of every kind to the handler as they are", async () => {
  await withListener({}, async (listener) => {
    const large = "a".repeat(3_000_000);
    const posted = await fetch(`${listener.origin}/explain?topK=2`, { method: "POST", body: large });
    const { body, ...rest } = await posted.json();
    assertEquals(rest, {
      ...{ method: "POST", url: "http://127.0.0.1/explain?topK=2", type: "text/plain;charset=UTF-8" },
    });
    assertEquals(body.length, large.length);
    const head = await fetch(listener.origin, { method: "HEAD" });
    assertEquals([head.status, await head.text()], [200, ""]);
    const chunked = await ask(
      listener,
      "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    assert(chunked.includes('"body":"abcde"'), chunked);
    // Two slashes at the start of a path are not a host.
    const slashes = await ask(
      listener,
      "GET //evil.example/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    );
    assert(slashes.includes('"url":"http://a//evil.example/a"'), slashes);
    // Several requests on one connection.
    const two = await ask(
      listener,
      "GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    );
    assertEquals([...two.matchAll(/"url":"http:\/\/a\/(\d)"/g)].map((match) => match[1]), ["1", "2"]);
  });
});

Deno.test("listen() answers 400, 408 or 431 in one line to what is not a request, or not in time", async () => {
  await withListener({}, async (listener) => {
    const cases: [string, string, string][] = [
      ["nonsense\r\n\r\n", "400", "invalid_request"],
      ["GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n", "400", "invalid_request"],
      ["GET / HTTP/1.1\r\nhost: [::1\r\nconnection: close\r\n\r\n", "400", "invalid_request"],
      ["GET http:// HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "400", "invalid_request"],
      ["GET / HTTP/1.1\r\n\r\n", "400", ""],
      [
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "400",
        "invalid_request",
      ],
      [`GET / HTTP/1.1\r\nhost: a\r\nx: ${"a".repeat(20_000)}\r\n\r\n`, "431", "head_too_large"],
      // Half a head, and nothing more.
      ["GET / HTTP/1.1\r\nhost: a\r\n", "408", "request_timeout"],
    ];
    for (const [text, status, code] of cases) {
      const answer = await ask(listener, text);
      assert(
        answer.startsWith(`HTTP/1.1 ${status} `) && answer.includes(code),
        `${text.slice(0, 60)}: ${answer}`,
      );
    }
    assertEquals((await (await fetch(listener.origin)).json()).method, "GET");
  });
});

Deno.test("listen() answers at once while more connections are half-open than it holds", async () => {
  await withListener({ connections: 20, headDeadline: 60_000 }, async (listener) => {
    const half: Deno.Conn[] = [];
    for (let i = 0; i < 100; i++) half.push(await send(listener, "POST / HTTP/1.1\r\nhost: a\r\n"));
    // Half of a body, too.
    for (let i = 0; i < 100; i++) {
      half.push(await send(listener, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\na"));
    }
    for (let i = 0; i < 10; i++) {
      const response = await fetch(listener.origin, { headers: { connection: "close" } });
      assertEquals((await response.json()).method, "GET");
    }
    for (const connection of half) connection.close();
  });
});

Deno.test("listen() tells the handler when the client has gone", async () => {
  const gone = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  await withListener({
    handler: (request) =>
      new Promise((resolve) => {
        begun.resolve();
        request.signal.addEventListener("abort", () => {
          gone.resolve();
          resolve(new Response());
        });
      }),
  }, async (listener) => {
    const connection = await send(listener, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await begun.promise;
    connection.close();
    await gone.promise;
  });
});

Deno.test("close() of a listener waits for what is being answered, and ends what does not read", async () => {
  let answer!: () => void;
  const begun = Promise.withResolvers<void>();
  const listener = await listen({
    ...{ hostname: "127.0.0.1", port: 0, bodyDeadline: 2000, deadline: 2000 },
    handler: () =>
      new Promise((resolve) => {
        answer = () => resolve(new Response("done"));
        begun.resolve();
      }),
  });
  const idle = await send(listener, "");
  const asked = fetch(listener.origin).then((response) => response.text());
  await begun.promise;
  const release = Promise.withResolvers<void>();
  const closed = listener.close(release.promise);
  answer();
  assertEquals(await asked, "done");
  release.resolve();
  await closed;
  assertEquals(await received(idle), "");
  await assertRejects(() => fetch(listener.origin));
});

Deno.test("endOf() rejects when a listener fails or ends by itself, so that the program ends with an error", async () => {
  const server = () => new EventEmitter() as unknown as Parameters<typeof endOf>[0] & EventEmitter;
  const failing = server();
  const failed = endOf(failing, () => false);
  failing.emit("error", new Error("too many open files (os error 24)"));
  await assertRejects(() => failed, Error, "The listener ended: too many open files");
  const ending = server();
  const ended = endOf(ending, () => false);
  ending.emit("close");
  await assertRejects(() => ended, Error, "The listener ended; start the server again");
  const closing = server();
  const quiet = endOf(closing, () => true);
  closing.emit("close");
  assertEquals(await Promise.race([quiet, Promise.resolve("still open")]), "still open");
});
