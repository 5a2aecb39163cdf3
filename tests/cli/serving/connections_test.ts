import { assertEquals } from "@std/assert";
import {
  type Connection,
  createConnections,
  usualConnections,
} from "../../../src/cli/serving/connections.ts";

function connection(client: string, ended: string[], name: string): Connection {
  return { client, end: () => ended.push(name) };
}

Deno.test("createConnections() ends what has waited longest of the client that has most", async () => {
  const ended: string[] = [];
  const list = createConnections(4);
  const make = (client: string, name: string) => connection(client, ended, name);
  const [a1, a2, a3, b1] = [make("a", "a1"), make("a", "a2"), make("a", "a3"), make("b", "b1")];
  for (const each of [b1, a1, a2, a3]) {
    assertEquals(list.add(each), true);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  // a1 has sent its request; a2 has waited longest.
  list.setWaiting(a1, false);
  assertEquals([list.add(make("c", "c1")), ended], [true, ["a2"]]);
  // Answered just now, it has waited for less time than a3.
  list.setWaiting(a1, true);
  assertEquals([list.add(make("c", "c2")), ended.slice(1)], [true, ["a3"]]);
  assertEquals(list.size, 4);
});

Deno.test("createConnections() refuses a new one if all others are being answered", () => {
  const ended: string[] = [];
  const list = createConnections(2);
  const both = [connection("a", ended, "1"), connection("b", ended, "2")];
  for (const each of both) {
    list.add(each);
    list.setWaiting(each, false);
  }
  assertEquals([list.add(connection("c", ended, "3")), ended, list.size], [false, [], 2]);
  list.remove(both[0]!);
  assertEquals(list.add(connection("c", ended, "3")), true);
  list.endAll();
  assertEquals([ended, list.size], [["2", "3"], 0]);
});

Deno.test("usualConnections() stays below the descriptors of the process", () => {
  const limits = (soft: string) =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}   4096   files\n`;
  assertEquals(usualConnections(limits("256")), 128);
  assertEquals(usualConnections(limits("1048576")), 512);
  assertEquals(usualConnections(limits("32")), 8);
  assertEquals(usualConnections(limits("unlimited")), 512);
  assertEquals(usualConnections(undefined), 512);
});
