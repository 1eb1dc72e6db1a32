"use strict";
// Pointing, zooming and walking through a chart, by mouse, touch and keyboard.
{
  const together = (plot) => [...dawnbench.plots].filter((other) => other.group === plot.group);

  const whole = (plot) => {
    const ends = together(plot).map((one) => one.whole);
    return [Math.min(...ends.map(([low]) => low)), Math.max(...ends.map(([, high]) => high))];
  };

  dawnbench.zoom = (plot, from, to) => {
    const [low, high] = whole(plot);
    const least = (high - low) / 1000;
    if (!(to - from > least)) return;
    const min = Math.max(low, Math.min(from, high - least)), max = Math.min(high, Math.max(to, low + least));
    for (const { u, readout } of together(plot)) {
      readout.hide();
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      u.setScale("x", { min, max });
    }
  };

  const steps = {
    in: ([a, b]) => [a + (b - a) / 4, b - (b - a) / 4],
    out: ([a, b]) => [a - (b - a) / 2, b + (b - a) / 2],
    back: ([a, b], [low]) => { const by = Math.min((b - a) / 4, a - low); return [a - by, b - by]; },
    on: ([a, b], [, high]) => { const by = Math.min((b - a) / 4, high - b); return [a + by, b + by]; },
    all: (now, ends) => ends,
    // From where a line first comes within 2 of the target.
    target: (now, [low, high], chart) => {
      const near = chart.targets[0].y - 2;
      const begins = chart.lines.map((line) => line.x[line.y.findIndex((y) => y !== null && y >= near)]);
      return [Math.min(...begins.filter((x) => x !== undefined), high - (high - low) / 100), high];
    },
  };

  const step = (plot, name) => {
    const { min, max } = plot.u.scales.x;
    dawnbench.zoom(plot, ...steps[name]([min, max], whole(plot), plot.chart));
  };

  const buttons = [["in", "+", "Zoom in"], ["out", "−", "Zoom out"], ["back", "◀", "Move back"], ["on", "▶", "Move on"], ["all", "Show all", "Show all"]];

  const toolbar = (plot) => {
    const bar = document.createElement("div");
    bar.className = "toolbar";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", `Zoom: ${plot.chart.title}`);
    const shown = plot.chart.points.length ? [...buttons, ["target", "Near the target", "Zoom near the target"]] : buttons;
    for (const [name, text, title] of shown) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: text, title });
      button.setAttribute("aria-label", title);
      button.addEventListener("click", () => step(plot, name));
      bar.append(button);
    }
    // Charts side by side that are zoomed together share one toolbar above them.
    const row = plot.figure.closest(".pair");
    if (row && plot.figure.dataset.group) row.before(bar);
    else if (row) plot.figure.append(bar);
    else plot.figure.querySelector("figcaption").after(bar);
    plot.toolbar = bar;
  };

  // The arrow keys move along a line and from line to line; the point is shown and announced.
  const walk = (plot) => {
    const shown = () => plot.chart.lines.map((line, i) => i).filter((i) => plot.u.series[i + 1].show);
    let at = null;
    const first = () => {
      const number = shown().find((i) => plot.chart.lines[i].thick) ?? shown()[0];
      return number === undefined ? null : { number, index: -1 };
    };
    const along = (from, by) => {
      const line = plot.chart.lines[from.number];
      let index = from.index + by;
      while (index >= 0 && index < line.x.length && !plot.readout.known(line, index)) index += Math.sign(by);
      return index >= 0 && index < line.x.length ? { number: from.number, index } : from;
    };
    const across = (from, by) => {
      const numbers = shown();
      const number = numbers[(numbers.indexOf(from.number) + by + numbers.length) % numbers.length];
      return along({ number, index: Math.min(from.index, plot.chart.lines[number].x.length - 1) - 1 }, 1);
    };
    return (key) => {
      if (at === null || !shown().includes(at.number)) at = first();
      if (at === null) return;
      const stride = key.shiftKey ? 10 : 1;
      if (key.key === "ArrowRight") at = along(at, stride);
      else if (key.key === "ArrowLeft") at = along(at, -stride);
      else at = across(at, key.key === "ArrowDown" ? 1 : -1);
      if (at.index >= 0) plot.readout.show(at, true);
    };
  };

  const keys = { "+": "in", "=": "in", "-": "out", "0": "all", Home: "back", End: "on" };

  dawnbench.controls = (plot) => {
    const { frame, u } = plot;
    frame.tabIndex = 0;
    frame.setAttribute("role", "application");
    frame.setAttribute("aria-roledescription", "chart");
    frame.setAttribute("aria-label", `${plot.chart.title}. Arrow keys read the values, plus and minus zoom, zero shows all.`);
    const walker = walk(plot);
    frame.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key.startsWith("Arrow")) walker(event);
      else if (event.key === "Escape") plot.readout.hide();
      else if (event.key in keys) step(plot, keys[event.key]);
      else return;
      event.preventDefault();
    });
    u.over.addEventListener("mousemove", () => plot.readout.at(u.cursor.left, u.cursor.top));
    u.over.addEventListener("mouseleave", () => plot.readout.hide());
    u.over.addEventListener("dblclick", () => step(plot, "all"));
    frame.addEventListener("blur", () => plot.readout.hide());
    if (together(plot).length === 1) toolbar(plot);
  };
}
