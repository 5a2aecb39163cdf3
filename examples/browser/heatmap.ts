/**
 * Draws maps over photos, on the page's own canvases: a photo below, a heatmap above whose strength is a matter of
 * style. Maps are small (56 x 56), so drawing one takes well under a millisecond; the browser enlarges them.
 *
 * @module
 */
import type { CropWindow, ValueMap } from "@ptame/ptame";
import { colorize, colorizeSigned } from "@ptame/ptame/image";

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
  context.fillStyle = "rgb(10 11 14 / 62%)";
  context.beginPath();
  context.rect(0, 0, photo.width, photo.height);
  context.rect(x, y, width, height);
  context.fill("evenodd");
}

/** Draws a map in inferno's colours; the less it says, the more of the photo shows. */
export function drawMap(canvas: HTMLCanvasElement, { width, height, values }: ValueMap): void {
  draw(canvas, width, height, colorize(values), values);
}

/** Draws signed values from -1 to 1: orange above zero, blue below; nothing where they are zero. */
export function drawSigned(canvas: HTMLCanvasElement, { width, height, values }: ValueMap): void {
  draw(canvas, width, height, colorizeSigned(values), values);
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

/** A map's colours from 0 to 1 as a strip. */
export function drawScale(canvas: HTMLCanvasElement): void {
  drawMap(canvas, { width: 256, height: 1, values: Float32Array.from({ length: 256 }, (_, i) => i / 255) });
}

function draw(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  colours: Uint8Array,
  values: Float32Array,
): void {
  Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  for (let i = 0; i < values.length; i++) {
    for (let channel = 0; channel < 3; channel++) image.data[4 * i + channel] = colours[3 * i + channel]!;
    image.data[4 * i + 3] = 255 * Math.abs(values[i]!);
  }
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}

function scaled({ x, y, width, height }: CropWindow, by: number): CropWindow {
  return { x: by * x, y: by * y, width: by * width, height: by * height };
}
