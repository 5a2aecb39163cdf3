/**
 * Draws the report of the fixture in a page, with the page's own document. Bundled by report_test.ts.
 *
 * @module
 */
import * as plot from "@observablehq/plot";
import { renderReport } from "../../src/faithfulness/report/page.ts";
import { reportData } from "../faithfulness/report/fixture.ts";

Object.assign(globalThis, { draw: async () => await renderReport(await reportData(), { plot }) });
