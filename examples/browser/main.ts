/**
 * The page: takes pictures in, and shows what the worker finds. All pictures stay in the tab.
 *
 * `?device=wasm` (or `webgpu`) and `?threads=1` choose what runs, as the menu does.
 *
 * @module
 */
import type { RemoteExplanation } from "@ptame/ptame/worker";
import { setUpCamera } from "./camera.ts";
import { fillClasses, markClass } from "./class_list.ts";
import { announce, attempt, download, element, percent, say, type Which } from "./dom.ts";
import { type DeviceChoice, type Engine, isDeviceChoice, openEngine } from "./engine.ts";
import { setUpErasing } from "./erasing.ts";
import { drawScale } from "./heatmap.ts";
import { setUpIntake } from "./intake.ts";
import { showDevices, showLoading, showRuntime } from "./runtime_menu.ts";
import { goOffline } from "./offline.ts";
import { clearPanes, showContrast, showMap, showPhoto } from "./panes.ts";
import { openSubject, type Subject } from "./subject.ts";
import { setUpTabs, type Tab } from "./tabs.ts";
import { setUpTeaching } from "./teaching.ts";

let engine: Engine | undefined;
let subject: Subject | undefined;
/** The class that is shown, and the one that it is compared with. */
let selected = 0;
let rival = 0;
let tab: Tab = "look";
/** Steps of one press of "Sharpen". */
const SHARPENING_STEPS = 20;
/** How many pictures have been taken in. */
let taken = 0;
let labels: readonly string[] = [];
/** Stops the sharpening that runs. */
let sharpening: AbortController | undefined;

/** The head whose maps count where one map is shown. */
const headInUse = (): Which => subject?.explanation("after") === undefined ? "before" : "after";

/** Draws what the present tab, class and heads ask for. */
async function render(): Promise<void> {
  const own = subject;
  if (own === undefined) return;
  markClass(selected);
  element<HTMLSelectElement>("rivals").value = String(rival);
  const first = await own.mapOf(tab === "look" || tab === "teach" ? "before" : headInUse(), selected);
  const taught = own.explanation("after") !== undefined;
  const second = tab === "compare"
    ? await own.mapOf(headInUse(), rival)
    : tab !== "erase" && taught
    ? await own.mapOf("after", selected)
    : undefined;
  if (own !== subject) return;
  clearPanes();
  const name = ({ label, probability }: typeof first) => `${label}, ${percent(probability)}`;
  const caption = tab !== "compare" && second !== undefined
    ? `${name(first)}: the head as it came`
    : name(first);
  showMap("first", first, caption);
  announceMap(tab === "look" || tab === "teach" ? "before" : headInUse(), first);
  if (second !== undefined) {
    showMap("second", second, tab === "compare" ? name(second) : `${name(second)}: the head of this page`);
    announceMap(tab === "compare" ? headInUse() : "after", second);
  }
  if (tab === "compare") {
    const contrast = await own.explanation(headInUse())!.contrast(selected, rival);
    if (own !== subject) return;
    showContrast("third", contrast);
    announce({ kind: "compared", map: contrast.map });
  }
}

function announceMap(
  which: Which,
  { index, label, probability, map }: Awaited<ReturnType<Subject["mapOf"]>>,
): void {
  announce({ kind: "shown", which, target: { index, label, probability }, map });
}

async function select(target: number | string): Promise<void> {
  if (subject === undefined) return;
  // By name it may be wrong: asked first, kept then.
  const { index } = await subject.mapOf("before", target);
  // A class is not compared with itself: the two change places.
  if (index === rival) rival = selected;
  selected = index;
  erasing.follow();
  await render();
  say(`Showing where it looks for ${labels[selected]}.`);
}

async function compareWith(target: number | string): Promise<void> {
  if (subject === undefined) return;
  const { index } = await subject.mapOf("before", target);
  if (index === selected) selected = rival;
  rival = index;
  await render();
}

/** Explains the first picture; all of them are there to teach on. */
async function take(pictures: readonly Blob[]): Promise<void> {
  const [source] = pictures;
  if (source === undefined || engine === undefined) return;
  const turn = ++taken;
  teaching.stop();
  sharpening?.abort();
  const name = source instanceof File ? source.name : "the picture";
  say(`Explaining ${name} …`);
  document.body.classList.add("busy");
  try {
    const next = await openSubject(engine, source);
    if (engine.explainer("after") !== undefined) await next.explainWith(engine, "after");
    // Another picture has come meanwhile: that one is meant.
    if (turn !== taken) return next.forget();
    subject?.forget();
    subject = next;
    teaching.setPictures(pictures);
    await showSubject();
  } finally {
    document.body.classList.remove("busy");
  }
}

async function showSubject(): Promise<void> {
  const own = subject!;
  document.body.classList.add("explained");
  element("work").hidden = false;
  [selected, rival] = [own.prediction[0]!.index, own.prediction[1]!.index];
  fillClasses(own.prediction, (index) => attempt(() => select(index)));
  element("rivals").replaceChildren(
    ...own.prediction.map(({ index, label }) =>
      new Option(label, String(index), index === rival, index === rival)
    ),
  );
  showPhoto(own);
  await render();
  for (const which of ["before", "after"] as const) {
    const explanation = own.explanation(which);
    if (explanation !== undefined) announce({ kind: "explained", which, prediction: explanation.prediction });
  }
  await erasing.begin();
  say(
    `${own.prediction[0]!.label}, ${percent(own.prediction[0]!.probability)}: explained in ${
      Math.round(own.milliseconds)
    } ms.`,
  );
}

/** Opens a worker on a device; the picture and a head taught before go with it. */
async function start(device: DeviceChoice, threads?: number): Promise<void> {
  teaching.stop();
  const after = engine?.after;
  engine?.close();
  engine = undefined;
  intake.setReady(false);
  say("Loading the classifier …");
  showLoading({ loaded: 0, total: 1, downloading: false, trouble: "" });
  try {
    engine = await openEngine({ device, threads, after, onProgress: showLoading });
  } finally {
    showLoading(undefined);
  }
  const { device: runs, threads: used, backbone } = engine.explainer("before")!;
  labels = backbone.labels;
  showRuntime(runs, used);
  teaching.update();
  element("labels").replaceChildren(...labels.map((label) => new Option(label)));
  intake.setReady(true);
  announce({ kind: "ready", device: runs, threads: used });
  if (subject === undefined) return say("Ready for a picture.");
  const { source } = subject;
  subject = undefined;
  await take([source]);
}

const teaching = setUpTeaching({
  engine: () => engine,
  changed: async () => {
    teaching.update();
    await subject?.explainWith(engine!, "after");
    await render();
    const after = subject?.explanation("after");
    if (after !== undefined) announce({ kind: "explained", which: "after", prediction: after.prediction });
  },
});
const erasing = setUpErasing({
  explainer: () => engine?.explainer("before"),
  subject: () => subject,
  selected: () => ({ index: selected, label: labels[selected]! }),
});
const intake = setUpIntake((pictures) => attempt(() => take(pictures)));
setUpCamera({
  explainer: () => engine?.explainer(engine.after === undefined ? "before" : "after"),
  take: (picture) => attempt(() => take([picture])),
});
setUpTabs((chosen) => {
  tab = chosen;
  erasing.setActive(tab === "erase");
  attempt(render);
});

function onSubmit(form: string, field: string, act: (text: string) => Promise<void>): void {
  element(form).addEventListener("submit", (event) => {
    event.preventDefault();
    const { value } = element<HTMLInputElement>(field);
    if (value !== "") attempt(() => act(value));
  });
}
onSubmit("any", "another", select);
onSubmit("rival-form", "rival", compareWith);
element("rivals").addEventListener("change", ({ target }) => {
  attempt(() => compareWith(Number((target as HTMLSelectElement).value)));
});
element("swap").addEventListener("click", () => {
  [selected, rival] = [rival, selected];
  attempt(render);
});
element<HTMLInputElement>("strength").addEventListener("input", ({ target }) => {
  document.body.style.setProperty("--strength", (target as HTMLInputElement).value);
});

/** Sharpens the map of the shown class; pressed again, it stops and keeps the best map. */
async function sharpen(): Promise<void> {
  if (sharpening !== undefined) return sharpening.abort();
  const own = subject;
  if (own === undefined) return;
  const stopper = sharpening = new AbortController();
  const button = element("sharpen");
  button.textContent = "Stop";
  try {
    const { refinement: { steps, passes } } = await own.sharpen(headInUse(), selected, {
      steps: SHARPENING_STEPS,
      signal: stopper.signal,
      onProgress: ({ step, steps }) => say(`Sharpening: step ${step} of ${steps} …`),
    });
    if (own !== subject) return;
    await render();
    say(`Sharpened in ${steps} steps and ${passes} passes.`);
  } finally {
    sharpening = undefined;
    button.textContent = "Sharpen";
  }
}
element("sharpen").addEventListener("click", () => attempt(sharpen));

function onSave(
  button: string,
  draw: (explanation: RemoteExplanation) => Promise<Uint8Array<ArrayBuffer>>,
): void {
  element(button).addEventListener("click", () =>
    attempt(async () => {
      const explanation = subject?.explanation(headInUse());
      if (explanation === undefined) return;
      const name = labels[selected]!.split(",")[0]!.replaceAll(/\W+/g, "_");
      download(new Blob([await draw(explanation)], { type: "image/png" }), `${name}.png`);
      say("The picture is saved.");
    }));
}
onSave("save-overlay", (explanation) => {
  const opacity = Number(element<HTMLInputElement>("strength").value);
  return explanation.overlayPng({ target: selected, opacity });
});
onSave("save-contrast", (explanation) => explanation.contrastPng(selected, rival));

drawScale(element<HTMLCanvasElement>("scale"));
const query = new URLSearchParams(location.search);
const asked = query.get("device") ?? "auto";
const threads = query.has("threads") ? Number(query.get("threads")) : undefined;
attempt(() => showDevices(asked, (device) => attempt(() => start(device))));
attempt(async () => {
  if (!isDeviceChoice(asked)) {
    showLoading(undefined);
    throw new Error(`Unknown device ${asked}: choose auto, webgpu or wasm`);
  }
  await start(asked, threads);
  await goOffline();
});
