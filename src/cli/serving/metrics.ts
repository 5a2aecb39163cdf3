/**
 * What a server counts and times, in the text format of Prometheus.
 *
 * @module
 */
import type { Answered, ServerState } from "../../server/handler.ts";
import { VERSION } from "../called.ts";
import { loadByName } from "../load_by_name.ts";

/** Not a literal, because Deno would download it for every command. */
const PROM_CLIENT = ["npm:prom-client", "15.1.3"].join("@");

/** The used part of prom-client. */
interface PromClient {
  readonly Registry: new () => Registry;
  readonly Counter: new (options: MetricOptions) => Counter;
  readonly Gauge: new (options: MetricOptions) => Gauge;
  readonly Histogram: new (options: MetricOptions) => Histogram;
}

interface Registry {
  metrics(): Promise<string>;
}

type Labels = Readonly<Record<string, string>>;

interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
  readonly buckets?: readonly number[];
  readonly registers: readonly Registry[];
}

interface Counter {
  inc(labels: Labels, value?: number): void;
}

interface Gauge {
  set(labels: Labels, value: number): void;
  reset(): void;
}

interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** The metrics of one server. */
export interface ServerMetrics {
  /** Counts a response. */
  observe(answer: Answered): void;
  /** All metrics now, as text. */
  write(state: ServerState): Promise<string>;
}

/** Seconds: from an answer out of a cache to the longest deadline that is usual. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Paths that are counted by their names; others could be any, and each would cost memory. */
const PATHS = new Set(["/", "/explain", "/models", "/healthz", "/readyz", "/openapi.json", "/metrics"]);
const METHODS = new Set(["GET", "HEAD", "POST", "OPTIONS"]);

/** What a process says about itself. */
interface ProcessFacts {
  readonly memory: () => { readonly rss: number; readonly heapUsed: number };
  readonly connections: () => number;
}

/**
 * Opens the metrics.
 *
 * @throws {Error} When the library cannot be loaded.
 */
export async function openMetrics({ memory, connections }: ProcessFacts): Promise<ServerMetrics> {
  const { default: { Registry, Counter, Gauge, Histogram } } = await loadByName<{ default: PromClient }>(
    PROM_CLIENT,
    (said) => `${PROM_CLIENT} cannot be loaded (${said})`,
  );
  const registers = [new Registry()];
  const options = (name: string, help: string, ...labelNames: string[]) => ({
    ...{ name, help, labelNames, registers },
  });
  const requests = new Counter(
    options("ptame_requests_total", "Responses by method, path and status", "method", "path", "status"),
  );
  const refusals = new Counter(
    options("ptame_refusals_total", "Refused requests by the code of their error", "code"),
  );
  const clients = new Counter(
    options("ptame_client_requests_total", "Responses by the client's key and status", "client", "status"),
  );
  const seconds = new Histogram({
    ...options("ptame_request_seconds", "Time from a request's head to its response", "path"),
    buckets: BUCKETS,
  });
  const stages = new Histogram({
    ...options("ptame_stage_seconds", "Time of the stages of an explanation", "stage"),
    buckets: BUCKETS,
  });
  const taken = new Gauge(options("ptame_queue_taken", "Explanations that run or wait"));
  const places = new Gauge(options("ptame_queue_places", "How many explanations may run or wait"));
  const open = new Gauge(options("ptame_connections", "Open connections"));
  const ready = new Gauge(
    options("ptame_ready", "1 while explanations are accepted: the networks are loaded"),
  );
  const model = new Gauge(
    options("ptame_model_info", "The loaded networks", "model", "auxiliary", "head", "trained", "device"),
  );
  const build = new Gauge(options("ptame_build_info", "The version", "version"));
  const resident = new Gauge(options("process_resident_memory_bytes", "Memory of the process"));
  const heap = new Gauge(options("ptame_heap_bytes", "Memory of JavaScript's objects"));
  const started = new Gauge(options("process_start_time_seconds", "When the process started, since 1970"));
  build.set({ version: VERSION.split(" ").at(-1)! }, 1);
  started.set({}, performance.timeOrigin / 1000);
  return {
    observe: (answer) => {
      const path = PATHS.has(answer.path) ? answer.path : "other";
      const method = METHODS.has(answer.method) ? answer.method : "other";
      requests.inc({ method, path, status: String(answer.status) });
      seconds.observe({ path }, answer.milliseconds / 1000);
      if (answer.client !== undefined) clients.inc({ client: answer.client, status: String(answer.status) });
      if (answer.code !== undefined) refusals.inc({ code: answer.code });
      for (const [stage, milliseconds] of Object.entries(answer.stages)) {
        stages.observe({ stage }, milliseconds / 1000);
      }
    },
    write: async (state) => {
      taken.set({}, state.taken);
      places.set({}, state.places);
      open.set({}, connections());
      ready.set({}, state.status === "ok" ? 1 : 0);
      const { rss, heapUsed } = memory();
      resident.set({}, rss);
      heap.set({}, heapUsed);
      if (state.model !== undefined) {
        const { name, auxiliary, head, trained, device } = state.model;
        // Others may have been loaded before.
        model.reset();
        model.set({ model: name, auxiliary, head, trained: String(trained), device }, 1);
      }
      return await registers[0]!.metrics();
    },
  };
}
