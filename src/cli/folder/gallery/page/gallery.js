/**
 * The page of a folder run: filters, sorts, and shows an image with its classes. A browser runs this file as it is.
 */
(() => {
  const element = (id) => document.getElementById(id);
  const { entries, confusions, probabilities } = JSON.parse(element("data").textContent);
  const form = element("filter");
  const [grid, dialog] = [element("grid"), element("detail")];
  const [name, seen, folder, least, most, wrong, sort] = [
    "name",
    "class",
    "folder",
    "least",
    "most",
    "wrong",
    "sort",
  ].map(element);
  /** Images that are added when the end of the list comes into view. */
  const MORE = 60;

  /** The images that pass the filter, in order, how many of them are in the list, and the one that is open. */
  let [shown, listed, open] = [entries, 0, 0];

  const best = ({ classes }) => classes[0] ?? ["", 0];
  const number = (value) =>
    probabilities ? `${(100 * value).toFixed(1)} %` : String(Number(value.toPrecision(4)));

  function make(kind, text, properties = {}) {
    return Object.assign(document.createElement(kind), { textContent: text, ...properties });
  }

  function fill(select, values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    for (const [value, count] of [...counts].sort(([a], [b]) => a.localeCompare(b))) {
      select.append(make("option", `${value} (${count})`, { value }));
    }
    select.closest("label").hidden = counts.size === 0;
  }

  const ORDERS = {
    name: () => 0,
    low: (a, b) => best(a)[1] - best(b)[1],
    high: (a, b) => best(b)[1] - best(a)[1],
    wrong: (a, b) => (b.agrees === false) - (a.agrees === false) || best(b)[1] - best(a)[1],
    class: (a, b) => best(a)[0].localeCompare(best(b)[0]) || best(b)[1] - best(a)[1],
  };

  function update() {
    const text = name.value.trim().toLowerCase();
    const bounded = probabilities && (Number(least.value) > 0 || Number(most.value) < 100);
    shown = entries.filter((entry) => {
      const [label, confidence] = best(entry);
      return (text === "" || entry.name.toLowerCase().includes(text)) &&
        (seen.value === "" || label === seen.value) &&
        (folder.value === "" || entry.folder === folder.value) &&
        (!wrong.checked || entry.agrees === false) &&
        (!bounded || (100 * confidence >= Number(least.value) && 100 * confidence <= Number(most.value)));
    }).sort(ORDERS[sort.value]);
    grid.replaceChildren();
    listed = 0;
    element("count").textContent = `${shown.length} of ${entries.length} images`;
    more();
  }

  function card(entry, index) {
    const item = document.createElement("li");
    const button = make("button", "", { type: "button" });
    button.addEventListener("click", () => show(index));
    const [label, confidence] = best(entry);
    if (entry.maps.length > 0) {
      button.append(
        make("img", "", {
          loading: "lazy",
          decoding: "async",
          src: entry.maps[0][1],
          alt: `Map of ${entry.maps[0][0]}`,
        }),
      );
    }
    button.append(make("b", entry.error === undefined ? `${label} ${number(confidence)}` : "not explained"));
    button.append(make("span", entry.name));
    if (entry.agrees === false) {
      button.append(make("em", `in ${entry.folder}`));
      item.className = "wrong";
    }
    item.append(button);
    return item;
  }

  function more() {
    const from = listed;
    listed = Math.min(shown.length, listed + MORE);
    grid.append(...shown.slice(from, listed).map((entry, i) => card(entry, from + i)));
    // An end that stays in view is not reported again.
    if (listed < shown.length && element("end").getBoundingClientRect().top < 2 * innerHeight) {
      requestAnimationFrame(more);
    }
  }

  function show(index) {
    open = index;
    const entry = shown[index];
    element("detail-title").textContent = entry.name;
    element("detail-folder").textContent = entry.error ??
      (entry.agrees === false
        ? `Its folder says ${entry.folder}.`
        : entry.agrees
        ? "Its folder agrees."
        : "");
    dialog.querySelector(".maps").replaceChildren(
      ...entry.maps.map(([label, src]) =>
        make("img", "", { src, alt: `The image; what tells ${label} is light` })
      ),
    );
    dialog.querySelector("ol").replaceChildren(...entry.classes.map(([label, confidence]) => {
      const item = make("li", "");
      item.append(make("span", label), make("span", number(confidence)));
      if (probabilities) item.style.setProperty("--share", `${100 * confidence}%`);
      return item;
    }));
    element("before").disabled = index === 0;
    element("after").disabled = index === shown.length - 1;
    if (!dialog.open) dialog.showModal();
  }

  const step = (by) => {
    if (shown[open + by] !== undefined) show(open + by);
  };
  element("before").addEventListener("click", () => step(-1));
  element("after").addEventListener("click", () => step(1));
  element("close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft") step(-1);
    if (key === "ArrowRight") step(1);
  });
  dialog.addEventListener("close", () => grid.children[open]?.querySelector("button").focus());

  fill(seen, entries.flatMap((entry) => entry.classes.length === 0 ? [] : [best(entry)[0]]));
  fill(folder, entries.flatMap((entry) => entry.folder === "" ? [] : [entry.folder]));
  least.closest("label").hidden = !probabilities;
  const compared = entries.some(({ agrees }) => agrees !== undefined);
  wrong.closest("label").hidden = !compared;
  sort.querySelector("[value=wrong]").hidden = !compared;
  element("confusions").hidden = confusions.length === 0;
  for (const { folder: from, label, count } of confusions) {
    const button = make("button", `${from} → ${label} (${count})`, { type: "button" });
    button.addEventListener("click", () => {
      form.reset();
      [folder.value, seen.value] = [from, label];
      update();
    });
    const item = document.createElement("li");
    item.append(button);
    element("confusions").querySelector("ul").append(item);
  }
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  // A form is reset after its event.
  form.addEventListener("reset", () => setTimeout(update));
  new IntersectionObserver(([entry]) => {
    if (entry.isIntersecting) more();
  }, { rootMargin: "100%" }).observe(element("end"));
  update();
})();
