import { assertEquals } from "@std/assert";
import { withoutUndefined } from "../../src/text/without_undefined.ts";

Deno.test("withoutUndefined() leaves out what is undefined and nothing else, in the same order", () => {
  const given = withoutUndefined({ b: null, a: undefined, zero: 0, empty: "", no: false });
  assertEquals(Object.entries(given), [["b", null], ["zero", 0], ["empty", ""], ["no", false]]);
});

Deno.test("withoutUndefined() fits options under exactOptionalPropertyTypes, and keeps what is needed", () => {
  const take = (options: { readonly name: string; readonly size?: number }) => Object.keys(options);
  const size: number | undefined = JSON.parse("{}").size;
  assertEquals(take(withoutUndefined({ name: "a", size })), ["name"]);
  assertEquals(take({ name: "a", ...withoutUndefined({ size: 3 }) }), ["name", "size"]);
});
