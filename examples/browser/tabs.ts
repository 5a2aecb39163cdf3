/**
 * The tabs: what one does with the image. Arrow keys move between them, as everywhere.
 *
 * @module
 */

/** What one can do. */
export const TABS = ["look", "erase", "compare", "teach"] as const;

/** One of them. */
export type Tab = typeof TABS[number];

/** Whether a text names one. */
export function isTab(name: string | null): name is Tab {
  return TABS.some((tab) => tab === name);
}

/**
 * Sets up the tabs; `choose` is called with the one that a person chooses.
 *
 * @returns Opens a tab without calling it.
 */
export function setUpTabs(choose: (tab: Tab) => void): (tab: Tab) => void {
  const tabs = [...document.querySelectorAll<HTMLButtonElement>("[role=tab]")];
  const open = (tab: HTMLButtonElement) => {
    for (const each of tabs) {
      const chosen = each === tab;
      each.ariaSelected = String(chosen);
      each.tabIndex = chosen ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")!)!.hidden = !chosen;
    }
    document.body.dataset["tab"] = tab.dataset["tab"]!;
  };
  const choosing = (tab: HTMLButtonElement) => {
    open(tab);
    choose(tab.dataset["tab"] as Tab);
  };
  tabs.forEach((tab, place) => {
    tab.addEventListener("click", () => choosing(tab));
    tab.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0) return;
      event.preventDefault();
      const next = tabs[(place + step + tabs.length) % tabs.length]!;
      next.focus();
      choosing(next);
    });
  });
  return (tab) => open(tabs.find((each) => each.dataset["tab"] === tab)!);
}
