/** One address, and what can go wrong on it. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { transfer, TransferError } from "../../src/transfer/transfer.ts";
import {
  type Answer,
  corrupted,
  type FileServer,
  good,
  rangeless,
  sampleBytes,
  serveFile,
  slow,
  stalling,
  status,
  unmeasured,
} from "../support/weight_server.ts";

const CONTENT = sampleBytes(200_000);
const POLICY = { attempts: 3, firstWait: 4, longestWait: 8, longestAsked: 1500, stall: 200 };

interface Outcome {
  readonly bytes: Uint8Array;
  readonly retries: readonly string[];
  readonly server: FileServer;
}

/** Takes the file from a server that answers so. */
async function take(
  answers: readonly Answer[],
  options: { offset?: number; signal?: AbortSignal } = {},
): Promise<Outcome> {
  await using server = serveFile(CONTENT, answers);
  const retries: string[] = [];
  const parts: Uint8Array[] = [];
  const chunks = transfer(`${server.url}/a`, {
    bytes: CONTENT.length,
    offset: options.offset ?? 0,
    policy: POLICY,
    onRetry: (reason) => retries.push(reason),
    signal: options.signal,
  });
  for await (const chunk of chunks) parts.push(chunk);
  return { bytes: new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()), retries, server };
}

/** A good answer of another file, or from another byte than asked for. */
function answering(content: Uint8Array, from?: number, headers: Record<string, string> = {}): Answer {
  return () => good({ extra: headers })(content, { path: "", from, ifRange: undefined });
}

interface Case {
  readonly when: string;
  readonly answers: readonly Answer[];
  readonly offset?: number;
  /** First bytes of the ranges that are asked for, request by request. */
  readonly asks: readonly (number | undefined)[];
  readonly retries?: number;
}

const CASES: readonly Case[] = [
  { when: "all is well", answers: [good()], asks: [undefined] },
  { when: "the length is not said", answers: [unmeasured], asks: [undefined] },
  { when: "the bytes come slowly", answers: [slow(4, 60)], asks: [undefined] },
  { when: "some of it is here", answers: [good()], offset: 70_000, asks: [70_000] },
  { when: "all of it is here", answers: [status(404)], offset: CONTENT.length, asks: [] },
  {
    when: "the connection is cut twice",
    answers: [good({ cut: 50_000 }), good({ cut: 120_000 }), good()],
    asks: [undefined, 50_000, 120_000],
    retries: 2,
  },
  {
    when: "it is cut more often than attempts are allowed, but each brings more",
    answers: [...[10_000, 30_000, 60_000, 90_000, 150_000].map((cut) => good({ cut })), good()],
    asks: [undefined, 10_000, 30_000, 60_000, 90_000, 150_000],
    retries: 5,
  },
  {
    when: "it is cut by a server that does not know ranges",
    answers: [rangeless(50_000), rangeless()],
    asks: [undefined, 50_000],
    retries: 1,
  },
  {
    when: "the server falls silent",
    answers: [stalling(30_000), good()],
    asks: [undefined, 30_000],
    retries: 1,
  },
  {
    when: "the server is overloaded at first",
    answers: [status(503), status(500), good()],
    asks: [undefined, undefined, undefined],
    retries: 2,
  },
  {
    when: "it comes after a redirect",
    answers: [status(302, { location: "/elsewhere" }), good()],
    asks: [undefined, undefined],
  },
  {
    when: "a range begins before what is asked for",
    answers: [answering(CONTENT, 900)],
    offset: 1000,
    asks: [1000],
  },
];

for (const { when, answers, offset = 0, asks, retries = 0 } of CASES) {
  Deno.test(`transfer() gives every byte once when ${when}`, async () => {
    const outcome = await take(answers, { offset });
    assertEquals(outcome.bytes, CONTENT.slice(offset));
    assertEquals(outcome.server.asked.map(({ from }) => from), asks);
    assertEquals(outcome.retries.length, retries, outcome.retries.join());
  });
}

Deno.test("transfer() names the version that it goes on with", async () => {
  const same = await take([good({ cut: 500, tag: '"a"' }), good({ tag: '"a"' })]);
  assertEquals(same.server.asked.map(({ ifRange }) => ifRange), [undefined, '"a"']);
  // A weak tag does not promise the same bytes, so nothing is built on it.
  const weak = await take([good({ cut: 500, tag: 'W/"a"' }), good({ tag: 'W/"b"' })]);
  assertEquals(weak.server.asked.map(({ ifRange }) => ifRange), [undefined, undefined]);
});

Deno.test("transfer() stops when the file changed on the server, answered by a range or whole", async () => {
  for (const changed of [good({ tag: '"b"' }), answering(CONTENT, undefined, { etag: '"b"' })]) {
    await assertRejects(
      () => take([good({ cut: 500, tag: '"a"' }), changed]),
      TransferError,
      "the file changed on the server during the download",
    );
  }
});

const REFUSED: readonly [when: string, answer: Answer, requests: number, message: string][] = [
  ["there is no such file", status(404), 1, "the server answered 404"],
  ["it may not be had", status(403), 1, "the server answered 403"],
  ["the server stays overloaded", status(503), 3, "the server answered 503 (3 attempts)"],
  [
    "the server asks for a long wait",
    status(429, { "retry-after": "3600" }),
    1,
    "the server answered 429 and asks to wait 3600 s",
  ],
  [
    "another file is there",
    answering(CONTENT.subarray(0, 99), undefined, { "content-type": "text/plain" }),
    1,
    "the server has 99 bytes there (text/plain), not 200000",
  ],
  [
    "a network answers with its login page",
    () => ({
      status: 200,
      headers: { "content-type": "text/html; charset=utf-8" },
      parts: [CONTENT.subarray(0, 99)],
    }),
    1,
    "the server sends a web page, not the file",
  ],
  [
    "more comes than belongs to the file",
    () => ({ status: 200, parts: [CONTENT, CONTENT] }),
    1,
    "the server sends more than the 200000 bytes of the file",
  ],
  [
    "the length is right and the bytes never come",
    rangeless(0),
    3,
    "the connection was cut at byte 0 of 200000 (3 attempts)",
  ],
  [
    "it is always cut at the same byte",
    rangeless(40_000),
    3,
    "the connection was cut at byte 40000 of 200000 (3 attempts)",
  ],
];

for (const [when, answer, requests, message] of REFUSED) {
  Deno.test(`transfer() gives up when ${when}`, async () => {
    await using server = serveFile(CONTENT, [answer]);
    const options = { bytes: CONTENT.length, offset: 0, policy: POLICY, onRetry: () => {} };
    const error = await assertRejects(async () => {
      for await (const _ of transfer(`${server.url}/a`, options));
    }, TransferError);
    assertEquals((error as Error).message, message);
    assertEquals(server.asked.length, requests);
  });
}

Deno.test("transfer() gives up when a range cannot be had", async () => {
  const cases: [Answer, string][] = [
    [status(416), "the server's file ends before byte 500 of 200000"],
    [answering(CONTENT.subarray(0, 900), 500), "the server has 900 bytes there, not 200000"],
    [answering(CONTENT, 600), "the server sends bytes from 600, not 500"],
  ];
  for (const [answer, message] of cases) {
    await assertRejects(() => take([answer], { offset: 500 }), TransferError, message);
  }
});

Deno.test("transfer() waits as long as the server asks", async () => {
  const started = performance.now();
  await take([status(429, { "retry-after": "1" }), good()]);
  const waited = performance.now() - started;
  assert(waited >= 990, `${waited} ms`);
});

Deno.test("transfer() says that a server cannot be reached", async () => {
  const server = serveFile(CONTENT, [good()]);
  await server[Symbol.asyncDispose]();
  const chunks = transfer(server.url, { bytes: 1, offset: 0, policy: POLICY, onRetry: () => {} });
  await assertRejects(() => chunks.next(), TransferError, "the server cannot be reached (3 attempts)");
});

Deno.test("transfer() stops when it is told to, in the middle of bytes and of a wait", async () => {
  const unending: Answer[] = [stalling(10), slow(50, 50), status(429, { "retry-after": "1" })];
  for (const answer of unending) {
    const reason = new DOMException("Stopped", "AbortError");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 60);
    const error = await assertRejects(() => take([answer], { signal: controller.signal }));
    assertEquals(error as unknown, reason);
  }
});

Deno.test("transfer() does not judge the bytes: whoever takes them does", async () => {
  assertEquals((await take([corrupted])).bytes, CONTENT.map((byte) => byte ^ 1));
});
