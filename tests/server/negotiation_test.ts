import { assertEquals, assertThrows } from "@std/assert";
import { HttpError } from "../../src/server/errors.ts";
import { entityTag, formatFor, namesTag } from "../../src/server/negotiation.ts";
import { readQuery } from "../../src/server/query.ts";

Deno.test("formatFor() takes what the Accept header likes best", () => {
  for (
    const [accept, format] of [
      [null, "json"],
      ["*/*", "json"],
      ["image/png", "png"],
      ["text/html, image/*;q=0.8, */*;q=0.5", "png"],
      ["application/x-npy, application/json;q=0.9", "npy"],
      ["application/json;q=0, */*", "png"],
      ["text/html", undefined],
      ["application/json;q=x", undefined],
    ] as const
  ) assertEquals(formatFor(accept), format, String(accept));
});

Deno.test("entityTag() tells contents apart, and parts from their joining", async () => {
  const tag = await entityTag("ab", "c");
  assertEquals(await entityTag("ab", new TextEncoder().encode("c")), tag);
  assertEquals(tag === await entityTag("a", "bc"), false);
  assertEquals([`W/${tag}`, `"x", ${tag}`, "*", '"x"', null].map((named) => namesTag(named, tag)), [
    true,
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("readQuery() reads what it knows and refuses the rest", () => {
  const read = (query: string) => readQuery(new URLSearchParams(query), null, 20);
  assertEquals(read(""), { targets: [], topK: 1, refine: 0, format: "json", looks: {} });
  assertEquals(read("target=tabby&target=3&format=npy"), {
    targets: ["tabby", "3"],
    topK: 1,
    refine: 0,
    format: "npy",
    looks: {},
  });
  assertEquals(read("format=png&colours=cividis&opacity=0.5").looks, { colours: "cividis", opacity: 0.5 });
  assertEquals(read("refine=20").refine, 20);
  for (
    const [query, says] of [
      ["topk=2", 'Unknown parameter "topk": did you mean topK?'],
      ["topK=0", "a whole number from 1 to 16"],
      ["topK=", "a whole number"],
      ["topK=2.5", "a whole number"],
      ["topK=1e9", "a whole number"],
      ["topK=2&topK=3", "more than once"],
      ["topK=2&target=3", "exclude each other"],
      ["target=", "the index or the label"],
      [`target=${"x".repeat(101)}`, "the index or the label"],
      ["target=1&".repeat(17), "the maximum is 16"],
      ["refine=21", "a whole number from 0 to 20"],
      ["format=gif", "one of json, png, npy"],
      ["colours=grey", "Parameter colours is for format=png"],
      ["format=npy&opacity=1", "Parameter opacity is for format=png"],
      ["format=png&colours=viridi", "did you mean viridis?"],
      ["format=png&opacity=1.1", "a number from 0 to 1"],
      ["format=png&opacity=", "a number from 0 to 1"],
      ["format=png&opacity=1&opacity=0", "more than once"],
    ] as const
  ) {
    const error = assertThrows(() => read(query), HttpError, says);
    assertEquals([error.status, error.code], [400, "invalid_query"]);
  }
  assertEquals(assertThrows(() => readQuery(new URLSearchParams(), "text/html", 20), HttpError).status, 406);
});
