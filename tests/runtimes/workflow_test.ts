import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, ROOT));

Deno.test("the workflow publishes with provenance after every target, on the Deno of .ci/run", () => {
  const workflow = read(".github/workflows/targets.yml");
  const version = /^DENO_VERSION=(.*)$/m.exec(read(".ci/run"))![1];
  const used = [...workflow.matchAll(/deno-version: (.*)/g)].map(([, each]) => each);
  assertEquals([...new Set(used)], [version]);
  const jobs = [...workflow.matchAll(/^ {2}(\w+):$/gm)].map(([, name]) => name!)
    .filter((name) => name !== "push" && name !== "pull_request");
  const needs = /needs: \[(.*)\]/.exec(workflow)![1]!.split(", ");
  assertEquals([...needs, "publish"], jobs);
  assert(/id-token: write/.test(workflow.slice(workflow.indexOf("\n  publish:"))));
});

Deno.test("the workflow runs tests that exist", () => {
  const paths = [...read(".github/workflows/targets.yml").matchAll(/(tests\/\S+_test\.ts)/g)]
    .map(([, path]) => path!);
  assert(paths.length > 1);
  for (const path of paths) assert(Deno.statSync(new URL(path, ROOT)).isFile, path);
});
