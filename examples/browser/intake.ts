/**
 * Files come in: chosen, dropped anywhere, or pasted. Images are explained, an .onnx file with what belongs to it is a
 * classifier, a .safetensors file a head; what is none of these is named.
 *
 * @module
 */
import { element } from "./dom.ts";

/** Files by what they are. */
export interface SortedFiles {
  readonly images: readonly File[];
  /** An .onnx file and its companions; empty without one. */
  readonly model: readonly File[];
  readonly heads: readonly File[];
  /** Why each of the others is not used, one line each. */
  readonly refused: readonly string[];
}

/** Endings of formats that the library reads although browsers do not call them images. */
const IMAGE_NAME =
  /\.(jpe?g|jfif|png|apng|gif|webp|bmp|ico|tiff?|avif|heic|heif|jxl|jp2|dcm|dicom|psd|tga|pnm|ppm|pgm|pbm|exr|hdr|svg|dds)$/i;

/** Endings of what goes with an .onnx file. */
const BESIDE_NAME = /\.(json|txt|names|labels|csv|data|bin|weights)$|[._]data$/i;

/** Sorts files by their names and by what the browser says they are. */
export function sortFiles(files: Iterable<File>): SortedFiles {
  const [images, companions, heads, others]: [File[], File[], File[], File[]] = [[], [], [], []];
  const models: File[] = [];
  for (const file of files) {
    if (/\.onnx$/i.test(file.name)) models.push(file);
    else if (/\.safetensors$/i.test(file.name)) heads.push(file);
    else if (file.type.startsWith("image/") || IMAGE_NAME.test(file.name)) images.push(file);
    else if (BESIDE_NAME.test(file.name)) companions.push(file);
    // A name without an ending may be external data, or an image.
    else if (!file.name.includes(".")) (models.length > 0 ? companions : images).push(file);
    else others.push(file);
  }
  const alone = models.length > 0 ? [] : companions;
  const refused = [
    ...alone.map(({ name }) => `${name} goes with a classifier: drop it together with the .onnx file`),
    ...others.map(({ name }) => `${name} is no image, no .onnx classifier and no head`),
  ];
  return { images, model: models.length > 0 ? [...models, ...companions] : [], heads, refused };
}

/** What the page does with them. */
export interface IntakeHooks {
  readonly take: (files: SortedFiles) => void;
  /** An address that was dragged or pasted from another page. */
  readonly takeAddress: (address: string) => void;
}

/** Sets up the controls. */
export function setUpIntake({ take, takeAddress }: IntakeHooks): void {
  const offer = (files: Iterable<File> | undefined | null) => {
    const all = [...files ?? []];
    if (all.length > 0) take(sortFiles(all));
    return all.length > 0;
  };
  for (const id of ["files", "more"]) {
    const input = element<HTMLInputElement>(id);
    input.addEventListener("change", () => {
      offer(input.files);
      // The same file may be chosen again.
      input.value = "";
    });
  }
  const transfer = (data: DataTransfer | null) => {
    if (offer(data?.files)) return;
    const address = (data?.getData("text/uri-list") || data?.getData("text/plain") || "").trim();
    if (/^https?:\/\/\S+$/.test(address)) takeAddress(address);
  };
  // Dropping anywhere is as good as on the frame; a file beside it must not replace the page.
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) document.body.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    transfer(event.dataTransfer);
  });
  addEventListener("paste", (event) => {
    // Text that is pasted into a field is meant for it.
    if ((event.target as HTMLElement).matches?.("input, textarea")) return;
    transfer(event.clipboardData);
  });
}
