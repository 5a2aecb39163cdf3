/** .npy files as numpy 1.24.2 saves them. */
import { assertEquals, assertThrows } from "@std/assert";
import { decodeNpy, encodeNpy } from "../../src/image/npy.ts";

/** A file of numpy: the header is padded with spaces to 118 bytes, which are left out here. */
function saved(descr: string, order: "True" | "False", shape: string, data: string): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`.padEnd(117) + "\n";
  const start = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0);
  const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
  return new Uint8Array([...start, ...new TextEncoder().encode(header), ...bytes]);
}

const FLOAT64 = "AAAAAAAAAAAAAAAAAADgPwAAAAAAAPA/AAAAAAAAAMAAAAAAAAAKQPyp8dJNYlA/";

Deno.test("decodeNpy() reads floats, integers of either byte order, and truth values", () => {
  const double = decodeNpy(saved("<f8", "False", "(2, 3)", FLOAT64), "a.npy");
  assertEquals(double, { shape: [2, 3], data: Float32Array.of(0, 0.5, 1, -2, 3.25, 1e-3) });
  const big = decodeNpy(saved(">i2", "False", "(1, 3)", "AAH//gEs"), "a.npy");
  assertEquals(big, { shape: [1, 3], data: Float32Array.of(1, -2, 300) });
  const truth = decodeNpy(saved("|b1", "False", "(1, 2)", "AQA="), "a.npy");
  assertEquals(truth, { shape: [1, 2], data: Float32Array.of(1, 0) });
  const own = encodeNpy(Float32Array.of(0, -0.5, 7), [3]);
  assertEquals(decodeNpy(own, "a.npy"), { shape: [3], data: Float32Array.of(0, -0.5, 7) });
});

for (
  const [bytes, message] of [
    [new Uint8Array(4), "it is not a .npy file"],
    [new Uint8Array(200), "it is not a .npy file"],
    [saved("<f8", "False", "(2, 3)", FLOAT64).subarray(0, 60), "its header is cut off"],
    [saved("|O", "False", "(1, 1)", "gANj"), "it holds no plain numbers; save it as float32"],
    [saved("<f2", "False", "(1, 1)", "ADw="), "it holds no plain numbers; save it as float32"],
    [saved("<f8", "True", "(2, 3)", FLOAT64), "column by column; save numpy.ascontiguousarray of it"],
    [saved("<f8", "False", "(2, 4)", FLOAT64), "it holds fewer than the 8 values of its shape"],
    [saved("<f8", "False", "(20000, 20000)", FLOAT64), "it has 400000000 values, at most 100000000"],
  ] as const
) {
  Deno.test(`decodeNpy() says in one line: ${message}`, () => {
    const error = assertThrows(() => decodeNpy(bytes, "a.npy"), SyntaxError, `Cannot read a.npy: `);
    assertEquals([error.message.includes(message), error.message.split("\n").length], [true, 1]);
  });
}
