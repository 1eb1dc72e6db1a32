"use strict";
// Draw charts, and redraw them when the theme, the width or the visible trials change.
{
  dawnbench.plots = new Set();

  const ratio = () => devicePixelRatio || 1;

  const vertical = (u, x) => Math.round(u.valToPos(x, "x", true));

  const within = (u, draw) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    draw(ctx, bbox, ratio());
    ctx.restore();
  };

  const behind = (chart) => (u) => within(u, (ctx, box, pixel) => {
    ctx.fillStyle = dawnbench.color("shade");
    for (const { start, end } of chart.spans) {
      const left = vertical(u, start);
      ctx.fillRect(left, box.top, Math.max(pixel, vertical(u, end) - left), box.height);
    }
    ctx.strokeStyle = dawnbench.color("grey");
    ctx.lineWidth = pixel;
    ctx.setLineDash([2 * pixel, 4 * pixel]);
    for (const { x } of chart.marks) {
      const left = vertical(u, x) + pixel / 2;
      ctx.beginPath();
      ctx.moveTo(left, box.top);
      ctx.lineTo(left, box.top + box.height);
      ctx.stroke();
    }
  });

  // Above the frame, so that no line crosses them; labels that would overlap are left out.
  const labels = (chart) => (u) => {
    const { ctx, bbox } = u;
    const pixel = ratio();
    ctx.save();
    ctx.fillStyle = dawnbench.color("muted");
    ctx.font = `${10.5 * pixel}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "bottom";
    let free = -Infinity;
    for (const { x, label } of chart.marks) {
      const middle = vertical(u, x), half = ctx.measureText(label).width / 2;
      if (middle - half < free || middle < bbox.left - 1 || middle > bbox.left + bbox.width + 1) continue;
      ctx.fillText(label, middle, bbox.top - pixel);
      free = middle + half + 6 * pixel;
    }
    ctx.restore();
  };

  const levels = (chart) => (u) => within(u, (ctx, box, pixel) => {
    ctx.font = `600 ${12 * pixel}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.strokeStyle = ctx.fillStyle = dawnbench.color("green");
    ctx.lineWidth = 1.5 * pixel;
    for (const { y, label } of chart.targets) {
      const top = u.valToPos(y, "y", true);
      ctx.setLineDash([7 * pixel, 5 * pixel]);
      ctx.beginPath();
      ctx.moveTo(box.left, top);
      ctx.lineTo(box.left + box.width, top);
      ctx.stroke();
      // Below the line if there is no space above it.
      const above = top - box.top > 18 * pixel;
      ctx.textBaseline = above ? "bottom" : "top";
      ctx.fillText(label, box.left + 6 * pixel, top + (above ? -3 : 4) * pixel);
    }
  });

  // Not clipped by the frame, on which the last point lies.
  const rings = (plot) => (u) => {
    const { ctx, scales: { x: { min, max } } } = u;
    ctx.save();
    ctx.lineWidth = 2 * ratio();
    for (const { x, y, color, trial } of plot.chart.points) {
      if (dawnbench.hiddenTrials?.has(trial) || x < min || x > max) continue;
      ctx.strokeStyle = dawnbench.color(color);
      ctx.beginPath();
      ctx.arc(u.valToPos(x, "x", true), u.valToPos(y, "y", true), 5.5 * ratio(), 0, 2 * Math.PI);
      ctx.stroke();
    }
    ctx.restore();
  };

  dawnbench.draw = (figure, chart) => {
    const frame = document.createElement("div");
    frame.className = "plot";
    const status = document.createElement("p");
    status.className = "unseen";
    status.setAttribute("role", "status");
    figure.append(frame, status);
    const plot = { chart, figure, frame, status, group: figure.dataset.group || chart };
    const width = () => Math.max(200, frame.clientWidth);
    const hooks = {
      drawClear: [behind(chart), labels(chart)],
      draw: [levels(chart), rings(plot)],
      setSelect: [(u) => u.select.width > 4 && dawnbench.zoom(plot, u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"))],
    };
    plot.u = new uPlot(dawnbench.plotOptions(chart, width(), hooks), dawnbench.joined(chart), frame);
    plot.whole = [Math.min(...chart.lines.map((line) => line.x[0])), Math.max(...chart.lines.map((line) => line.x.at(-1)))];
    plot.readout = dawnbench.readout(plot);
    plot.watcher = new ResizeObserver(() => {
      if (plot.u.width !== width()) plot.u.setSize({ width: width(), height: chart.height });
    });
    plot.watcher.observe(frame);
    dawnbench.plots.add(plot);
    dawnbench.controls(plot);
    return plot;
  };

  dawnbench.discard = (plot) => {
    plot.watcher.disconnect();
    plot.u.destroy();
    dawnbench.plots.delete(plot);
    plot.toolbar?.remove();
    plot.figure.remove();
  };

  document.addEventListener("themechange", () => {
    for (const { u } of dawnbench.plots) u.redraw(true, true);
  });
}
