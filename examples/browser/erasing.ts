/**
 * Erasing: a brush for the pointer, a grid of cells for the keyboard, and the probability that follows while one
 * erases. What the page shows erased is what the classifier gets.
 *
 * @module
 */
import type { ValueMap } from "@ptame/ptame";
import { updateClasses } from "./class_list.ts";
import type { Classifier } from "./classifier.ts";
import { drawCurves, type TrailPoint, verdict } from "./curve_chart.ts";
import { announce, attempt, element, percent, say } from "./dom.ts";
import { blurred, createErasure, erasedInput, type Erasure, type Fill, type Point } from "./erasure.ts";
import { drawErased, setUpGrid } from "./erase_layer.ts";
import { placeOver } from "./heatmap.ts";
import { type Curve, measureCurves, type Order, orderMap, ORDERS, STEP } from "./orders.ts";
import type { Subject } from "./subject.ts";

/** What erasing asks of the page. */
export interface ErasingHooks {
  readonly classifier: () => Classifier | undefined;
  readonly subject: () => Subject | undefined;
  /** The map of the followed class, as the page shows it. */
  readonly map: () => Promise<ValueMap>;
  /** The class whose probability is followed. */
  readonly selected: () => { readonly index: number; readonly label: string };
}

/** Erasing of the page's image. */
export interface Erasing {
  /** Begins anew with the page's image. */
  begin(): Promise<void>;
  /** Shows or hides what is erased. */
  setActive(active: boolean): void;
  /** Follows another class. */
  follow(): void;
  /** Measures anew: the map is by another method. */
  restart(): void;
}

/** A random order asks for no map. */
const NO_MAP: ValueMap = { width: 1, height: 1, values: new Float32Array(1) };

/** Sets up the controls. */
export function setUpErasing({ classifier, subject, selected, map }: ErasingHooks): Erasing {
  const [layer, canvas] = [element("erase-layer"), element<HTMLCanvasElement>("erased")];
  const [brush, fill] = [element<HTMLInputElement>("brush"), element<HTMLSelectElement>("fill")];
  let erasure: Erasure | undefined;
  let input: Float32Array | undefined;
  let blur: Float32Array | undefined;
  /** The newest answer, with the share that it belongs to; the mask may have changed since. */
  let answer: TrailPoint | undefined;
  let trail: TrailPoint[] = [];
  let curves: Curve[] = [];
  /** What the curves are of, and what stops their measuring. */
  let measuring: { readonly key: string; readonly stopper: AbortController } | undefined;
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
        const own = classifier();
        // Another worker is coming, and begins anew.
        if (own === undefined) break;
        const probabilities = await own.probabilities(erasedInput(input!, erasure, filling()));
        // Another image may have come meanwhile.
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
    const whole = trail[0]?.share === 0 ? trail[0].probabilities : undefined;
    const { labels } = classifier()!.facts;
    updateClasses(subject()!.prediction, labels, share === 0 ? undefined : probabilities, whole);
    const { index, label } = selected();
    const probability = probabilities[index]!;
    const was = whole?.[index] ?? original(index);
    element("erased-class").textContent = label;
    element("erased-now").textContent = percent(probability);
    element("erased-was").textContent = was === undefined ? "" : `${percent(was)} with the whole image`;
    element("erased-share").textContent = `${Math.round(100 * share)} % erased`;
    draw();
    announce({ kind: "erased", share, probability });
  };
  const draw = () => {
    const chart = element("curves") as unknown as SVGSVGElement;
    drawCurves(chart, { curves, trail, ...selected() });
    element("verdict").textContent = verdict(curves) ?? "Measuring the three orders …";
  };
  /** Measures the three curves once for each class and filling; stopped where they are not looked at any more. */
  const measure = async () => {
    const own = subject();
    const key = `${selected().index} ${fill.value}`;
    if (!active || own === undefined || input === undefined || measuring?.key === key) return;
    measuring?.stopper.abort();
    const { signal } = (measuring = { key, stopper: new AbortController() }).stopper;
    curves = [];
    draw();
    try {
      const request = {
        map: await map(),
        index: selected().index,
        input,
        filling: filling(),
        classify: (pixels: Float32Array<ArrayBuffer>) => classifier()!.probabilities(pixels),
        signal,
      };
      for await (const curve of measureCurves(request)) {
        if (own !== subject() || signal.aborted) return;
        curves.push(curve);
        draw();
        announce({ kind: "curve", ...curve });
      }
    } catch (error) {
      if (measuring?.stopper.signal === signal) measuring = undefined;
      if (!signal.aborted) throw error;
    }
  };
  /** Shows what is there; what is not looked at costs no pass. */
  const refresh = () => {
    if (!active) return;
    if (answer === undefined) update();
    show();
    attempt(measure);
  };
  const stopMeasuring = () => {
    if (curves.length < ORDERS.length) {
      measuring?.stopper.abort();
      measuring = undefined;
    }
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
      const { probabilities } = answer;
      const { labels } = classifier()!.facts;
      const top = probabilities.indexOf(probabilities.reduce((most, value) => Math.max(most, value)));
      const now = top === index ? "" : ` It says ${labels[top]} now, ${percent(probabilities[top]!)}.`;
      say(`${label} ${percent(probabilities[index]!)}, with ${share} % of what it sees erased.${now}`);
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
  const eraseTenth = (order: Order) =>
    onClick(`erase-${order}`, async (erasure) => {
      const own = order === "random" ? undefined : await map();
      erasure.begin();
      erasure.eraseStrongest(orderMap(order, own ?? NO_MAP), STEP);
    });
  for (const order of ORDERS) eraseTenth(order);
  onClick("erase-invert", (erasure) => {
    erasure.begin();
    erasure.invert();
  });
  const undo = (erasure: Erasure) => void (erasure.undo() || say("There is nothing to take back."));
  const redo = (erasure: Erasure) => void (erasure.redo() || say("There is nothing to do again."));
  onClick("erase-undo", undo);
  onClick("erase-redo", redo);
  addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    const typing = (event.target as HTMLElement).matches("input:not([type=range]), textarea");
    if (!active || erasure === undefined || typing || !(event.ctrlKey || event.metaKey) || event.altKey) {
      return;
    }
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    (key === "y" || event.shiftKey ? redo : undo)(erasure);
    update();
    sayWhenSettled();
  });
  onClick("erase-clear", (erasure) => {
    erasure.begin();
    erasure.clear();
  });
  fill.addEventListener("change", () => {
    update();
    attempt(measure);
  });

  return {
    begin: async () => {
      const own = subject()!;
      measuring?.stopper.abort();
      measuring = undefined;
      [erasure, input, blur, answer, trail, curves] = [undefined, undefined, undefined, undefined, [], []];
      const read = await own.input();
      if (own !== subject()) return;
      const side = Math.sqrt(read.length / 3);
      [input, blur, erasure] = [read, blurred(read, side), createErasure(side)];
      placeOver(layer, own.window, own.size);
      refresh();
    },
    setActive: (now) => {
      active = now;
      layer.hidden = !now;
      if (!now) stopMeasuring();
      const [own, by] = [subject(), classifier()];
      if (now) refresh();
      else if (own !== undefined && by !== undefined) updateClasses(own.prediction, by.facts.labels);
    },
    follow: () => {
      show();
      attempt(measure);
    },
    restart: () => {
      measuring?.stopper.abort();
      [measuring, curves] = [undefined, []];
      attempt(measure);
    },
  };
}
