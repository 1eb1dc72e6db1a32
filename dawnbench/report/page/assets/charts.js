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

  // How much of the visible lines runs through a box, in points along them.
  const crossings = (u, chart, { left, top, width, height }) => {
    let count = 0;
    chart.lines.forEach((line, number) => {
      if (!u.series[number + 1].show) return;
      let before = null;
      line.y.forEach((y, index) => {
        if (y === null || y === undefined) return;
        const at = [u.valToPos(line.x[index], "x", true), u.valToPos(y, "y", true)];
        const [fromX, fromY] = before ?? at;
        for (let step = 1; step <= 16; step += 1) {
          const x = fromX + ((at[0] - fromX) * step) / 16, across = fromY + ((at[1] - fromY) * step) / 16;
          count += x >= left && x <= left + width && across >= top && across <= top + height;
        }
        before = at;
      });
    });
    return count;
  };

  // Beside the target's line, at its left or right end or between, or else at the bottom, wherever the fewest
  // lines run.
  const labelBox = (u, chart, box, pixel, line, width) => {
    const height = 17 * pixel, gap = 6 * pixel, right = box.left + box.width - width - gap;
    let best = null;
    for (const top of [line - height - pixel, line + pixel, box.top + box.height - height - gap]) {
      for (const left of [box.left + gap, right, (box.left + gap + right) / 2]) {
        if (top < box.top || top + height > box.top + box.height) continue;
        const place = { left, top, width, height };
        place.count = crossings(u, chart, place);
        if (best === null || place.count < best.count) best = place;
      }
    }
    return best;
  };

  const levels = (plot) => (u) => within(u, (ctx, box, pixel) => {
    ctx.font = `600 ${12 * pixel}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.lineWidth = 1.5 * pixel;
    ctx.strokeStyle = ctx.fillStyle = dawnbench.color("green");
    for (const { y, label } of plot.chart.targets) {
      const line = u.valToPos(y, "y", true);
      ctx.setLineDash([7 * pixel, 5 * pixel]);
      ctx.beginPath();
      ctx.moveTo(box.left, line);
      ctx.lineTo(box.left + box.width, line);
      ctx.stroke();
      plot.label = labelBox(u, plot.chart, box, pixel, line, ctx.measureText(label).width);
      if (plot.label) ctx.fillText(label, plot.label.left, plot.label.top + plot.label.height / 2);
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
      draw: [levels(plot), rings(plot)],
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
