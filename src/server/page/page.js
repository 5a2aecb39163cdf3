/**
 * The start page: sends an image to the server beside it, lists what the classifier sees, shows where it looks.
 * A browser runs this file as it is.
 */

/** A longer side is shrunk here: no classifier of this kind sees more, and large photographs would be refused. */
const LONGEST_SIDE = 2048;
/** Smaller files travel as they are, whatever their side. */
const SMALL_FILE = 1_000_000;

const element = (id) => document.getElementById(id);
const [drop, chooser, status, classes, overlay] = ["drop", "file", "status", "classes", "overlay"].map(
  element,
);
const [form, another] = ["any", "another"].map(element);

/** The image shown, how it was sent if not as it is, and what stops the request about it. */
let image;
let sentAs = "";
let stop = new AbortController();

function say(text, failed = false) {
  status.textContent = text;
  status.classList.toggle("failed", failed);
}

/** The server's token, if it asks for one: the page is opened as /#token=…, and a tab remembers it. */
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? sessionStorage.getItem("token");
if (token !== null) {
  sessionStorage.setItem("token", token);
  history.replaceState(null, "", location.pathname);
}
const authorized = token === null ? {} : { authorization: `Bearer ${token}` };

/** Sends the image; throws the server's error. Retries if a full server asks for it. */
async function explain(query, signal) {
  for (let attempt = 0;; attempt++) {
    const response = await fetch(`explain?${new URLSearchParams(query)}`, {
      method: "POST",
      headers: { ...authorized, "content-type": "application/octet-stream" },
      body: image,
      signal,
    });
    if (response.ok) return response;
    if (response.status !== 429 || attempt === 3) throw new Error((await response.json()).error.message);
    const seconds = Number(response.headers.get("retry-after") ?? 1);
    say(`The server is busy; asking again in ${seconds} s …`);
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    signal.throwIfAborted();
  }
}

/** Does the newest thing asked for; what was asked before it is stopped. */
async function newest(act) {
  stop.abort();
  stop = new AbortController();
  const { signal } = stop;
  try {
    await act(signal);
  } catch (error) {
    if (!signal.aborted) {
      say(error instanceof TypeError ? "The server does not answer." : error.message, true);
    }
  }
}

async function show(target, signal) {
  const started = performance.now();
  const response = await explain({ target, format: "png" }, signal);
  const blob = await response.blob();
  URL.revokeObjectURL(overlay.src);
  overlay.src = URL.createObjectURL(blob);
  overlay.alt = "The image; what the classifier finds telling for this class is lit up";
  for (const button of classes.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.index === String(target)));
  }
  say(`Explained in ${Math.round(performance.now() - started)} ms.${sentAs}`);
}

function list(prediction) {
  classes.replaceChildren(...prediction.map(({ index, label, probability }) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.index = String(index);
    button.style.setProperty("--now", String(probability));
    const [name, share, bar] = ["", "", "bar"].map((kind) => {
      const part = document.createElement("span");
      part.className = kind;
      return part;
    });
    name.textContent = label;
    share.textContent = `${(100 * probability).toFixed(1)} %`;
    button.append(name, share, bar);
    button.addEventListener("click", () => newest((signal) => show(index, signal)));
    item.append(button);
    return item;
  }));
}

/** A large photograph, smaller, and its size then; any other file, or one that this browser cannot read, as it is. */
async function shrunk(file) {
  if (file.size <= SMALL_FILE) return { file };
  let bitmap;
  try {
    // Upright, as the server would turn it.
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return { file };
  }
  try {
    const scale = LONGEST_SIDE / Math.max(bitmap.width, bitmap.height);
    if (scale >= 1) return { file };
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height].map((side) => Math.round(scale * side));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    // What is transparent is seen over white, as the server has it.
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const smaller = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
    return smaller === null ? { file } : { file: smaller, size: `${canvas.width} x ${canvas.height}` };
  } finally {
    bitmap.close();
  }
}

function take(file) {
  if (file === undefined) return;
  newest(async (signal) => {
    say(`Explaining ${file.name} …`);
    const smaller = await shrunk(file);
    signal.throwIfAborted();
    image = smaller.file;
    sentAs = smaller.size === undefined ? "" : ` It was sent smaller, ${smaller.size}.`;
    const { prediction } = await (await explain({ format: "json" }, signal)).json();
    list(prediction);
    await show(prediction[0].index, signal);
    element("result").hidden = false;
  });
}

chooser.addEventListener("change", () => {
  take(chooser.files[0]);
  chooser.value = "";
});
element("sample").addEventListener("click", () =>
  newest(async (signal) => {
    const response = await fetch("sample.jpg", { signal });
    take(new File([await response.blob()], "the sample"));
  }));
addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
  if (file === undefined) return;
  event.preventDefault();
  take(file);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  newest((signal) => show(another.value, signal));
});
// Dropping anywhere is as good as on the frame; an image beside it must not replace the page.
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
  take(event.dataTransfer.files[0]);
});

fetch("models", { headers: authorized }).then(async (response) => {
  if (response.status === 401) {
    throw new Error("This server asks for a token: open the page with #token=… at its end.");
  }
  return await response.json();
}).then(({ models: [model] }) => {
  const head = model.head.trained ? "" : " Its head is not trained: the maps are a start only.";
  element("about").textContent =
    `${model.name} names what an image shows; P-TAME lights up what it is named by. ` +
    `The image is sent to this server, explained and forgotten.${head}`;
  element("labels").replaceChildren(...model.labels.map((label) => new Option(label)));
}).catch((error) => say(error instanceof TypeError ? "The server does not answer." : error.message, true));
