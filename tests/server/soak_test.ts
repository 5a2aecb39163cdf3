import { assert, assertEquals } from "@std/assert";
import { heavyTests } from "../support/devices.ts";
import { runDeno } from "../support/run_deno.ts";

const SCRIPT = decodeURIComponent(new URL("../support/soak.ts", import.meta.url).pathname);

/**
 * How much resident memory may grow over the second half of a soak. The system's allocator takes 17 or 34 MB at a time,
 * once or twice in all (up to 7 %); 50 kB lost per explanation would be more than this.
 */
const MOST_GROWTH = 0.1;

/** Threads of Deno's own pool that come and go with its other work; one that is lost per cycle would be a hundred. */
const IDLE_THREADS = 4;

const ignore = Deno.build.os !== "linux" || !heavyTests();

for (const [what, count] of [["explanations", 2000], ["cycles", 200]] as const) {
  Deno.test({
    name: `a soak of ${count} ${what} leaves memory and threads bounded`,
    ignore,
    fn: async () => {
      const ended = await runDeno(["-A", "--v8-flags=--expose-gc", SCRIPT, what, String(count)]);
      assertEquals(ended.code, 0, ended.stderr);
      const parts = ended.stdout.trim().split("\n").map((line) =>
        JSON.parse(line) as { megabytes: number; threads: number }
      );
      assertEquals(parts.length, 10);
      const middle = Math.max(parts[4]!.megabytes, parts[5]!.megabytes);
      const end = Math.min(parts[8]!.megabytes, parts[9]!.megabytes);
      assert(end < middle * (1 + MOST_GROWTH), ended.stdout);
      const threads = Math.max(...parts.slice(0, 5).map((part) => part.threads));
      assert(parts[9]!.threads <= threads + IDLE_THREADS, ended.stdout);
    },
  });
}
