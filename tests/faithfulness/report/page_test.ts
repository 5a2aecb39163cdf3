import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { renderReport } from "../../../src/faithfulness/report/page.ts";
import { listKeys, shownSpread } from "../../../src/faithfulness/report/labels.ts";
import { measureStatistics } from "../../../src/faithfulness/statistics/compare.ts";
import { METHODS, reportData } from "./fixture.ts";

/** Not a literal: `deno check` would want its types. */
const LINKEDOM = ["npm:linkedom", "0.18.12"].join("@");
const { parseHTML } = await import(LINKEDOM) as { parseHTML(html: string): { document: Document } };

Deno.test("renderReport() gives one page that runs nothing, asks for nothing and shows all there is", async () => {
  const data = await reportData();
  const html = await renderReport(data, { document: parseHTML("<html></html>").document });
  const { document: page } = parseHTML(html);
  assertEquals(page.querySelectorAll("script, iframe, object, link:not([rel=icon])").length, 0);
  // The texts that tried to be markup are texts.
  assertEquals(page.querySelectorAll("h1 *, i:not(.scale i), dd img").length, 0);
  assertEquals(page.querySelector("h1")!.textContent, data.title);
  const urls = [...html.matchAll(/(?:\ssrc=|\shref=|url\()["']?([^"')\s>]+)/g)].map((match) => match[1]!);
  assertEquals(urls.filter((url) => !url.startsWith("data:") && !url.startsWith("http://example.org")), []);
  assert(!/<img[^>]+src="?http/.test(html));

  const tables = [...page.querySelectorAll("table")];
  const rows = [...tables[0]!.querySelectorAll("tbody tr")];
  assertEquals(rows.map((row) => row.querySelector("th")!.textContent!.replace(" control", "")), [
    ...METHODS,
  ]);
  const shown = data.evaluation.methods["random"]!.measures["AD50"]!;
  assertStringIncludes(
    rows[1]!.textContent!,
    `${shown.value.toFixed(1)} ${shownSpread("AD50", shown)}`,
  );

  // AD, IC and AG at three percentages, ROAD in three, monotonicity and contrast in two, 24 others; two curves of ROAD, and of
  // insertion, deletion, pixel flipping, region perturbation, selectivity, IROF; time; and ranks in each.
  const titles = [...page.querySelectorAll(".charts figure h3")].map((title) => title.textContent);
  assertEquals(titles.length, 40 + 40 + 8 + 1);
  for (const svg of page.querySelectorAll(".charts svg")) {
    assertEquals(svg.getAttribute("role"), "img");
    assert(svg.getAttribute("aria-label")!.length > 10);
    // One label for the whole: parts without a role must have none.
    assertEquals(svg.querySelectorAll("[aria-label], [aria-hidden], [aria-description]").length, 0);
    assert(!/NaN|undefined|Infinity/.test(svg.outerHTML), svg.outerHTML);
  }
  for (const image of page.querySelectorAll("img")) assert(image.getAttribute("alt")!.length > 10);
  assertEquals(page.querySelectorAll(".maps figure").length, 1 + METHODS.length);
  const meanings = [...page.querySelectorAll(".meanings dd")].map((each) => each.textContent!);
  assertEquals(meanings.length, listKeys(data.evaluation).length);
  for (const meaning of meanings) assert(/\. (Higher|Lower) is better\.$/.test(meaning), meaning);
  assertStringIncludes(page.querySelector("pre")!.textContent!, data.command);
  assertStringIncludes(
    page.querySelector(".verdicts")!.textContent!,
    "<b>seeded</b> is ahead of every control",
  );
  assertStringIncludes(page.body.textContent!, "z.jpg: Cannot decode image z.jpg");
});

Deno.test("renderReport() draws curves through the points that were measured", async () => {
  const data = await reportData(["road"]);
  const html = await renderReport(data, { document: parseHTML("<html></html>").document });
  const { document: page } = parseHTML(html);
  const figure = [...page.querySelectorAll("figure")].find((each) =>
    each.querySelector("svg")?.getAttribute("aria-label")?.startsWith("ROAD MoRF ↓: Share")
  )!;
  const line = figure.querySelector('[data-part="line"] path')!.getAttribute("d")!;
  const points = [...line.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map((
    match,
  ) => [Number(match[1]), Number(match[2])]);
  const { values, percents } = data.evaluation.methods[METHODS[0]]!.measures["ROAD-MoRF"]!.curve!;
  assertEquals(points.length, values.length);
  // Both axes are linear: a percentage and a value per pixel are the same everywhere.
  const perPercent = (points[1]![0]! - points[0]![0]!) / (percents[1]! - percents[0]!);
  points.forEach(([x], i) => assert(Math.abs(x! - points[0]![0]! - perPercent * (percents[i]! - 10)) < 0.01));
  const bottom = 240 - 42;
  points.forEach(([, y], i) => assert(Math.abs(y! - (bottom - values[i]! * (bottom - 10))) < 0.01, line));
});

Deno.test("renderReport() says what is missing", async () => {
  const data = await reportData(["road"]);
  await assertRejects(() => renderReport(data), TypeError, "no document is given");
  const { document } = parseHTML("<html></html>");
  await assertRejects(
    () => renderReport({ ...data, evaluation: { preset: "rise", images: 0, methods: {} } }, { document }),
    RangeError,
    "has no method",
  );
  const bare = await renderReport({ ...data, controls: [], gallery: [] }, { document });
  assertStringIncludes(bare, "No control was measured");
  assert(!bare.includes("<h2>Images</h2>"));
});

Deno.test("renderReport() says what the classifier saw, and marks what was assumed", async () => {
  const { document } = parseHTML("<html></html>");
  const plain = await renderReport(await reportData(["road"]), { document });
  assertEquals(plain.includes("What the classifier saw"), false);
  const classifier = [{ name: "size", value: "96 x <48>", from: "file" as const }, {
    ...{ name: "channels", value: "RGB", from: "assumed" as const },
  }];
  const html = await renderReport({ ...await reportData(["road"]), classifier }, { document });
  const { document: page } = parseHTML(html);
  const table = page.querySelector('[aria-label="What the classifier saw"] table')!;
  assertEquals([...table.querySelectorAll("tbody tr")].map((row) => row.textContent), [
    "size96 x <48>file",
    "channelsRGBassumed",
  ]);
  assertEquals([...table.querySelectorAll("strong")].map((each) => each.textContent), ["assumed"]);
});

Deno.test("renderReport() ranks methods, tests pairs and says how far measures agree", async () => {
  const data = await reportData(["ad", "insertion"]);
  const html = await renderReport(data, { document: parseHTML("<html></html>").document });
  const { document: page } = parseHTML(html);
  const details = [...page.querySelectorAll("details")];
  assertEquals(details.length, 4);
  const { ranks, pairs, criticalDifference } = measureStatistics(data.records, METHODS, "insertion");
  const table = details.find((each) => each.querySelector("summary")!.textContent!.startsWith("Insertion"))!;
  assertStringIncludes(table.textContent!, `critical difference ${criticalDifference!.toFixed(2)}`);
  const shown = [...table.querySelectorAll("tbody tr")].map((row) =>
    [...row.children].map((cell) => cell.textContent)
  );
  const [best, ...others] = Object.entries(ranks!).sort(([, a], [, b]) => a - b);
  assertEquals(shown[0], [best![0], best![1].toFixed(2), "", "", ""]);
  shown.slice(1).forEach((cells, i) => {
    const [name, rank] = others[i]!;
    const pair = pairs.find(({ a, b }) => [a, b].includes(name) && [a, b].includes(best![0]))!;
    const turned = pair.a === name ? pair : { ...pair, wins: pair.losses, losses: pair.wins };
    assertEquals(cells.slice(0, 3), [
      name,
      rank.toFixed(2),
      `${turned.wins} / ${turned.ties} / ${turned.losses}`,
    ]);
    assertEquals(cells[4], String(pair.imagesForPoint ?? "unknown"));
  });
  const agreement = page.querySelector('[aria-label="Agreement of measures"] table')!;
  assertEquals(agreement.querySelectorAll("tbody tr").length, 4);
});
