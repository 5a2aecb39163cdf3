/** Errors that cross a thread keep their class and their fields. */
import { assert, assertEquals } from "@std/assert";
import { errorFrom, plainError } from "../../src/worker/plain_error.ts";

const CONFIG = JSON.parse(Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)));

type ErrorClass = new (...given: never[]) => Error;

/** What each class is made with here; a class that is not listed takes a message. */
const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
  NoHeadError: ["my.onnx", "resnet18", "none is trained", ["--labels my.json"]],
  HttpError: [418, "teapot", "I am a teapot", { allow: "GET" }],
};

/** Every error class that some entry point of the package exports. */
async function exportedErrors(): Promise<Map<string, ErrorClass>> {
  const found = new Map<string, ErrorClass>();
  for (const path of Object.values<string>(CONFIG.exports)) {
    // The command line runs when it is imported.
    if (path.includes("/cli/")) continue;
    const exported = await import(new URL(`../../${path}`, import.meta.url).href);
    for (const [name, value] of Object.entries(exported)) {
      if (typeof value === "function" && value.prototype instanceof Error) {
        found.set(name, value as ErrorClass);
      }
    }
  }
  return found;
}

Deno.test("every exported error class arrives whole", async () => {
  const classes = await exportedErrors();
  assert(
    ["NoHeadError", "UnknownBackboneError", "TrainingError", "ImageError"].every((name) => classes.has(name)),
  );
  for (const [name, known] of classes) {
    const sent = new known(...(ARGUMENTS[name] ?? ["Cannot do it"]) as never[]);
    const arrived = errorFrom(structuredClone(plainError(sent)));
    assert(arrived instanceof known, `${name} arrives as another class`);
    assert(arrived instanceof Error);
    assertEquals([arrived.name, arrived.message], [sent.name, sent.message]);
    assertEquals({ ...arrived }, { ...sent }, name);
  }
});

Deno.test("errorFrom() gives built-in errors their class, and others their name", () => {
  for (const sent of [new RangeError("a"), new TypeError("b"), new SyntaxError("c")]) {
    const arrived = errorFrom(structuredClone(plainError(sent)));
    assertEquals(arrived.constructor, sent.constructor);
  }
  const other = Object.assign(new Error("d"), { name: "OtherError", code: 7 });
  const arrived = errorFrom(structuredClone(plainError(other)));
  assertEquals([arrived.name, arrived.message, (arrived as typeof other).code], ["OtherError", "d", 7]);
  assertEquals(errorFrom(plainError("a text")).message, "a text");
});

Deno.test("plainError() leaves behind what cannot be posted, and causes", () => {
  const sent = Object.assign(new Error("e", { cause: new Error("inside") }), {
    act: () => 1,
    date: new Date(0),
    list: [1, { a: "b" }],
  });
  assertEquals(structuredClone(plainError(sent)).fields, { list: [1, { a: "b" }] });
});
