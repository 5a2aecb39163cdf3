/**
 * The tabs: what one does with the picture. Arrow keys move between them, as everywhere.
 *
 * @module
 */

/** What one can do. */
export type Tab = "look" | "erase" | "compare" | "teach";

/** Sets up the tabs; `choose` is called with the one that a person chooses. */
export function setUpTabs(choose: (tab: Tab) => void): void {
  const tabs = [...document.querySelectorAll<HTMLButtonElement>("[role=tab]")];
  const open = (tab: HTMLButtonElement) => {
    for (const each of tabs) {
      const chosen = each === tab;
      each.ariaSelected = String(chosen);
      each.tabIndex = chosen ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")!)!.hidden = !chosen;
    }
    document.body.dataset["tab"] = tab.dataset["tab"]!;
    choose(tab.dataset["tab"] as Tab);
  };
  tabs.forEach((tab, place) => {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0) return;
      event.preventDefault();
      const next = tabs[(place + step + tabs.length) % tabs.length]!;
      next.focus();
      open(next);
    });
  });
}
