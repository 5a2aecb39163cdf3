/**
 * The page of a folder run: all images with their maps, to filter and sort. One file; the overlays are next to it and are
 * loaded when they come into view. It works from a disk, and its policy allows its own script and images alone.
 *
 * @module
 */
import { uint8ArrayToBase64 } from "uint8array-extras";
import { asMarkup, markup, pageStart } from "../../../faithfulness/report/markup.ts";
import { type OverlayLooks, scaleGradient } from "../../../image/map_colours.ts";
import { fetchBytes } from "../../../weights/fetch_bytes.ts";
import { countConfusions, type GalleryEntry } from "./entries.ts";

/** The page's files. Written out one by one, because bundlers follow nothing else. */
const SCRIPT = new URL("./page/gallery.js", import.meta.url);
const STYLE = new URL("./page/gallery.css", import.meta.url);

/** Confusions that are listed. */
const MOST_CONFUSIONS = 30;

async function readText(url: URL): Promise<string> {
  return new TextDecoder().decode(await fetchBytes(url, "page"));
}

/** Data that no text in it can end. */
function safeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** What the page says about a run. */
export interface GalleryFacts {
  /** Heading. */
  readonly title: string;
  /** The command that made it. */
  readonly command: string;
  /** Whether probabilities are probabilities, and not scores. */
  readonly probabilities: boolean;
  /** Colours and opacity of the overlays. */
  readonly looks?: OverlayLooks;
}

/** Renders the page. */
export async function galleryPage(entries: readonly GalleryEntry[], facts: GalleryFacts): Promise<string> {
  const [script, style] = await Promise.all([readText(SCRIPT), readText(STYLE)]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script));
  const policy = `default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'; ` +
    `script-src 'sha256-${uint8ArrayToBase64(new Uint8Array(digest))}'`;
  const named = entries.filter(({ agrees }) => agrees !== undefined);
  const wrong = named.filter(({ agrees }) => agrees === false).length;
  const failed = entries.filter(({ error }) => error !== undefined).length;
  const data = {
    entries,
    confusions: countConfusions(entries).slice(0, MOST_CONFUSIONS),
    probabilities: facts.probabilities,
  };
  const sums = [
    `${entries.length} images`,
    ...(named.length === 0
      ? []
      : [`${wrong} of ${named.length} in folders that are named as classes disagree with their folder`]),
    ...(failed === 0 ? [] : [`${failed} could not be explained`]),
  ];
  const page = markup`${pageStart({ title: facts.title, policy, style })}
<header>
<h1>${facts.title}</h1>
<p>${sums.join("; ")}.</p>
<p class="scale"><span>weakest</span><i style="background: ${
    scaleGradient(facts.looks)
  }"></i><span>strongest for its class (each map on its own scale)</span></p>
</header>
<main>
<section id="confusions" aria-labelledby="confusions-title" hidden>
<h2 id="confusions-title">Taken for another class</h2>
<ul></ul>
</section>
<form id="filter" aria-label="Filter and sort">
<label>Name <input id="name" type="search" autocomplete="off"></label>
<label>Class seen <select id="class"><option value="">all</option></select></label>
<label>Folder <select id="folder"><option value="">all</option></select></label>
<label>Confidence from <input id="least" type="number" min="0" max="100" step="1" value="0"> to <input id="most" type="number" min="0" max="100" step="1" value="100" aria-label="Highest confidence"> %</label>
<label><input id="wrong" type="checkbox"> disagrees with its folder</label>
<label>Sort <select id="sort">
<option value="name">by name</option>
<option value="low">least confident first</option>
<option value="high">most confident first</option>
<option value="wrong">most confident disagreements first</option>
<option value="class">by class</option>
</select></label>
<button type="reset">Show all</button>
</form>
<p id="count" role="status"></p>
<ul id="grid"></ul>
<div id="end"></div>
</main>
<footer><pre>${facts.command}</pre></footer>
<dialog id="detail" aria-labelledby="detail-title">
<h2 id="detail-title"></h2>
<p id="detail-folder"></p>
<div class="sides"><div class="maps"></div><ol></ol></div>
<p class="row"><button id="before" type="button">Previous</button><button id="after" type="button">Next</button><button id="close" type="button">Close</button></p>
</dialog>
<noscript><p>This page needs its script to show the images; ${facts.title} is also in results.jsonl beside it.</p></noscript>
<script type="application/json" id="data">${asMarkup(safeJson(data))}</script>
<script>${asMarkup(script)}</script>
</body>
</html>
`;
  return String(page);
}
