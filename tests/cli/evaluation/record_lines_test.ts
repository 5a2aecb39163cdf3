import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseRecordLines, recordLine } from "../../../src/cli/evaluation/record_lines.ts";

const RECORDS = [{ image: "a.jpg", value: 0.25 }, { image: "ü\n.jpg", check: "1-00000000" }];
const WHOLE = RECORDS;

Deno.test("parseRecordLines() gives back what recordLine() was given, and lines of version 0", () => {
  const text = WHOLE.map(recordLine).join("");
  assertEquals(parseRecordLines(text, "r"), WHOLE);
  // As every line is JSON, other programs read it, too.
  for (const line of text.trimEnd().split("\n")) assert("check" in JSON.parse(line));
  const old = WHOLE.map((record) => `${JSON.stringify(record)}\n`).join("");
  assertEquals(parseRecordLines(old.replace(',"check":"1-00000000"', ""), "r"), [
    WHOLE[0]!,
    { image: "ü\n.jpg" },
  ]);
  assertEquals(parseRecordLines("", "r"), []);
});

Deno.test("parseRecordLines() drops an incomplete last line, and takes one without its line feed", () => {
  const text = WHOLE.map(recordLine).join("");
  for (let length = 0; length < text.length; length++) {
    const read = parseRecordLines(text.slice(0, length), "r");
    const whole = text.slice(0, length + 1).split("\n").length - 1;
    assert(read.length === whole || read.length === whole - 1, `${length}: ${read.length}`);
  }
  assertEquals(parseRecordLines(text.trimEnd(), "r").length, 2);
});

Deno.test("parseRecordLines() notices every flipped bit, and says what to do", () => {
  const bytes = new TextEncoder().encode(WHOLE.map(recordLine).join(""));
  let harmless = 0;
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << bit;
      let read;
      try {
        read = parseRecordLines(new TextDecoder().decode(flipped), "r.jsonl");
      } catch (error) {
        assert(error instanceof SyntaxError);
        continue;
      }
      // Only the last line feed: the line without it is whole, or torn and dropped.
      assert(JSON.stringify(WHOLE).startsWith(JSON.stringify(read).slice(0, -1)), `${at}.${bit}`);
      harmless++;
    }
  }
  assert(harmless <= 16, `${harmless}`);
  const damaged = WHOLE.map(recordLine).join("").replace("0.25", "0.35");
  assertThrows(
    () => parseRecordLines(damaged, "r.jsonl"),
    SyntaxError,
    "Cannot read records r.jsonl: line 1 does not match its check; remove that line, and the run does its image again",
  );
  const newer = WHOLE.map(recordLine).join("").replace('"check":"1-', '"check":"2-');
  assertThrows(
    () => parseRecordLines(newer, "r"),
    SyntaxError,
    "of format 2, this version reads up to 1; update",
  );
});
