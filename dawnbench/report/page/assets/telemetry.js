"use strict";
// What the sensors showed during one trial, chosen by the reader: one chart per unit (see telemetry.py).
{
  const figureOf = (chart) => {
    const figure = document.createElement("figure");
    figure.className = "chart";
    figure.dataset.group = chart.group;
    const caption = document.createElement("figcaption");
    caption.textContent = chart.title;
    const key = document.createElement("span");
    key.className = "key note";
    for (const line of chart.lines) {
      const swatch = document.createElement("span");
      swatch.className = `swatch ${line.color}`;
      key.append(swatch, line.label, " ");
    }
    caption.append(key);
    figure.append(caption);
    return figure;
  };

  dawnbench.telemetry = (section) => {
    const { trials } = JSON.parse(section.querySelector("script").textContent);
    const choice = section.querySelector("select");
    const place = section.querySelector(".pair");
    const reasons = section.querySelector(".throttled");
    for (const { x, charts } of trials)
      for (const chart of charts) for (const line of chart.lines) line.x = x;
    let drawn = [];
    const show = () => {
      drawn.forEach(dawnbench.discard);
      const { charts, throttled } = trials[Number(choice.value)];
      drawn = charts.map((chart) => {
        const figure = figureOf(chart);
        place.append(figure);
        return dawnbench.draw(figure, chart);
      });
      reasons.hidden = throttled.length === 0;
      reasons.textContent = `Held below its clocks by: ${throttled.join("; ")}.`;
    };
    choice.addEventListener("change", show);
    show();
  };
}
