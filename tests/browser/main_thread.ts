/**
 * What a page's main thread does, from Chromium's own trace.
 *
 * A long task is counted by the processor's time, not by the clock alone: on a busy machine the system takes the
 * processor away for hundreds of milliseconds in the midst of a short task, and no page can help that.
 *
 * @module
 */

/** What is used of a session with Chromium's tools. */
export interface ToolsSession {
  send(method: string, parameters?: unknown): Promise<unknown>;
  on(event: string, listener: (said: { value: TraceEvent[] }) => void): void;
  once(event: string, listener: () => void): void;
  off(event: string, listener: (said: { value: TraceEvent[] }) => void): void;
}

/** An event of a trace; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  /** The processor's time of it. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** The main threads' busiest tasks while something went on. */
export interface MainThread {
  /** Tasks seen. */
  readonly tasks: number;
  /** The longest, in milliseconds of the processor. */
  readonly longest: number;
}

/** Watches the main threads of a page's process while `act` runs. */
export async function watchMainThread(session: ToolsSession, act: () => Promise<void>): Promise<MainThread> {
  const events: TraceEvent[] = [];
  const collect = ({ value }: { value: TraceEvent[] }) => void events.push(...value);
  session.on("Tracing.dataCollected", collect);
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"] },
  });
  try {
    await act();
  } finally {
    const complete = new Promise<void>((resolve) => session.once("Tracing.tracingComplete", resolve));
    await session.send("Tracing.end");
    await complete;
    session.off("Tracing.dataCollected", collect);
  }
  const main = new Set(
    events.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = events.filter(({ name, pid, tid, tdur }) =>
    name === "RunTask" && tdur !== undefined && main.has(`${pid} ${tid}`)
  );
  return { tasks: tasks.length, longest: Math.max(0, ...tasks.map(({ tdur }) => tdur! / 1000)) };
}
