/**
 * The page: takes pictures in, shows what the worker answers. All pictures stay in the tab.
 *
 * `?device=wasm` (or `webgpu`) and `?threads=1` choose what runs. Every answer of the worker is dispatched on the
 * document as an event "ptame" too, for programs that watch the page.
 *
 * @module
 */
import type { ClassScore } from "@ptame/ptame";
import type { Reply, Request, Which } from "./protocol.ts";

const SAMPLE = new URL("../../models/sample/chelsea.jpg", import.meta.url);

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const [drop, chooser, sample] = [element("drop"), element<HTMLInputElement>("files"), element("sample")];
const [status, runs, classes] = [element("status"), element("runs"), element("classes")];
const [form, another] = [element<HTMLFormElement>("any"), element<HTMLInputElement>("another")];
const [trainForm, steps] = [element<HTMLFormElement>("train"), element<HTMLInputElement>("steps")];
const [stop, progress] = [element<HTMLButtonElement>("stop"), element<HTMLProgressElement>("progress")];
const [list, losses, save] = [element("list"), element("losses"), element<HTMLAnchorElement>("save")];

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const ask = (request: Request) => worker.postMessage(request);

const query = new URLSearchParams(location.search);
ask({
  kind: "open",
  files: new URL("./", import.meta.url).href,
  device: query.get("device") ?? undefined,
  threads: query.has("threads") ? Number(query.get("threads")) : undefined,
});

function say(text: string, failed = false): void {
  status.textContent = text;
  status.classList.toggle("failed", failed);
}

function take(pictures: readonly File[]): void {
  if (pictures.length === 0) return;
  const more = pictures.length > 1 ? ` (the first of ${pictures.length}; training uses all)` : "";
  say(`Explaining ${pictures[0]!.name}${more} …`);
  element("pictures").textContent = pictures.length === 1
    ? "this picture"
    : `these ${pictures.length} pictures`;
  ask({ kind: "explain", pictures });
}

function setTraining(running: boolean): void {
  for (const control of trainForm.querySelectorAll<HTMLInputElement>("input, button[type=submit]")) {
    control.disabled = running;
  }
  for (const control of [chooser, sample as HTMLButtonElement]) control.disabled = running;
  stop.hidden = progress.hidden = !running;
}

function listClasses(prediction: readonly ClassScore[]): void {
  classes.replaceChildren(...prediction.map(({ index, label, probability }) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset["index"] = String(index);
    button.style.setProperty("--share", `${100 * probability}%`);
    const name = document.createElement("span");
    name.textContent = label;
    const share = document.createElement("span");
    share.textContent = `${(100 * probability).toFixed(1)} %`;
    button.append(name, share);
    button.addEventListener("click", () => ask({ kind: "show", target: index }));
    item.append(button);
    return item;
  }));
}

function draw(which: Which, target: ClassScore, overlay: ImageBitmap): void {
  const canvas = element<HTMLCanvasElement>(which);
  const { width, height } = overlay;
  Object.assign(canvas, { width, height });
  canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(overlay);
  canvas.setAttribute(
    "aria-label",
    `The picture; what the head, ${which} training, finds telling for ${target.label} is lit up`,
  );
  canvas.closest("figure")!.hidden = false;
  for (const button of classes.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset["index"] === String(target.index)));
  }
}

function receive(reply: Reply): void {
  switch (reply.kind) {
    case "ready": {
      const threads = reply.device !== "wasm"
        ? ""
        : reply.threads === 1
        ? ", 1 thread"
        : `, ${reply.threads} threads`;
      const slow = reply.device === "wasm" && !crossOriginIsolated
        ? "; more threads need a cross-origin isolated page"
        : "";
      runs.textContent = `Runs on ${reply.device}${threads}${slow}.`;
      element("labels").replaceChildren(...reply.labels.map((label) => new Option(label)));
      for (const control of [chooser, sample as HTMLButtonElement]) control.disabled = false;
      return say("Ready for a picture.");
    }
    case "explained":
      // Both heads explain the same classifier: its classes are the same.
      if (reply.which === "after") return;
      listClasses(reply.prediction);
      element("result").hidden = false;
      return say(`Explained in ${Math.round(reply.milliseconds)} ms.`);
    case "shown":
      // What was wrong before is over.
      if (status.classList.contains("failed")) say("");
      return draw(reply.which, reply.target, reply.overlay);
    case "progress":
      return follow(reply.progress);
    case "trained": {
      setTraining(false);
      URL.revokeObjectURL(save.href);
      save.href = URL.createObjectURL(new Blob([reply.head as Uint8Array<ArrayBuffer>]));
      save.hidden = false;
      return say(`Trained ${reply.losses.length} steps; see what the head finds now.`);
    }
    case "stopped":
      setTraining(false);
      return say("Stopped; the head is as it was.");
    case "failed":
      setTraining(false);
      return say(reply.request === "open" ? `${reply.message}. See ?device=wasm` : reply.message, true);
  }
}

function follow(event: (Reply & { kind: "progress" })["progress"]): void {
  if (event.kind === "start") {
    losses.replaceChildren();
    progress.max = event.steps;
    progress.removeAttribute("value");
  } else if (event.kind === "step") {
    const { step, total, ce, area } = event.loss;
    progress.value = step;
    say(`Training: step ${step} of ${event.steps}, ${Math.ceil(event.secondsLeft)} s left.`);
    const row = document.createElement("tr");
    for (const text of [step, total.toFixed(4), ce.toFixed(4), area.toFixed(4)]) {
      row.insertCell().textContent = String(text);
    }
    losses.append(row);
    list.hidden = false;
    list.scrollTop = list.scrollHeight;
  } else if (event.kind === "skipped") {
    say(`Left out ${event.skipped.image}: ${event.skipped.reason}`, true);
  }
}

worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
  receive(data);
  document.dispatchEvent(new CustomEvent("ptame", { detail: data }));
});
worker.addEventListener("error", (event) => say(event.message || "The worker could not start.", true));

chooser.addEventListener("change", () => {
  take([...chooser.files ?? []]);
  chooser.value = "";
});
sample.addEventListener("click", async () => {
  const response = await fetch(SAMPLE);
  take([new File([await response.blob()], "chelsea.jpg")]);
});
// Dropping anywhere is as good as on the frame; a picture beside it must not replace the page.
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", ({ relatedTarget }) => {
  if (relatedTarget === null) drop.classList.remove("over");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (!chooser.disabled) take([...event.dataTransfer?.files ?? []]);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (another.value !== "") ask({ kind: "show", target: another.value });
});
trainForm.addEventListener("submit", (event) => {
  event.preventDefault();
  setTraining(true);
  say("Training: preparing the graphs …");
  ask({ kind: "train", steps: Number(steps.value) });
});
stop.addEventListener("click", () => {
  say("Stopping after this step …");
  ask({ kind: "stop" });
});
