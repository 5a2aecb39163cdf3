/**
 * Erasing: a brush for the pointer, a grid of cells for the keyboard, and the probability that follows while one
 * erases. What the page shows erased is what the classifier gets.
 *
 * @module
 */
import type { RemoteExplainer } from "@ptame/ptame/worker";
import { updateClasses } from "./class_list.ts";
import { announce, attempt, element, percent, say } from "./dom.ts";
import { blurred, createErasure, erasedInput, type Erasure, type Fill, type Point } from "./erasure.ts";
import { drawErased, setUpGrid } from "./erase_layer.ts";
import { placeOver } from "./heatmap.ts";
import type { Subject } from "./subject.ts";
import { drawTrail, type TrailPoint } from "./trail.ts";

/** What erasing asks of the page. */
export interface ErasingHooks {
  readonly explainer: () => RemoteExplainer | undefined;
  readonly subject: () => Subject | undefined;
  /** The class whose probability is followed. */
  readonly selected: () => { readonly index: number; readonly label: string };
}

/** Erasing of the page's picture. */
export interface Erasing {
  /** Begins anew with the page's picture. */
  begin(): Promise<void>;
  /** Shows or hides what is erased. */
  setActive(active: boolean): void;
  /** Follows another class. */
  follow(): void;
}

/** The share that "Erase the strongest" takes each time. */
const STEP = 0.1;

/** Sets up the controls. */
export function setUpErasing({ explainer, subject, selected }: ErasingHooks): Erasing {
  const [layer, canvas] = [element("erase-layer"), element<HTMLCanvasElement>("erased")];
  const [brush, fill] = [element<HTMLInputElement>("brush"), element<HTMLSelectElement>("fill")];
  let erasure: Erasure | undefined;
  let input: Float32Array | undefined;
  let blur: Float32Array | undefined;
  /** The newest answer, with the share that it belongs to; the mask may have changed since. */
  let answer: TrailPoint | undefined;
  let trail: TrailPoint[] = [];
  let [active, running, changed] = [false, false, false];

  const filling = () => fill.value as Fill === "blur" ? blur : undefined;
  const original = (index: number) =>
    subject()!.prediction.find((score) => score.index === index)?.probability;

  /** Shows the present state, and asks for its probability; while one answer is awaited, only the newest counts. */
  const update = () => {
    if (erasure === undefined || input === undefined) return;
    drawErased(canvas, erasure, filling());
    grid.update();
    changed = true;
    if (!running) attempt(classifyWhileChanged);
  };
  const classifyWhileChanged = async () => {
    running = true;
    try {
      while (changed && erasure !== undefined) {
        changed = false;
        const [now, share] = [subject(), erasure.share];
        const own = explainer();
        // Another worker is coming, and begins anew.
        if (own === undefined) break;
        const probabilities = await own.probabilities(erasedInput(input!, erasure, filling()));
        // Another picture may have come meanwhile.
        if (now !== subject()) continue;
        answer = { share, probabilities };
        if (share === 0) trail = [];
        trail.push(answer);
        show();
      }
    } finally {
      running = false;
    }
    element("erase-panel").dispatchEvent(new Event("settled"));
  };
  const show = () => {
    if (!active || answer === undefined) return;
    const { share, probabilities } = answer;
    updateClasses(subject()!.prediction, share === 0 ? undefined : probabilities);
    const { index, label } = selected();
    const probability = probabilities[index]!;
    const was = trail[0]?.share === 0 ? trail[0].probabilities[index]! : original(index);
    element("erased-class").textContent = label;
    element("erased-now").textContent = percent(probability);
    element("erased-was").textContent = was === undefined ? "" : `${percent(was)} with the whole picture`;
    element("erased-share").textContent = `${Math.round(100 * share)} % erased`;
    drawTrail(element("trail") as unknown as SVGSVGElement, trail, index);
    announce({ kind: "erased", share, probability });
  };
  const change = (act: (erasure: Erasure) => void) => {
    if (erasure === undefined) return;
    act(erasure);
    update();
  };

  // The pointer.
  let last: Point | undefined;
  const placeOf = ({ clientX, clientY }: PointerEvent): Point => {
    const { left, top, width, height } = layer.getBoundingClientRect();
    const side = erasure!.side;
    return { x: (clientX - left) / width * side - 0.5, y: (clientY - top) / height * side - 0.5 };
  };
  const strokeTo = (place: Point) => {
    change((erasure) => erasure.stroke(last ?? place, place, Number(brush.value) / 100 * erasure.side / 2));
    last = place;
  };
  layer.addEventListener("pointerdown", (event) => {
    if (!active || erasure === undefined || event.button !== 0) return;
    // Kept from the grid: focus would jump there, and the page scroll.
    event.preventDefault();
    layer.setPointerCapture(event.pointerId);
    erasure.begin();
    last = undefined;
    strokeTo(placeOf(event));
  });
  layer.addEventListener("pointermove", (event) => {
    if (last !== undefined) strokeTo(placeOf(event));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    layer.addEventListener(end, () => {
      if (last === undefined) return;
      last = undefined;
      sayWhenSettled();
    });
  }
  /** A screen reader hears the result, not every step on the way. */
  const sayWhenSettled = () => {
    const tell = () => {
      if (answer === undefined) return;
      const { index, label } = selected();
      const share = Math.round(100 * answer.share);
      say(`${label} ${percent(answer.probabilities[index]!)}, with ${share} % of what it sees erased.`);
    };
    if (running) element("erase-panel").addEventListener("settled", tell, { once: true });
    else tell();
  };

  const grid = setUpGrid(layer, {
    isErased: (row, column) => erasure?.isCellErased(row, column) ?? false,
    toggle: (row, column) => {
      erasure?.begin();
      change((erasure) => void erasure.toggleCell(row, column));
      sayWhenSettled();
    },
  });
  const onClick = (id: string, act: (erasure: Erasure) => void | Promise<void>) =>
    element(id).addEventListener("click", () =>
      attempt(async () => {
        if (erasure === undefined) return;
        await act(erasure);
        update();
        sayWhenSettled();
      }));
  onClick("erase-strongest", async (erasure) => {
    const own = subject()!;
    const { map } = await own.mapOf(own.explanation("after") ? "after" : "before", selected().index);
    erasure.begin();
    erasure.eraseStrongest(map, STEP);
  });
  onClick("erase-invert", (erasure) => {
    erasure.begin();
    erasure.invert();
  });
  onClick("erase-undo", (erasure) => void (erasure.undo() || say("There is nothing to take back.")));
  onClick("erase-clear", (erasure) => {
    erasure.begin();
    erasure.clear();
  });
  fill.addEventListener("change", update);

  return {
    begin: async () => {
      const own = subject()!;
      [erasure, input, blur, answer, trail] = [undefined, undefined, undefined, undefined, []];
      const read = await own.explanation("before")!.input();
      if (own !== subject()) return;
      const side = Math.sqrt(read.length / 3);
      [input, blur, erasure] = [read, blurred(read, side), createErasure(side)];
      placeOver(layer, own.window, own.size);
      update();
    },
    setActive: (now) => {
      active = now;
      layer.hidden = !now;
      if (now) show();
      else if (subject() !== undefined) updateClasses(subject()!.prediction, undefined);
    },
    follow: show,
  };
}
