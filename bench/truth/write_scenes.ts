/**
 * Writes scenes, to train with. FILE holds 64 · 64 · 3 levels (red, green, blue of each pixel) and a byte for the class
 * of each scene, for bench/truth/train.py; FOLDER/ gets a PNG each, for `deno task train`.
 *
 *     deno run -A bench/truth/write_scenes.ts FILE|FOLDER/ COUNT SEED
 *
 * @module
 */
import { encodePng } from "../../src/image/png.ts";
import { drawScene, SIDE } from "./scenes.ts";

const [path, count, seed] = Deno.args;
if (path === undefined || !(Number(count) > 0) || seed === undefined) {
  console.error("Usage: write_scenes.ts FILE|FOLDER/ COUNT SEED");
  Deno.exit(2);
}
const area = SIDE * SIDE;
if (path.endsWith("/")) {
  Deno.mkdirSync(path, { recursive: true });
  for (let index = 0; index < Number(count); index++) {
    const { levels } = scene(index);
    const png = await encodePng({ width: SIDE, height: SIDE, data: levels });
    Deno.writeFileSync(`${path}${String(index).padStart(5, "0")}.png`, png);
  }
} else {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  for (let index = 0; index < Number(count); index++) {
    const { levels, label } = scene(index);
    file.writeSync(levels);
    file.writeSync(Uint8Array.of(label));
  }
}

/** A scene's levels, pixel by pixel. */
function scene(index: number): { readonly levels: Uint8Array<ArrayBuffer>; readonly label: number } {
  const { pixels, label } = drawScene(Number(seed), index);
  const levels = Uint8Array.from(
    { length: 3 * area },
    (_, i) => Math.round(255 * pixels[(i % 3) * area + Math.floor(i / 3)]!),
  );
  return { levels, label };
}
