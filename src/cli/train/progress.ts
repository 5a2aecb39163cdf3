/**
 * Shows the progress of a training run.
 *
 * @module
 */
import { fitSentence, fitWarning } from "../../ptame/fit/fit_record.ts";
import type { TrainProgress } from "../../ptame/training/train_options.ts";
import type { DownloadProgress } from "../../weights/download/progress.ts";
import { longDuration, printable, progressBar, sayNowAndThen, type Terminal } from "../terminal.ts";

/** Shows a progress bar on a terminal, and a line every half minute elsewhere. */
export function reporter(terminal: Terminal): (progress: Exclude<TrainProgress, DownloadProgress>) => void {
  const sayStep = sayNowAndThen(terminal, { since: -Infinity });
  return (progress) => {
    switch (progress.kind) {
      case "start": {
        const again = progress.resumedAt > 0 ? `, continuing after step ${progress.resumedAt}` : "";
        const length = progress.seconds === undefined
          ? `${progress.steps} steps`
          : `${longDuration(progress.seconds)} in all`;
        terminal.say(
          `Training on ${progress.device}: ${progress.images} images, ${length}${again}`,
        );
        break;
      }
      case "sorting": {
        const { done, total, secondsLeft } = progress;
        const left = `${longDuration(secondsLeft)} left`;
        const shown = `${progressBar(done / total)} ${done}/${total}  ${left}`;
        terminal.doing(`${shown}  sorting by class`);
        sayStep(`sorting by class: image ${done}/${total}, ${left}`);
        break;
      }
      case "fitting": {
        const { done, total, secondsLeft } = progress;
        const left = `${longDuration(secondsLeft)} left`;
        terminal.doing(`${progressBar(done / total)} ${done}/${total}  ${left}  fitting`);
        sayStep(`fitting: photograph ${done}/${total}, ${left}`);
        break;
      }
      case "fitted": {
        terminal.say(fitSentence(progress.fit));
        const warning = fitWarning(progress.fit);
        if (warning !== undefined) terminal.say(`Warning: ${warning}`);
        break;
      }
      case "edges":
        terminal.say(
          `the first tap draws edges: it explains ${
            (100 * progress.explained).toFixed(0)
          } % of their variance`,
        );
        break;
      case "sorted": {
        const { train, choose, score, unreadable } = progress.counts;
        const of = ({ images, classes }: typeof train) => `${images} images of ${classes} classes`;
        terminal.say(
          `${Number((progress.holdOutClasses * 100).toFixed(4))} % of the classes are held out: ${
            of(train)
          } to train on, ` +
            `${of(choose)} to choose by, ${of(score)} to score on` +
            (unreadable > 0 ? `, ${unreadable} unreadable` : ""),
        );
        break;
      }
      case "step": {
        const { loss, steps, imagesPerSecond, secondsLeft } = progress;
        const [total, ce, area] = [loss.total, loss.ce, loss.area].map((term) => term.toFixed(3));
        const variation = loss.variation.toFixed(1);
        const left = `${longDuration(secondsLeft)} left`;
        const rate = `${imagesPerSecond.toFixed(1)} images/s`;
        const count = `${loss.step}/${steps}`;
        // Eighty columns show the important numbers, wider terminals all of them.
        terminal.doing(
          `${progressBar(loss.step / steps)} ${count}  ${left}  ` +
            `loss ${total} (ce ${ce}, area ${area}, var ${variation})  ${rate}`,
        );
        const terms = `loss ${total} (ce ${ce}, area ${area}, variation ${variation})`;
        sayStep(`step ${count}  ${terms}  ${rate}, ${left}`, loss.step === steps);
        break;
      }
      case "validation": {
        const { step, averageDrop, increase, maskArea } = progress.validation;
        const list = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(" / ");
        terminal.say(
          `validation at step ${step}: AD ${list(averageDrop)} %, IC ${
            list(increase)
          } % (at 100 / 50 / 15 %), ` +
            `mask area ${maskArea.toFixed(2)}${progress.best ? ", the best so far" : ""}`,
        );
        break;
      }
      case "skipped":
        // The reason contains the name of the image.
        terminal.say(`skipped: ${printable(progress.skipped.reason)}`);
        break;
      case "checkpoint":
        break;
    }
  };
}
