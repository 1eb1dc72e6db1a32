"use strict";
// The values under the cursor as text: a box that follows it, and a line for screen readers.
{
  // The point nearest to a place in pixels, of all visible lines within the zoomed range.
  const nearest = (plot, left, top) => {
    const { min, max } = plot.u.scales.x;
    let best = null;
    plot.chart.lines.forEach((line, number) => {
      if (!plot.u.series[number + 1].show) return;
      line.y.forEach((y, index) => {
        if (y === null || y === undefined || line.x[index] < min || line.x[index] > max) return;
        const dx = plot.u.valToPos(line.x[index], "x") - left;
        const dy = plot.u.valToPos(y, "y") - top;
        const distance = 4 * dx * dx + dy * dy; // people point at a moment rather than at a value
        if (best === null || distance < best.distance) best = { distance, number, index };
      });
    });
    return best;
  };

  const known = (line, index) => line.y[index] !== null && line.y[index] !== undefined;

  // The lines of text about a point: of charts with a shared x axis, all lines at that moment.
  const words = (plot, { number, index }) => {
    const { chart } = plot;
    const moment = dawnbench.format(chart.lines[number].x[index], chart.x);
    const value = (line) => `${line.label}: ${dawnbench.format(line.y[index], chart.y)}`;
    if (chart.shared) {
      const shown = chart.lines.filter((line) => known(line, index)).map(value);
      const span = chart.spans.find((one) => chart.lines[0].x[index] >= one.start && chart.lines[0].x[index] <= one.end);
      return [`${chart.x.label}: ${moment}`, ...shown, ...(span ? [`held below its clocks: ${span.label}`] : [])];
    }
    const line = chart.lines[number];
    const where = chart.x.kind === "number" ? moment : `${chart.x.label} ${moment}`;
    return [value(line), line.names.length ? `${line.names[index]}, ${where}` : where];
  };

  dawnbench.readout = (plot) => {
    const box = document.createElement("div");
    box.className = "readout";
    box.hidden = true;
    box.setAttribute("aria-hidden", "true");
    const dot = document.createElement("div");
    dot.className = "dot";
    dot.hidden = true;
    plot.u.over.append(dot, box);
    let announced = null;

    const hide = () => { box.hidden = dot.hidden = true; };

    const show = (point, aloud) => {
      if (point === null) return hide();
      const line = plot.chart.lines[point.number];
      const left = plot.u.valToPos(line.x[point.index], "x");
      const top = plot.u.valToPos(line.y[point.index], "y");
      const width = plot.u.over.clientWidth;
      if (left < -1 || left > width + 1) return hide();
      const text = words(plot, point);
      box.replaceChildren(...text.map((one) => Object.assign(document.createElement("div"), { textContent: one })));
      box.hidden = dot.hidden = false;
      dot.style.cssText = `left:${left}px;top:${top}px;background:${dawnbench.color(line.color)}`;
      const beside = left > width / 2 ? left - box.offsetWidth - 12 : left + 12;
      box.style.left = `${Math.max(0, Math.min(beside, width - box.offsetWidth))}px`;
      // Above the point, or below it if there is no space, so that it never hides the point.
      const above = top - box.offsetHeight - 12;
      box.style.top = `${above >= 0 ? above : top + 14}px`;
      if (aloud && announced !== text.join(". ")) plot.status.textContent = announced = text.join(". ");
    };

    return { show, hide, at: (left, top) => show(nearest(plot, left, top), false), known };
  };
}
