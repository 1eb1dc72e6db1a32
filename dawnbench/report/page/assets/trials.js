"use strict";
// The checkboxes that show and hide a trial in every chart.
{
  dawnbench.hiddenTrials = new Set();
  const boxes = [...document.querySelectorAll(".toggles input[data-trial]")];

  dawnbench.applyTrials = () => {
    dawnbench.hiddenTrials = new Set(boxes.filter((box) => !box.checked).map((box) => Number(box.dataset.trial)));
    for (const { u, chart, readout } of dawnbench.plots) {
      readout.hide();
      u.batch(() => chart.lines.forEach((line, i) => {
        const show = !dawnbench.hiddenTrials.has(line.trial);
        if (u.series[i + 1].show !== show) u.setSeries(i + 1, { show });
      }));
      u.redraw(false);
    }
  };

  for (const box of boxes) box.addEventListener("change", dawnbench.applyTrials);

  for (const button of document.querySelectorAll(".toggles [data-show]")) {
    const { median } = button.closest(".toggles").dataset;
    const chosen = { all: () => true, none: () => false, median: (box) => box.dataset.trial === median };
    button.addEventListener("click", () => {
      for (const box of boxes) box.checked = chosen[button.dataset.show](box);
      dawnbench.applyTrials();
    });
  }
}
