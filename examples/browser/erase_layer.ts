/**
 * The layer over the photo on which one erases: what is erased, and a grid of cells for the keyboard and for screen
 * readers, one of which is in the tab order at a time.
 *
 * @module
 */
import { type Erasure, GRID, MEAN_COLOUR } from "./erasure.ts";

/** Draws erased pixels as the classifier gets them: in the mean colour, or as `filling` has them. */
export function drawErased(
  canvas: HTMLCanvasElement,
  { side, mask }: Erasure,
  filling: Float32Array | undefined,
): void {
  if (canvas.width !== side) Object.assign(canvas, { width: side, height: side });
  const area = side * side;
  const image = new ImageData(side, side);
  for (let i = 0; i < area; i++) {
    if (mask[i] === 0) continue;
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * i + channel] = 255 * (filling?.[channel * area + i] ?? MEAN_COLOUR[channel]!);
    }
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}

/** What the grid asks and tells. */
export interface GridHooks {
  readonly isErased: (row: number, column: number) => boolean;
  readonly toggle: (row: number, column: number) => void;
}

const MOVES: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, -GRID],
  End: [0, GRID],
  PageUp: [-GRID, 0],
  PageDown: [GRID, 0],
};

/** Makes the grid: arrow keys move, space and enter erase or bring back. */
export function setUpGrid(layer: HTMLElement, { isErased, toggle }: GridHooks): { update(): void } {
  const cells: HTMLElement[][] = [];
  const rows = Array.from({ length: GRID }, (_, row) => {
    const line = document.createElement("div");
    line.role = "row";
    cells.push(Array.from({ length: GRID }, (_, column) => {
      const cell = document.createElement("div");
      cell.role = "gridcell";
      cell.tabIndex = row === 0 && column === 0 ? 0 : -1;
      cell.ariaLabel = `Row ${row + 1}, column ${column + 1}`;
      return cell;
    }));
    line.append(...cells[row]!);
    return line;
  });
  const grid = document.createElement("div");
  grid.id = "erase-grid";
  grid.role = "grid";
  grid.ariaLabel = "What the classifier sees, in cells; space erases one or brings it back";
  grid.append(...rows);
  layer.append(grid);

  grid.addEventListener("keydown", (event) => {
    const row = cells.findIndex((line) => line.includes(event.target as HTMLElement));
    if (row < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const column = cells[row]!.indexOf(event.target as HTMLElement);
    const move = MOVES[event.key];
    if (move !== undefined) {
      const inside = (place: number) => Math.min(Math.max(place, 0), GRID - 1);
      const next = cells[inside(row + move[0])]![inside(column + move[1])]!;
      cells[row]![column]!.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if (event.key === " " || event.key === "Enter") {
      toggle(row, column);
    } else return;
    event.preventDefault();
  });
  return {
    update: () =>
      cells.forEach((line, row) =>
        line.forEach((cell, column) => cell.ariaSelected = String(isErased(row, column)))
      ),
  };
}
