import { assertEquals } from "@std/assert";
import { availableThreads } from "../../src/runtime/device.ts";
import { isSmallDevice } from "../../src/runtime/small_device.ts";

const MAC =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5";

Deno.test("isSmallDevice() tells phones and tablets from desktops", () => {
  const small = [
    {
      userAgent:
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile",
    },
    { userAgent: "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0" },
    { userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5" },
    // A tablet that asks for desktop pages.
    { userAgent: `${MAC} Safari/605.1.15`, platform: "MacIntel", maxTouchPoints: 5 },
    { userAgent: "", userAgentData: { mobile: true } },
  ];
  const large = [
    {},
    { userAgent: `${MAC} Safari/605.1.15`, platform: "MacIntel", maxTouchPoints: 0 },
    {
      userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
      maxTouchPoints: 10,
    },
    {
      userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0",
      userAgentData: { mobile: false },
    },
    { userAgent: "Deno/2.9.6" },
  ];
  assertEquals(small.map((clues) => isSmallDevice(clues)), small.map(() => true));
  assertEquals(large.map((clues) => isSmallDevice(clues)), large.map(() => false));
});

Deno.test("availableThreads() is one on a phone", () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "navigator")!;
  const many = { hardwareConcurrency: 8, userAgent: "Desktop" };
  const threads = (navigator: object) => {
    Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
    return availableThreads();
  };
  try {
    assertEquals([threads(many), threads({ ...many, userAgentData: { mobile: true } })], [8, 1]);
  } finally {
    Object.defineProperty(globalThis, "navigator", own);
  }
});
