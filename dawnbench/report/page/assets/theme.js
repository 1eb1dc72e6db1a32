"use strict";
// Runs in the head: the theme and the presence of scripts are known before anything is drawn.
{
  const root = document.documentElement;
  root.classList.add("js");
  const kept = {
    // A page opened from a disk may be refused its storage; the theme then lasts as long as the page.
    get: () => { try { return localStorage.getItem("dawnbench-theme"); } catch { return null; } },
    set: (theme) => { try { localStorage.setItem("dawnbench-theme", theme); } catch { /* not kept */ } },
  };
  const preference = matchMedia("(prefers-color-scheme: dark)");
  const chosen = kept.get();
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : preference.matches);
  const changed = () => {
    document.getElementById("theme").textContent = isDark() ? "Light theme" : "Dark theme";
    document.dispatchEvent(new Event("themechange"));
  };
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      kept.set(root.dataset.theme);
      changed();
    });
    preference.addEventListener("change", changed);
    changed();
  });
}
