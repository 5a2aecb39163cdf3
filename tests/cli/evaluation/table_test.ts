import { assertEquals } from "@std/assert";
import { powerLines } from "../../../src/cli/evaluation/table.ts";
import type { MeasureStatistics, PairStatistics } from "../../../src/faithfulness/statistics/compare.ts";

Deno.test("powerLines() says what the pair needs that needs most, in lines of the terminal's width", () => {
  const pairs = [12, 480, 3].map((imagesForPoint) => ({ imagesForPoint }) as PairStatistics);
  const measured = (key: string, of = pairs): MeasureStatistics => ({ key, images: 5, point: 1, pairs: of });
  const statistics = [measured("AD100"), measured("AD50"), measured("insertion"), measured("deletion", [])];
  assertEquals(powerLines(statistics, 30), [
    "Images that show a difference of one point in every pair of methods (80 % power):",
    "  AD 100 % 480, AD 50 % 480",
    "  Insertion 480",
  ]);
  assertEquals(powerLines([measured("deletion", [])], 80), []);
});

Deno.test("powerLines() says where differences do not vary, which tells nothing of how many images are needed", () => {
  const [varied, equal] = [{ imagesForPoint: 12 }, {}] as PairStatistics[];
  const measured = (key: string, pairs: PairStatistics[]) => ({ key, images: 5, point: 1, pairs });
  assertEquals(powerLines([measured("IC50", [equal!]), measured("AD50", [varied!, equal!])], 120).slice(1), [
    "  IC 50 % unknown (no difference varies), AD 50 % 12 (1 of 2 pairs: unknown)",
  ]);
});
