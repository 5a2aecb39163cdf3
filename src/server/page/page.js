/**
 * The start page: sends an image to the server beside it, lists what the classifier sees, shows where it looks.
 * A browser runs this file as it is.
 */

const element = (id) => document.getElementById(id);
const [drop, chooser, status, classes, overlay] = ["drop", "file", "status", "classes", "overlay"].map(
  element,
);
const [form, another] = ["any", "another"].map(element);

/** The image shown, and what stops the request about it. */
let picture;
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
      body: picture,
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
  say(`Explained in ${Math.round(performance.now() - started)} ms.`);
}

function list(prediction) {
  classes.replaceChildren(...prediction.map(({ index, label, probability }) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.index = String(index);
    button.style.setProperty("--share", `${100 * probability}%`);
    const [name, share] = [document.createElement("span"), document.createElement("span")];
    name.textContent = label;
    share.textContent = `${(100 * probability).toFixed(1)} %`;
    button.append(name, share);
    button.addEventListener("click", () => newest((signal) => show(index, signal)));
    item.append(button);
    return item;
  }));
}

function take(file) {
  if (file === undefined) return;
  newest(async (signal) => {
    picture = file;
    say(`Explaining ${file.name} …`);
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
