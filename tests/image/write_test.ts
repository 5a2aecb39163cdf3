import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeImage } from "../../src/image/decode.ts";
import { encodeNpy } from "../../src/image/npy.ts";
import { encodePng } from "../../src/image/png.ts";

/** Bytes that look like a photo's: smooth with noise. */
function pixels(count: number): Uint8Array {
  return new Uint8Array(count).map((_, i) => (128 + 90 * Math.sin(i / 50) + (i * 7919) % 23) & 255);
}

Deno.test("encodePng() writes RGB that reads back byte by byte", async () => {
  for (const [width, height] of [[1, 1], [7, 3], [64, 64], [301, 2]] as const) {
    const data = pixels(width * height * 3);
    const back = await decodeImage(await encodePng({ width, height, data }));
    assertEquals([back.width, back.height], [width, height]);
    assertEquals(back.data, data);
  }
});

Deno.test("encodePng() writes grey that reads back as grey", async () => {
  const data = pixels(35);
  const back = await decodeImage(await encodePng({ width: 5, height: 7, data }));
  assertEquals(back.data.filter((_, i) => i % 3 === 1), data);
});

Deno.test("encodePng() writes RGBA whose transparent pixels lie over white when they are read", async () => {
  const data = Uint8Array.of(10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 128);
  const back = await decodeImage(await encodePng({ width: 3, height: 1, data }));
  assertEquals([...back.data], [10, 20, 30, 255, 255, 255, 127, 127, 127]);
});

Deno.test("encodePng() rejects data of another length", async () => {
  await assertRejects(
    () => encodePng({ width: 2, height: 2, data: new Uint8Array(11) }),
    TypeError,
    "2 x 2 pixels need 1, 3 or 4 bytes each, got 11",
  );
});

Deno.test("encodePng() writes files that PIL verifies", async () => {
  const data = pixels(40 * 30 * 3);
  const png = await encodePng({ width: 40, height: 30, data });
  const script =
    "import sys,io\nfrom PIL import Image\nb=sys.stdin.buffer.read()\nImage.open(io.BytesIO(b)).verify()\n" +
    'sys.stdout.buffer.write(Image.open(io.BytesIO(b)).convert("RGB").tobytes())';
  let child: Deno.ChildProcess;
  try {
    const options = { stdin: "piped", stdout: "piped", stderr: "null" } as const;
    child = new Deno.Command("/usr/bin/python3", { args: ["-c", script], ...options }).spawn();
  } catch {
    console.log("No /usr/bin/python3: our own reader is the only one that looked");
    return;
  }
  const writer = child.stdin.getWriter();
  await writer.write(png).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout } = await child.output();
  if (code !== 0 && !(await hasPil())) {
    console.log("No PIL: our own reader is the only one that looked");
    return;
  }
  assertEquals(code, 0);
  assertEquals(new Uint8Array(stdout), data);
});

async function hasPil(): Promise<boolean> {
  const command = new Deno.Command("/usr/bin/python3", { args: ["-c", "import PIL"], stderr: "null" });
  return (await command.output()).success;
}

Deno.test("encodeNpy() writes the bytes that numpy 1.24.2 writes", () => {
  // numpy.save of numpy.array([[0, 0.5, 1], [-2, 3.25, 1e-3]], "<f4"), in base64.
  const golden =
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAg" +
    "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAPwAAgD8AAADA" +
    "AABQQG8Sgzo=";
  const written = encodeNpy(Float32Array.of(0, 0.5, 1, -2, 3.25, 1e-3), [2, 3]);
  assertEquals(btoa(String.fromCharCode(...written)), golden);
});

Deno.test("encodeNpy() aligns its header to 64 bytes and writes one dimension as a tuple", () => {
  const written = encodeNpy(new Float32Array(5), [5]);
  assertEquals((written.length - 20) % 64, 0);
  const header = new TextDecoder().decode(written.subarray(10, written.length - 20));
  assert(header.includes("'shape': (5,), }") && header.endsWith("\n"), header);
});

Deno.test("encodeNpy() rejects a shape that does not hold the data", () => {
  assertThrows(
    () => encodeNpy(new Float32Array(5), [2, 3]),
    TypeError,
    "shape [2, 3] does not hold 5 values",
  );
});

Deno.test("encodePng() writes the same file whatever was written before with the same codec", async () => {
  const image = (width: number, height: number) => ({
    width,
    height,
    data: new Uint8Array(3 * width * height).map((_, i) => (i * 7919) % 251),
  });
  const first = await encodePng(image(41, 29));
  await encodePng(image(700, 500));
  const [again, beside] = await Promise.all([encodePng(image(41, 29)), encodePng(image(41, 29))]);
  assertEquals([again, beside].map((bytes) => bytes.every((byte, i) => byte === first[i])), [true, true]);
  assertEquals([again.length, beside.length], [first.length, first.length]);
});
