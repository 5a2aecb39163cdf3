import { assert, assertEquals, assertRejects } from "@std/assert";
import delay from "delay";
import { askedWait, RETRY_POLICY, waitAfter } from "../../src/transfer/back_off.ts";

Deno.test("waitAfter() doubles up to a limit, and spreads by chance", () => {
  const longest = (failures: number) => waitAfter(failures, RETRY_POLICY, 0.999999);
  const shortest = (failures: number) => waitAfter(failures, RETRY_POLICY, 0);
  assertEquals([1, 2, 3, 4].map(shortest), [250, 500, 1000, 2000]);
  assertEquals([1, 2, 3, 4].map((failures) => Math.round(longest(failures))), [500, 1000, 2000, 4000]);
  assertEquals(shortest(20), 7500);
  assert(new Set(Array.from({ length: 5 }, () => waitAfter(3, RETRY_POLICY))).size > 1);
});

Deno.test("askedWait() reads seconds and dates", () => {
  const now = Date.UTC(2030, 0, 1, 12);
  assertEquals(askedWait("7", now), 7000);
  assertEquals(askedWait(" 0 ", now), 0);
  assertEquals(askedWait("Tue, 01 Jan 2030 12:00:30 GMT", now), 30_000);
  assertEquals(askedWait("Tue, 01 Jan 2030 11:00:00 GMT", now), 0);
  assertEquals(askedWait("soon", now), undefined);
  assertEquals(askedWait(null, now), undefined);
});

Deno.test("delay() of the package that waits ends at once, with the reason, when it is told to stop, before and meanwhile", async () => {
  await delay(1);
  await assertRejects(
    () => delay(60_000, { signal: AbortSignal.abort(new Error("before")) }),
    Error,
    "before",
  );
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("meanwhile")), 5);
  await assertRejects(() => delay(60_000, { signal: controller.signal }), Error, "meanwhile");
});
