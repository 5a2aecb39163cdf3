import { assertEquals, assertThrows } from "@std/assert";
import { parseLabels } from "../../src/classifier/descriptions/label_files.ts";
import { parseOnnxSettings } from "../../src/classifier/descriptions/settings.ts";

Deno.test("parseOnnxSettings() reads how a classifier is fed", () => {
  const text = `{ "size": 299, "range": [0, 255], "mean": 127.5, "std": [1, 2, 3], "layout": "NHWC",
    "channels": "BGR", "labels": "names.txt", "output": "scores", "taps": ["relu_9"] }`;
  assertEquals(parseOnnxSettings(text, "net.json"), {
    preprocessing: {
      size: 299,
      range: [0, 255],
      mean: [127.5],
      std: [1, 2, 3],
      layout: "NHWC",
      channels: "BGR",
    },
    labels: "names.txt",
    output: "scores",
    taps: ["relu_9"],
  });
  assertEquals(parseOnnxSettings("{}", "net.json"), { preprocessing: {} });
});

for (
  const [text, message] of [
    ["{", "Cannot read net.json: it is not JSON"],
    ["[]", "it is not a JSON object"],
    [`{ "men": 1 }`, "unknown entry men: did you mean mean?"],
    [`{ "constructor": 1 }`, "unknown entry constructor"],
    [`{ "size": 1.5 }`, "size must be a whole number"],
    [`{ "range": [0] }`, "range must be two numbers"],
    [`{ "layout": "CHW" }`, 'layout must be "NCHW" or "NHWC"'],
    [`{ "taps": "relu_9" }`, "taps must be a list of names"],
    [`{ "labels": [1] }`, "labels must be a list of names or a file name"],
  ] as const
) {
  Deno.test(`parseOnnxSettings() refuses ${text}`, () => {
    assertThrows(() => parseOnnxSettings(text, "net.json"), SyntaxError, message);
  });
}

Deno.test("parseLabels() takes lines, a list, or a record by index", () => {
  assertEquals(parseLabels("cat\r\ndog \n", "l"), ["cat", "dog"]);
  assertEquals(parseLabels(` ["cat", "dog"]`, "l"), ["cat", "dog"]);
  assertEquals(parseLabels(`{"1": "dog", "0": "cat"}`, "l"), ["cat", "dog"]);
  for (
    const bad of [
      "",
      "\n\n",
      "cat\n\ndog",
      "[1]",
      `{"1": "dog"}`,
      "[",
      "{}",
      `{"constructor":1}`,
      `{"__proto__":["a"]}`,
    ]
  ) {
    assertThrows(() => parseLabels(bad, "l.txt"), SyntaxError, "Cannot read labels l.txt");
  }
});

Deno.test("parseLabels() and parseOnnxSettings() refuse what no classifier has, in little time", () => {
  const refused = (text: string, says: string) =>
    assertThrows(() => parseLabels(text, "l.txt"), SyntaxError, `Cannot read labels l.txt: ${says}`);
  refused("a\n".repeat(1_000_001), "more than 1000000 names");
  refused("[".repeat(3_000_000), "its JSON has more than 32 lists");
  refused(`[${"[],".repeat(1_000_000)}1]`, "its JSON has more than 1000000 values");
  refused(`["${"a".repeat(4_000_000)}"]`, "its JSON has 4000004 characters, at most 4000000");
  assertThrows(
    () => parseOnnxSettings(`{"taps":${"[".repeat(40)}`, "net.json"),
    SyntaxError,
    "Cannot read net.json: its JSON has more than 32 lists",
  );
});
