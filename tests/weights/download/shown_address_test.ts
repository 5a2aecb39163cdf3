import { assertEquals } from "@std/assert";
import { shownAddress, withShownAddress } from "../../../src/weights/download/shown_address.ts";

Deno.test("shownAddress() leaves out user, password and query, and nothing else", () => {
  for (
    const plain of ["https://a.example/w/ü.safetensors", "https://a.example:8443/", "not an address", ""]
  ) {
    assertEquals(shownAddress(plain), plain);
  }
  assertEquals(shownAddress("https://me:secret@a.example:8443/w"), "https://a.example:8443/w");
  assertEquals(shownAddress("https://a.example/w?token=secret#x"), "https://a.example/w?…#x");
});

Deno.test("withShownAddress() replaces the address in a text, as it was given and as a URL", () => {
  const address = "https://me:secret@a.example";
  const text =
    "error sending request for url (https://me:secret@a.example/): refused by https://me:secret@a.example";
  const shown = withShownAddress(text, address);
  assertEquals(shown.includes("secret"), false, shown);
  assertEquals(shown.includes("a.example"), true);
});
