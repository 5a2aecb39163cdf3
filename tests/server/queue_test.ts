import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HttpError } from "../../src/server/errors.ts";
import { createQueue, enterOrRefuse } from "../../src/server/queue.ts";

const NEVER = new AbortController().signal;
const tasks = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

Deno.test("createQueue() runs one at a time, in the order in which they are ready", async () => {
  const queue = createQueue(3);
  const events: string[] = [];
  const work = (name: string) => async () => {
    events.push(`${name} starts`);
    await tasks();
    events.push(`${name} ends`);
  };
  const [slow, first, second] = [queue.enter()!, queue.enter()!, queue.enter()!];
  const done = [first.run(work("first"), NEVER), second.run(work("second"), NEVER)];
  await Promise.all(done);
  await slow.run(work("slow"), NEVER);
  assertEquals(events, [
    "first starts",
    "first ends",
    "second starts",
    "second ends",
    "slow starts",
    "slow ends",
  ]);
  for (const place of [slow, first, second]) place.leave();
  await queue.idle();
});

Deno.test("createQueue() lets other tasks in between two runs that never wait", async () => {
  const queue = createQueue(9);
  let beats = 0;
  const beat = setInterval(() => beats++, 0);
  const blocking = () => {
    const until = performance.now() + 5;
    while (performance.now() < until);
    return Promise.resolve();
  };
  const places = Array.from({ length: 10 }, () => queue.enter()!);
  await Promise.all(places.map((place) => place.run(blocking, NEVER)));
  clearInterval(beat);
  assertEquals(beats >= 5, true, `${beats} tasks`);
  for (const place of places) place.leave();
  await queue.idle();
});

Deno.test("enterOrRefuse() refuses with 429 beyond the bound, and not when a place is left", async () => {
  const queue = createQueue(1);
  const places = [enterOrRefuse(queue), enterOrRefuse(queue)];
  const error = assertThrows(() => enterOrRefuse(queue), HttpError);
  assertEquals([error.status, error.headers["retry-after"]], [429, "1"]);
  places[0]!.leave();
  places[0]!.leave();
  assertEquals(queue.taken, 1);
  enterOrRefuse(queue).leave();
  places[1]!.leave();
  await queue.idle();
});

Deno.test("run() of a place forgets a turn whose signal is aborted, and keeps a running one's turn to its end", async () => {
  const queue = createQueue(3);
  const [running, waiting, last] = [queue.enter()!, queue.enter()!, queue.enter()!];
  const stop = new AbortController();
  let finish!: () => void;
  let ran = false;
  const one = running.run(() => new Promise<void>((resolve) => finish = resolve), stop.signal);
  const two = waiting.run(() => Promise.resolve(ran = true), stop.signal);
  let started = false;
  const three = last.run(() => Promise.resolve(started = true), NEVER);
  stop.abort(new RangeError("too late"));
  await assertRejects(() => one, RangeError, "too late");
  await assertRejects(() => two, RangeError, "too late");
  await tasks();
  assertEquals([ran, started], [false, false]);
  finish();
  await three;
  assertEquals([ran, started], [false, true]);
  for (const place of [running, waiting, last]) place.leave();
  await queue.idle();
});

Deno.test("run() of a place frees its turn when the work fails", async () => {
  const queue = createQueue(0);
  const place = queue.enter()!;
  await assertRejects(() => place.run(() => Promise.reject(new TypeError("broken")), NEVER), TypeError);
  assertEquals(await place.run(() => Promise.resolve(7), NEVER), 7);
  place.leave();
  await queue.idle();
});

Deno.test("createQueue() takes fewer where the last ones took long, and always one", async () => {
  const queue = createQueue(9, 1);
  const first = queue.enter()!;
  await first.run(() => new Promise<void>((resolve) => setTimeout(resolve, 10)), NEVER);
  first.leave();
  const places = [queue.enter(), queue.enter()];
  assertEquals(places.map((place) => place !== undefined), [true, false]);
  for (const place of places) place?.leave();
  await queue.idle();
});

Deno.test("createQueue() serves clients in turn, each in the order of its requests", async () => {
  const queue = createQueue(9);
  const order: string[] = [];
  const names = ["a1", "a2", "a3", "a4", "b1", "b2", "c1"];
  const all = names.map((name) => {
    const place = queue.enter(name[0])!;
    return place.run(async () => {
      order.push(name);
      await tasks();
    }, NEVER).finally(place.leave);
  });
  await Promise.all(all);
  assertEquals(order, ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
});

Deno.test("createQueue() gives a place of the client that has most to one that has fewer", async () => {
  const queue = createQueue(3);
  let finish!: () => void;
  const greedy = Array.from({ length: 4 }, () => queue.enter("a")!);
  const ran = greedy.map((place, i) =>
    place.run(() => i === 0 ? new Promise<void>((resolve) => finish = resolve) : Promise.resolve(), NEVER)
      .then(() => "ran", (error) => `${(error as HttpError).status}`)
      .finally(place.leave)
  );
  // Its own client gets no more, another one does, up to equal numbers.
  assertEquals([queue.isFullFor("a"), queue.isFullFor("b")], [true, false]);
  assertEquals(queue.enter("a"), undefined);
  const [first, second] = [queue.enter("b")!, queue.enter("b")!];
  assertEquals([queue.enter("b"), queue.taken], [undefined, 4]);
  second.leave();
  const other = first.run(() => Promise.resolve("ran"), NEVER).finally(first.leave);
  finish();
  assertEquals(await Promise.all(ran), ["ran", "ran", "429", "429"]);
  assertEquals(await other, "ran");
  await queue.idle();
});

Deno.test("createQueue() runs as many at once as it may, and waits for all of them to be idle", async () => {
  const queue = createQueue(1, Infinity, 3);
  let [running, most] = [0, 0];
  const act = async () => {
    most = Math.max(most, ++running);
    await tasks();
    running--;
  };
  const places = Array.from({ length: 4 }, () => queue.enter()!);
  assertEquals([places.includes(undefined!), queue.enter()], [false, undefined]);
  const done = places.map((place) => place.run(act, NEVER).finally(() => place.leave()));
  await queue.idle();
  assertEquals([running, most, queue.taken], [0, 3, 0]);
  await Promise.all(done);
});
