"use strict";
// Start everything on the page.
for (const figure of document.querySelectorAll("figure.chart")) {
  const data = figure.querySelector("script");
  if (data) dawnbench.draw(figure, JSON.parse(data.textContent));
}
for (const section of document.querySelectorAll(".telemetry")) dawnbench.telemetry(section);

for (const button of document.querySelectorAll("[data-copy]")) {
  const text = button.parentElement.querySelector("code");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text); // if the browser does not allow writing to the clipboard
      button.textContent = "Selected";
    }
  });
}
