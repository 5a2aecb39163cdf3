/** What operators do with a running server: exchange the networks, run several at once, give each client a key. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { openPool } from "../../src/cli/serving/worker_pool.ts";
import { createKeyLimits } from "../../src/server/client_keys.ts";
import type { HttpError } from "../../src/server/errors.ts";
import {
  type Answered,
  createHandler,
  type Handler,
  type HandlerOptions,
  type ServedExplainer,
  type ServedFacts,
} from "../../src/server/mod.ts";
import { SAMPLE } from "../support/images.ts";
import { loadClassifier } from "../../src/classifier/load.ts";

const facts: ServedFacts = {
  backbone: (await loadClassifier({ model: "efficientnet_lite0" })).facts,
  auxiliary: "efficientnet_lite0",
  head: {
    name: "test",
    backbone: "efficientnet_lite0",
    auxiliary: "efficientnet_lite0",
    trained: true,
  },
  session: { device: "wasm", threads: 1 },
  identity: "first",
};

/** An explainer that answers with its name after some milliseconds, and says what happens to it. */
function fake(name: string, events: string[] = [], milliseconds = 5): ServedExplainer {
  let open = true;
  let running = 0;
  return {
    facts: { ...facts, identity: name },
    answer: async () => {
      if (!open) throw new Error(`${name} is closed`);
      running++;
      events.push(`${name} runs ${running}`);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      running--;
      if (!open) throw new Error(`${name} was closed while it ran`);
      return { body: new TextEncoder().encode(JSON.stringify({ by: name })), type: "application/json" };
    },
    dispose: () => {
      open = false;
      events.push(`${name} closed`);
      return Promise.resolve();
    },
  };
}

function post(handler: Handler, text: string, token?: string): Promise<Response> {
  return handler(
    new Request("http://localhost/explain", {
      method: "POST",
      headers: {
        "content-type": "image/jpeg",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      // What follows the end of a JPEG is not read.
      body: new Blob([SAMPLE, text]),
    }),
  );
}

Deno.test("reload() exchanges the networks under load: every request is answered, by one of both", async () => {
  const events: string[] = [];
  let opened = 0;
  let answered!: () => void;
  const fifth = new Promise<void>((resolve) => answered = resolve);
  const handler = createHandler({
    waiting: 50,
    explainer: async () => {
      const name = `explainer ${++opened}`;
      if (opened === 3) throw new Error("the new head is damaged");
      // While the new one is opened, the old one answers.
      if (opened === 2) await fifth;
      return fake(name, events);
    },
    onAnswer: () => events.filter((event) => event.includes("runs")).length >= 5 && answered(),
  });
  await handler.ready();
  const answers: Promise<[number, string]>[] = [];
  const ask = async (text: string): Promise<[number, string]> => {
    const response = await post(handler, text);
    return [response.status, (await response.json()).by];
  };
  for (let i = 0; i < 20; i++) answers.push(ask(`${i}`));
  const reloaded = handler.reload();
  // Two calls at once load once.
  assertEquals(handler.reload(), reloaded);
  await reloaded;
  for (let i = 20; i < 40; i++) answers.push(ask(`${i}`));
  const all = await Promise.all(answers);
  assertEquals(all.filter(([status]) => status !== 200), []);
  const by = all.map(([, name]) => name);
  assertEquals(new Set(by), new Set(["explainer 1", "explainer 2"]));
  // Whoever asked after the exchange gets the new one.
  assertEquals(new Set(by.slice(20)), new Set(["explainer 2"]));
  assertEquals(events.filter((event) => event.endsWith("closed")), ["explainer 1 closed"]);

  await assertRejects(() => handler.reload(), Error, "the new head is damaged");
  assertEquals(await ask("after a failure"), [200, "explainer 2"]);
  await handler.close();
  assertEquals(events.at(-1), "explainer 2 closed");

  const given = createHandler({ explainer: fake("given") });
  await assertRejects(() => given.reload(), TypeError, "it was given");
  await given.close();
});

Deno.test("several explanations run at once where there are threads for them", async () => {
  const events: string[] = [];
  const handler = createHandler({ atOnce: 2, waiting: 1, explainer: fake("pool", events, 30) });
  await handler.ready();
  const statuses = await Promise.all(
    ["a", "b", "c", "d"].map(async (text) => {
      const response = await post(handler, text);
      await response.body?.cancel();
      return response.status;
    }),
  );
  assertEquals(statuses.toSorted(), [200, 200, 200, 429]);
  assertEquals(events.length, 3);
  assertEquals(new Set(events), new Set(["pool runs 1", "pool runs 2"]));
  await handler.close();
});

Deno.test("openPool() asks the thread with the least to do, and closes all if one cannot be opened", async () => {
  const events: string[] = [];
  let opened = 0;
  const pool = await openPool(2, () => Promise.resolve(fake(`${++opened}`, events)));
  const asked = [1, 2, 3, 4].map(() => pool.answer(new Uint8Array(), {} as never, {} as never));
  await Promise.all(asked);
  assertEquals(events, ["1 runs 1", "2 runs 1", "1 runs 2", "2 runs 2"]);
  await pool.dispose();
  assertEquals(events.slice(-2), ["1 closed", "2 closed"]);

  const failing: string[] = [];
  await assertRejects(
    () =>
      openPool(
        3,
        () =>
          failing.length === 0 && ++opened < 5
            ? Promise.resolve(fake("one", failing))
            : Promise.reject(new Error("no memory")),
      ),
    Error,
    "no memory",
  );
  assertEquals(new Set(failing), new Set(["one closed"]));
});

const KEYS = [
  { name: "mobile", token: "mobile-0123456789", perMinute: 2 },
  { name: "batch", token: "batch-0123456789ab" },
];

Deno.test("each client has a key: its name is logged, its limit kept, another token refused", async () => {
  const answers: Answered[] = [];
  const options: HandlerOptions = {
    explainer: fake("one"),
    token: "operator-0123456789",
    keys: KEYS,
    onAnswer: (answer) => answers.push(answer),
  };
  const handler = createHandler(options);
  const ask = async (token?: string) => {
    const response = await post(handler, "x", token);
    const document = await response.json();
    return [response.status, document.error?.code, response.headers.get("retry-after")];
  };
  assertEquals(await ask(), [401, "unauthorized", null]);
  assertEquals(await ask("mobile-012345678X"), [401, "unauthorized", null]);
  assertEquals(await ask(KEYS[0]!.token), [200, undefined, null]);
  assertEquals(await ask(KEYS[0]!.token), [200, undefined, null]);
  const [status, code, after] = await ask(KEYS[0]!.token);
  assertEquals([status, code], [429, "rate_limited"]);
  assert(Number(after) >= 1 && Number(after) <= 30, String(after));
  // The limit of one is not that of another, nor of whoever has the server's own token.
  for (let i = 0; i < 4; i++) assertEquals(await ask(KEYS[1]!.token), [200, undefined, null]);
  assertEquals(await ask("operator-0123456789"), [200, undefined, null]);
  assertEquals(answers.map(({ client }) => client), [
    ...[undefined, undefined, "mobile", "mobile", "mobile"],
    ...["batch", "batch", "batch", "batch", undefined],
  ]);
  // What costs nothing is not counted, and needs a key.
  const models = (token: string) =>
    handler(new Request("http://localhost/models", { headers: { authorization: `Bearer ${token}` } }));
  assertEquals((await models(KEYS[0]!.token)).status, 200);
  assertEquals((await models("nobody-0123456789ab")).status, 401);
  await handler.close();
});

Deno.test("createKeyLimits() lets a minute's requests come at once, and then one after the other", async () => {
  const limits = createKeyLimits();
  const count = (perMinute?: number) => {
    try {
      limits.count({ name: `${perMinute}`, token: "", ...(perMinute === undefined ? {} : { perMinute }) });
      return 0;
    } catch (error) {
      return Number((error as HttpError).headers["retry-after"]);
    }
  };
  assertEquals(Array.from({ length: 7 }, () => count(6)), [0, 0, 0, 0, 0, 0, 10]);
  // A busy machine may let some come while they are counted.
  let [seconds, most] = [0, 0];
  while (seconds === 0 && most++ < 100_000) seconds = count(6000);
  assertEquals(seconds, 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assertEquals(count(6000), 0);
  assertEquals(Array.from({ length: 100 }, () => count()).filter((seconds) => seconds > 0), []);
});
