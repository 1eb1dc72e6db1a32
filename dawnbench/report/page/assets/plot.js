"use strict";
// A chart's data (see report/charts) as options of the plotting library.
const dawnbench = {};
{
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);

  // A canvas cannot read the page's colours, which depend on the theme, so the browser resolves them.
  dawnbench.color = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };

  const pad = (number) => String(number).padStart(2, "0");
  const date = (seconds) => {
    const at = new Date(1000 * seconds);
    return `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`;
  };

  const hour = (seconds) => {
    const at = new Date(1000 * seconds);
    return `${date(seconds).slice(5)} ${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}`;
  };

  // A value as it is read off.
  dawnbench.format = (value, axis) => {
    if (axis.kind === "date") return date(value);
    const text = axis.kind === "count" ? String(Math.round(value)) : value.toFixed(axis.digits);
    return axis.unit ? `${text} ${axis.unit}` : text;
  };

  // A tick has no more decimals than the distance to the next one requires.
  const ticks = (axis) => (u, values) => {
    const step = values.length > 1 ? values[1] - values[0] : 1;
    if (axis.kind === "date") return values.map(step < 86400 ? hour : date);
    let digits = 0;
    while (digits < 8 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6) digits += 1;
    return values.map((value) => (axis.kind === "count" && value % 1 ? "" : value.toFixed(digits)));
  };

  const label = (axis) => (axis.unit ? `${axis.label} (${axis.unit})` : axis.label);
  const font = "12px system-ui, sans-serif";

  const whole = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat();

  // Minutes, hours and days, so that a tick labelled with a date lies at its midnight.
  const moments = [
    ...[1, 5, 10, 30].map((one) => 60 * one),
    ...[1, 2, 3, 6, 12].map((one) => 3600 * one),
    ...[1, 2, 4, 7, 14, 28, 56, 91, 182, 364, 728, 1820].map((one) => 86400 * one),
  ];

  const axisOptions = (axis, side) => ({
    side,
    label: label(axis),
    font,
    labelFont: font,
    size: side === 3 ? 54 : 32,
    labelSize: 20,
    gap: 4,
    space: side === 3 ? 32 : axis.kind === "date" ? 84 : 52,
    incrs: axis.kind === "count" ? whole : axis.kind === "date" ? moments : undefined,
    stroke: () => dawnbench.color("muted"),
    grid: { stroke: () => dawnbench.color("grid"), width: 1 },
    ticks: { show: false },
    values: ticks(axis),
  });

  const lineOptions = (chart, line) => ({
    label: line.label,
    stroke: () => dawnbench.color(line.color),
    width: line.thick ? 2.5 : 1.25,
    alpha: line.thick || chart.shared ? 1 : 0.6,
    dash: line.dashed ? [6, 4] : undefined,
    // Lines with different x are merged into one table, which leaves gaps that are not in the data.
    spanGaps: !chart.shared,
    points: { show: line.dots || line.x.length === 1, size: 6, fill: () => dawnbench.color(line.color) },
  });

  // Space around the lines and the target, so that neither lies on the frame.
  const range = (chart) => (u, low, high) => {
    const levels = chart.targets.map((target) => target.y);
    if (low === null) return levels.length ? [levels[0] - 1, levels[0] + 1] : [0, 1];
    const least = Math.min(low, ...levels), most = Math.max(high, ...levels);
    const room = 0.06 * (most - least || Math.abs(most) || 1);
    const floor = chart.y.from_zero || (least >= 0 && least < room) ? 0 : least - room;
    return [floor, chart.y.unit === "%" && most <= 100 ? Math.min(101, most + room) : most + room];
  };

  dawnbench.joined = (chart) => {
    if (chart.shared) return [chart.lines[0].x, ...chart.lines.map((line) => line.y)];
    const tables = chart.lines.map((line) => [line.x, line.y]);
    return tables.length > 1 ? uPlot.join(tables) : tables[0];
  };

  dawnbench.plotOptions = (chart, width, hooks) => ({
    width,
    height: chart.height,
    legend: { show: false },
    // Half of the last tick's label lies to the right of the frame.
    padding: [14, chart.x.kind === "date" ? 42 : 18, 0, 0],
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { show: false } },
    scales: { x: { time: false }, y: { range: range(chart) } },
    axes: [axisOptions(chart.x, 2), axisOptions(chart.y, 3)],
    series: [{}, ...chart.lines.map((line) => lineOptions(chart, line))],
    hooks,
  });
}
