"use strict";
// What the sensors showed during one trial, chosen by the reader: a chart a unit (see telemetry.py).
{
  const COLORS = ["blue", "red", "green", "purple", "grey"];

  const chartOf = (panel, trial) => {
    const x = trial.t.map((milliseconds) => milliseconds / 1000);
    const metrics = panel.metrics.filter(([name]) => name in trial.values);
    return {
      title: panel.title,
      x: { label: "time since the trial began", unit: "s", digits: 3, kind: "number" },
      y: { label: panel.title.toLowerCase(), unit: panel.unit, digits: panel.digits, kind: "number", from_zero: panel.unit === "%" },
      lines: metrics.map(([name, label], i) => ({
        label,
        x,
        y: trial.values[name].map((steps) => (steps === null ? null : steps * panel.step)),
        color: COLORS[i % COLORS.length],
        thick: false, dashed: false, dots: false, trial: null, names: [],
      })),
      targets: [],
      points: [],
      marks: trial.epochs.map(([start, epoch]) => ({ x: start, label: String(epoch) })),
      spans: trial.throttled.map(([start, end, why]) => ({ start, end, label: `held below its clocks: ${why}` })),
      height: 220,
      shared: true,
    };
  };

  const figureOf = (chart) => {
    const figure = document.createElement("figure");
    figure.className = "chart";
    figure.dataset.group = "telemetry";
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
    const { panels, trials } = JSON.parse(section.querySelector("script").textContent);
    const choice = section.querySelector("select");
    const place = section.querySelector(".pair");
    const reasons = section.querySelector(".throttled");
    let drawn = [];
    const show = () => {
      drawn.forEach(dawnbench.discard);
      const trial = trials[Number(choice.value)];
      drawn = panels.map((panel) => chartOf(panel, trial)).filter((chart) => chart.lines.length).map((chart) => {
        const figure = figureOf(chart);
        place.append(figure);
        return dawnbench.draw(figure, chart);
      });
      const why = new Set(trial.throttled.map(([, , words]) => words));
      reasons.hidden = why.size === 0;
      reasons.textContent = `Held below its clocks by: ${[...why].join("; ")}.`;
    };
    choice.addEventListener("change", show);
    show();
  };
}
