/**
 * A person's own classifier: where it is asked for, what it turned out to be, and the way back to the page's.
 *
 * @module
 */
import type { Classifier } from "./classifier.ts";
import { attempt, element, onSubmit } from "./dom.ts";
import type { ForeignSource } from "./engine.ts";

/** What the page does with it. */
export interface OwnModelHooks {
  /** Opens a classifier; the page's own for `undefined`. */
  readonly open: (source: ForeignSource | undefined) => Promise<void>;
}

/** Its part of the page. */
export interface OwnModel {
  /** Says which classifier is in use. */
  show(classifier: Classifier): void;
}

/** A classifier from files that a person gave together. */
export function sourceFromFiles(files: readonly File[], head: File | undefined): ForeignSource {
  const name = files.find((file) => /\.onnx$/i.test(file.name))?.name ?? "the classifier";
  return { name, model: { files: files.map((file) => ({ name: file.name, content: file })) }, head };
}

/**
 * A classifier by what a person typed: an address, or a name of the Hub as its pages show it.
 *
 * @throws {Error} When it is neither.
 */
export function sourceFromText(typed: string): ForeignSource {
  const text = typed.trim();
  const page = /^https:\/\/huggingface\.co\/([\w.-]+\/[\w.-]+)\/?$/.exec(text);
  const address = page !== null
    ? `hf:${page[1]}`
    : /^[\w.-]+\/[\w.-]+(@[^/]+)?(\/.+)?$/.test(text) && !/^https?:/i.test(text)
    ? `hf:${text}`
    : text;
  if (!/^(hf:|https?:\/\/)/i.test(address)) {
    throw new Error(`Cannot open ${text}: write owner/name of the Hub, or the address of an .onnx file`);
  }
  return { name: address, model: { address } };
}

/** Sets it up. */
export function setUpOwnModel({ open }: OwnModelHooks): OwnModel {
  onSubmit("model-form", "model-address", async (text) => await open(sourceFromText(text)));
  const chooser = element<HTMLInputElement>("model-files");
  chooser.addEventListener("change", () => {
    const files = [...chooser.files ?? []];
    chooser.value = "";
    const heads = files.filter(({ name }) => /\.safetensors$/i.test(name));
    const rest = files.filter((file) => !heads.includes(file));
    if (rest.length > 0) attempt(async () => await open(sourceFromFiles(rest, heads[0])));
  });
  element("model-back").addEventListener("click", () => attempt(async () => await open(undefined)));

  return {
    show: ({ facts, foreign }) => {
      document.body.classList.toggle("foreign", foreign);
      element("model-name").textContent = foreign ? facts.name : "EfficientNet-Lite0";
      element("model-classes").textContent = `${facts.classes} classes`;
      element("model-back").hidden = !foreign;
      const described = facts.described ?? [];
      const notes = facts.notes ?? [];
      element("model-facts").hidden = !foreign;
      element("model-facts-list").replaceChildren(
        ...described.map(({ name, value, from }) =>
          line(`${name}: ${value}`, from === "assumed" ? "assumed" : from)
        ),
        ...notes.map((note) => line(note, "not used")),
      );
      const assumed = described.filter(({ from }) => from === "assumed").map(({ name }) => name);
      element("model-assumed").textContent = assumed.length === 0
        ? "What it takes and gives, and where that was found"
        : `Assumed, because the file does not say: ${assumed.join(", ")}`;
      element("label-count").textContent = `Any other of its ${facts.classes} classes`;
      const { labels } = facts;
      element("labels").replaceChildren(...labels.map((label) => new Option(label)));
      element<HTMLInputElement>("another").placeholder = foreign ? labels.at(-1) ?? "" : "teddy";
      element<HTMLInputElement>("rival").placeholder = foreign ? labels.at(-1) ?? "" : "red fox";
    },
  };
}

function line(text: string, from: string): HTMLLIElement {
  const item = document.createElement("li");
  const where = document.createElement("span");
  where.className = "quiet";
  where.textContent = ` (${from})`;
  item.append(text, where);
  return item;
}
