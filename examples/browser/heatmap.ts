/**
 * Draws maps over photos, on the page's own canvases: a photo below, a heatmap above whose strength is a matter of
 * style. Maps are small (56 x 56), so drawing one takes well under a millisecond; the browser enlarges them.
 *
 * @module
 */
import type { CropWindow, ValueMap } from "@ptame/ptame";
import { mapLayer, scaleColours } from "@ptame/ptame/image";

/** Draws the photo; what the classifier does not see of it is dark. */
export function drawPhoto(
  canvas: HTMLCanvasElement,
  photo: ImageBitmap,
  window: CropWindow,
  size: { readonly width: number; readonly height: number },
): void {
  Object.assign(canvas, { width: photo.width, height: photo.height });
  const context = canvas.getContext("2d")!;
  context.drawImage(photo, 0, 0);
  const { x, y, width, height } = scaled(window, photo.width / size.width);
  context.fillStyle = "rgb(10 11 14 / 72%)";
  context.beginPath();
  context.rect(0, 0, photo.width, photo.height);
  context.rect(x, y, width, height);
  context.fill("evenodd");
}

/** Draws a map in inferno's colours, as overlays have them; the style greys the photo and sets the strength. */
export function drawMap(canvas: HTMLCanvasElement, map: ValueMap): void {
  draw(canvas, map, false);
}

/** Draws signed values from -1 to 1: orange above zero, blue below; nothing where they are zero. */
export function drawSigned(canvas: HTMLCanvasElement, map: ValueMap): void {
  draw(canvas, map, true);
}

/** Lays a canvas over the part of a photo that the classifier sees, in shares of the photo. */
export function placeOver(
  layer: HTMLElement,
  window: CropWindow,
  size: { readonly width: number; readonly height: number },
): void {
  Object.assign(layer.style, {
    left: `${100 * window.x / size.width}%`,
    top: `${100 * window.y / size.height}%`,
    width: `${100 * window.width / size.width}%`,
    height: `${100 * window.height / size.height}%`,
  });
}

/** The colours from the weakest to the strongest part of a map, as they look over a grey photo. */
export function drawScale(canvas: HTMLCanvasElement): void {
  const width = 256;
  Object.assign(canvas, { width, height: 1 });
  const image = new ImageData(width, 1);
  const colours = scaleColours(width);
  for (let i = 0; i < width; i++) image.data.set([...colours.subarray(3 * i, 3 * i + 3), 255], 4 * i);
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}

/** The style multiplies the opacity by the strength that a person chose. */
function draw(canvas: HTMLCanvasElement, map: ValueMap, signed: boolean): void {
  const { width, height, data } = mapLayer(map, { signed, opacity: 1 });
  Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  image.data.set(data);
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}

function scaled({ x, y, width, height }: CropWindow, by: number): CropWindow {
  return { x: by * x, y: by * y, width: by * width, height: by * height };
}
