/**
 * The page: takes images and classifiers in, and shows what the worker finds. Everything stays in the tab.
 *
 * `?device=wasm` (or `webgpu`) and `?threads=1` choose what runs, as the menu does; `#sample=coffee&class=967&tab=erase`
 * what is shown.
 *
 * @module
 */
import { readAddress } from "./address.ts";
import { setUpCamera } from "./camera.ts";
import type { Classifier } from "./classifier.ts";
import { announce, attempt, element, onChoice, onSubmit, say, sayFailed } from "./dom.ts";
import { type DeviceChoice, type Engine, type ForeignSource, isDeviceChoice, openEngine } from "./engine.ts";
import { setUpErasing } from "./erasing.ts";
import { drawScale } from "./heatmap.ts";
import { inTime } from "./in_time.ts";
import { setUpIntake, type SortedFiles } from "./intake.ts";
import { loadPersistently, showLoading } from "./loading.ts";
import { goOffline } from "./offline.ts";
import { setUpOwnModel, sourceFromFiles } from "./own_model.ts";
import { showDevices, showRuntime } from "./runtime_menu.ts";
import { FIRST_SAMPLE, loadSample, type SampleName, setUpGallery } from "./samples.ts";
import { setUpSaving } from "./saving.ts";
import { sharpen, stopSharpening } from "./sharpening.ts";
import { createShowing, keepPlace, offerMethods } from "./showing.ts";
import { labels, shown, state } from "./state.ts";
import { openSubject, type Subject } from "./subject.ts";
import { setUpTabs } from "./tabs.ts";
import { setUpTeaching } from "./teaching.ts";
import { headInUse, stopDrawing, viewInUse } from "./view.ts";

/** What came in before the classifier was there: the last is meant. */
let waiting: (() => Promise<void>) | undefined;
/** How many images have been taken in. */
let taken = 0;

/** Does something with the classifier, or as soon as it is there. */
async function withClassifier(act: () => Promise<void>): Promise<void> {
  if (state.engine !== undefined) return await act();
  waiting = act;
  say("It is taken as soon as the classifier is here.");
}

/** Takes files in: a classifier first, then its head, then images. */
async function takeFiles({ images, model, heads, refused }: SortedFiles): Promise<void> {
  if (model.length > 0) await openForeign(sourceFromFiles(model, heads[0]));
  else if (heads[0] !== undefined) await teaching.useHead(heads[0]);
  if (images.length > 0) await takeImages(images);
  if (refused.length > 0) sayFailed(new Error(`${refused.join("; ")}.`));
}

/** Explains the first image that can be read; all of them can be gone through, and taught on. */
async function takeImages(images: readonly Blob[]): Promise<void> {
  const unreadable: string[] = [];
  for (const [place, image] of images.entries()) {
    try {
      if (!await explainOne(image)) return;
    } catch (error) {
      if ((error as Error).name !== "ImageError") throw error;
      unreadable.push((error as Error).message);
      continue;
    }
    [state.images, state.place] = [images, place];
    teaching.setImages(images);
    gallery.showStrip(images);
    await showing.showSubject(undefined);
    break;
  }
  if (unreadable.length > 0) throw new Error(unreadable.join("; "));
}

/**
 * How long the page's own classifier may take for an image, in milliseconds: a second or two is usual. Longer than loading
 * a codec may take.
 */
const PATIENCE = 75_000;

/** What an image turned out to be; undefined if the worker never answers, which was seen in Firefox, rarely. */
async function subjectInTime(classifier: Classifier, source: Blob): Promise<Subject | undefined> {
  const opening = openSubject(classifier, source);
  // A person's own classifier may be slow.
  return await (classifier.foreign ? opening : inTime(opening, PATIENCE));
}

/** Explains an image; false if another one has come meanwhile. */
async function explainOne(source: Blob, again = false): Promise<boolean> {
  const turn = ++taken;
  teaching.stop();
  stopSharpening();
  stopDrawing();
  say(`Explaining ${source instanceof File ? source.name : "the image"} …`);
  document.body.classList.add("busy");
  try {
    const { classifier } = state.engine!;
    const next = await subjectInTime(classifier, source);
    if (next === undefined) {
      if (again || turn !== taken) throw new Error("The classifier does not answer: load the page again");
      await openOn("wasm", 1);
      return await explainOne(source, true);
    }
    if (classifier.explainer("after") !== undefined) await next.explainWith("after");
    if (turn !== taken) {
      next.forget();
      return false;
    }
    state.subject?.forget();
    state.subject = next;
    return true;
  } finally {
    if (turn === taken) document.body.classList.remove("busy");
  }
}

/** Explains a sample. Several images of a person stay, to be gone through and taught on. */
async function takeSample(name: SampleName, target?: (top: number) => number): Promise<void> {
  const image = await loadSample(name);
  if (!await explainOne(image)) return;
  if (state.images.length < 2) teaching.setImages([image]);
  await showing.showSubject(name, target?.(state.subject!.prediction[0]!.index));
}

/** Opens a person's classifier, or the page's own again, and explains the present image by it. */
async function openForeign(source: ForeignSource | undefined): Promise<void> {
  const engine = state.engine!;
  say(source === undefined ? "Going back to the page's classifier …" : `Opening ${source.name} …`);
  document.body.classList.add("busy");
  try {
    await engine.use(source, (text) => say(`Getting ${source!.name}: ${text}`));
    state.foreign = source;
  } finally {
    document.body.classList.remove("busy");
  }
  await showClassifier();
}

/** Shows which classifier is in use, and the present image by it. */
async function showClassifier(): Promise<void> {
  const { classifier } = state.engine!;
  ownModel.show(classifier);
  offerMethods();
  teaching.update();
  const { name, classes } = classifier.facts;
  announce({ kind: "classifier", name, classes, method: state.method });
  if (state.subject === undefined) return;
  if (await explainOne(state.subject.source)) await showing.showSubject(state.sample);
}

/** Opens a worker on a device; the classifier and a head taught before go with it. */
async function openOn(device: DeviceChoice, threads: number | undefined): Promise<void> {
  teaching.stop();
  stopDrawing();
  const old = state.engine;
  const head = old?.classifier.foreign === false ? old.classifier.head : undefined;
  old?.close();
  state.engine = undefined;
  say("Loading the classifier …");
  showLoading({ loaded: 0, total: 1, downloading: false, bytesPerSecond: 0, trouble: "" });
  let next: Engine;
  try {
    next = await loadPersistently(() => openEngine({ device, threads, onProgress: showLoading }));
    if (state.foreign !== undefined) await next.use(state.foreign);
    else if (head !== undefined) await next.classifier.useHead(head);
  } finally {
    showLoading(undefined);
  }
  state.engine = next;
  const { device: runs, threads: used } = next.classifier;
  showRuntime(runs, used);
  announce({ kind: "ready", device: runs, threads: used });
}

/** The same; the image goes with it, too. */
async function start(device: DeviceChoice, threads?: number): Promise<void> {
  await openOn(device, threads);
  // What came meanwhile is meant, else what was there, else what the address says.
  const first = waiting;
  waiting = undefined;
  if (first !== undefined) state.subject = undefined;
  await showClassifier();
  if (first !== undefined) await first();
  else if (state.subject === undefined) await goTo();
  document.body.dataset["ready"] = "";
}

/** Shows what the address says. */
async function goTo(): Promise<void> {
  const { tab, sample, target } = readAddress();
  state.tab = tab;
  openTab(tab);
  erasing.setActive(tab === "erase");
  const name = sample ?? (state.subject === undefined ? FIRST_SAMPLE : state.sample);
  const known = (top: number) => target !== undefined && target < labels().length ? target : top;
  if (name !== undefined && name !== state.sample) return await takeSample(name, known);
  state.selected = known(state.subject!.prediction[0]!.index);
  erasing.follow();
  await showing.render();
}
addEventListener("popstate", () =>
  attempt(async () => {
    if (state.engine !== undefined) await goTo();
  }));

const teaching = setUpTeaching({
  classifier: () => state.engine?.classifier,
  changed: async () => {
    const { classifier } = state.engine!;
    const { subject } = state;
    teaching.update();
    if (classifier.explainer("after") === undefined) await subject?.drop("after");
    else await subject?.explainWith("after");
    const first = classifier.explainer("before") !== undefined &&
      subject?.explanation("before") === undefined;
    if (first) {
      await subject?.explainWith("before");
      offerMethods();
    }
    await showing.render();
    const after = subject?.explanation("after") ?? subject?.explanation("before");
    if (after !== undefined) announce({ kind: "explained", which: "after", prediction: after.prediction });
  },
});
const erasing = setUpErasing({
  classifier: () => state.engine?.classifier,
  subject: () => state.subject,
  selected: () => ({ index: state.selected, label: labels()[state.selected] ?? "" }),
  map: async () => (await state.subject!.mapOf(viewInUse(shown()), state.selected)).map,
});
const gallery = setUpGallery({
  chooseSample: (name) => withClassifier(() => takeSample(name)),
  choosePlace: async (place) => {
    try {
      if (!await explainOne(state.images[place]!)) return;
    } catch (error) {
      gallery.refuse(place);
      throw error;
    }
    state.place = place;
    await showing.showSubject(undefined);
  },
});
const showing = createShowing({ erasing, gallery });
const open = (source: ForeignSource | undefined) => withClassifier(() => openForeign(source));
const ownModel = setUpOwnModel({ open });
setUpIntake({
  take: (files) => attempt(() => withClassifier(() => takeFiles(files))),
  takeAddress: (address) =>
    attempt(async () => {
      if (/\.onnx(\?|$)/i.test(address)) return await open({ name: address, model: { address } });
      throw new Error(
        "That is an address, not an image: copy the image itself, or save it and drop the file",
      );
    }),
});
setUpCamera({
  classifier: () => state.engine?.classifier,
  take: (image) => attempt(() => takeImages([image])),
});
const openTab = setUpTabs((tab) => {
  state.tab = tab;
  const [label, other] = [labels()[state.selected], labels()[state.rival]];
  say(
    {
      look: `Where it looks for ${label}.`,
      erase: `Erase parts of the image, and watch ${label}.`,
      compare: `Why ${label}, and not ${other}.`,
      teach: "Teach the head on your images.",
    }[tab],
  );
  keepPlace("push");
  erasing.setActive(tab === "erase");
  attempt(showing.render);
});

onSubmit("any", "another", showing.select);
onSubmit("rival-form", "rival", showing.compareWith);
onChoice("rivals", (value) => showing.compareWith(Number(value)));
onChoice("method", async (value) => {
  [state.method, state.methodChosen] = [value, true];
  erasing.restart();
  await showing.render();
});
onChoice("beside", async (value) => {
  state.beside = value;
  await showing.render();
});
element("map-stop").addEventListener("click", stopDrawing);
element("swap").addEventListener("click", () => {
  [state.selected, state.rival] = [state.rival, state.selected];
  attempt(showing.render);
});
element<HTMLInputElement>("strength").addEventListener("input", ({ target }) => {
  document.body.style.setProperty("--strength", (target as HTMLInputElement).value);
});
element("sharpen").addEventListener("click", () => attempt(() => sharpen(showing.render)));
setUpSaving({
  subject: () => state.subject,
  view: () => viewInUse(shown()),
  head: () => headInUse(state.subject),
  selected: () => ({ index: state.selected, label: labels()[state.selected]! }),
  rival: () => ({ index: state.rival, label: labels()[state.rival]! }),
});

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
