// Drawing puts on a uPlot's canvas what uPlot does not draw: shades, intervals, marks of points, events.
"use strict";

globalThis.Drawing = (() => {
  // clipped calls draw with the context limited to the plotting area, in canvas pixels.
  function clipped(u, draw) {
    const {ctx, bbox} = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    draw(ctx, bbox);
    ctx.restore();
  }

  // shades covers stretches of x, as what is outside of a measured window: [{from, to, label}].
  function shades(u, list, theme) {
    clipped(u, (ctx, box) => {
      for (const {from, to, label} of list) {
        const left = Math.max(box.left, u.valToPos(from, "x", true));
        const right = Math.min(box.left + box.width, u.valToPos(to, "x", true));
        if (!(right > left)) continue;
        ctx.fillStyle = theme.shade;
        ctx.fillRect(left, box.top, right - left, box.height);
        if (!label) continue;
        ctx.font = theme.small;
        ctx.fillStyle = theme.faint;
        ctx.textAlign = "center";
        ctx.textBaseline = "bottom";
        if (ctx.measureText(label).width < right - left - 8 * theme.ratio) {
          ctx.fillText(label, (left + right) / 2, box.top + box.height - 4 * theme.ratio);
        }
      }
    });
  }

  // band covers the intervals of a line: x, low and high are of equal length, with gaps where a bound is not known.
  function band(u, x, low, high, scale, colour) {
    clipped(u, ctx => {
      ctx.fillStyle = colour;
      ctx.globalAlpha = 0.2;
      for (let i = 0; i < x.length;) {
        while (i < x.length && (low[i] == null || high[i] == null)) i++;
        let end = i;
        while (end < x.length && low[end] != null && high[end] != null) end++;
        if (end === i) break;
        ctx.beginPath();
        for (let k = i; k < end; k++) ctx.lineTo(u.valToPos(x[k], "x", true), u.valToPos(high[k], scale, true));
        for (let k = end - 1; k >= i; k--) ctx.lineTo(u.valToPos(x[k], "x", true), u.valToPos(low[k], scale, true));
        ctx.fill();
        i = end;
      }
    });
  }

  // whiskers draws the intervals of points as bars with ends.
  function whiskers(u, points, scale, colour, theme) {
    clipped(u, ctx => {
      ctx.strokeStyle = colour;
      ctx.lineWidth = 1.2 * theme.ratio;
      const end = 4 * theme.ratio;
      ctx.beginPath();
      for (const {x, low, high} of points) {
        if (low == null || high == null) continue;
        const at = u.valToPos(x, "x", true), from = u.valToPos(low, scale, true), to = u.valToPos(high, scale, true);
        ctx.moveTo(at, from);
        ctx.lineTo(at, to);
        for (const y of [from, to]) {
          ctx.moveTo(at - end, y);
          ctx.lineTo(at + end, y);
        }
      }
      ctx.stroke();
    });
  }

  // The corners of the marks of points, by which series can be told apart without colour; the first is a circle.
  const shapes = [
    null,
    [[-.88, -.88], [.88, -.88], [.88, .88], [-.88, .88]],
    [[-1.1, .8], [1.1, .8], [0, -1.2]],
    [[0, -1.3], [1.1, 0], [0, 1.3], [-1.1, 0]],
    [[-1.1, -.8], [1.1, -.8], [0, 1.2]],
    [[0, -1.2], [1.15, -.35], [.7, 1], [-.7, 1], [-1.15, -.35]],
  ];

  // outline is the path around the mark of a series at a place.
  function outline(ctx, {hue = 0, variant = 0}, x, y, radius) {
    const corners = shapes[(hue + 2 * variant) % shapes.length];
    ctx.beginPath();
    if (!corners) {
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
      return;
    }
    for (const [dx, dy] of corners) ctx.lineTo(x + dx * radius, y + dy * radius);
    ctx.closePath();
  }

  // points draws marks, hollow where a point is not valid: [{x, y, hollow}].
  function points(u, list, series, scale, colour, theme) {
    clipped(u, ctx => {
      ctx.strokeStyle = colour;
      ctx.lineWidth = 1.5 * theme.ratio;
      for (const {x, y, hollow} of list) {
        if (y == null) continue;
        outline(ctx, series, u.valToPos(x, "x", true), u.valToPos(y, scale, true), (series.radius ?? 3.6) * theme.ratio);
        ctx.fillStyle = hollow ? theme.paper : colour;
        ctx.fill();
        ctx.stroke();
      }
    });
  }

  // rings draws a circle around points, as around where a series saturates: [{x, y, colour}].
  function rings(u, list, theme) {
    clipped(u, ctx => {
      ctx.lineWidth = 1.8 * theme.ratio;
      for (const {x, y, colour} of list) {
        ctx.strokeStyle = colour;
        ctx.beginPath();
        ctx.arc(u.valToPos(x, "x", true), u.valToPos(y, "y", true), 8 * theme.ratio, 0, 2 * Math.PI);
        ctx.stroke();
      }
    });
  }

  // layout places the labels of events in rows above the plot: the row of each that finds room, at most three.
  function layout(list, place, measure, right, theme) {
    const ends = [];
    return list.map(({at, label}) => {
      const x = place(at), width = label ? measure(label) : 0;
      const left = Math.max(0, Math.min(x, right - width));
      const row = label && Number.isFinite(x) && x >= 0 && x <= right ? [0, 1, 2].find(r => (ends[r] ?? -Infinity) < left) : undefined;
      if (row !== undefined) ends[row] = left + width + 6 * theme.ratio;
      return {x, left, row};
    });
  }

  // rows is how many rows of labels there will be, about, in a chart so many CSS pixels wide.
  function rows(list, [from, to], width, theme) {
    const inside = width - 60;
    const places = layout(list, at => (at - from) / (to - from) * inside, label => label.length * theme.size * 0.55, inside, {ratio: 1});
    return Math.max(0, ...places.map(p => (p.row ?? -1) + 1));
  }

  // fit shortens a text to a width on a canvas.
  function fit(ctx, text, width) {
    while (text.length > 2 && ctx.measureText(text).width > width) text = text.slice(0, -2).trimEnd() + "…";
    return text;
  }

  // marks draws a line from top to bottom for each event, and its label above where there is room: [{at, label, colour}].
  function marks(u, list, theme) {
    const {ctx, bbox: box} = u;
    ctx.save();
    ctx.font = theme.small;
    ctx.textBaseline = "bottom";
    ctx.textAlign = "left";
    ctx.lineWidth = 1.2 * theme.ratio;
    list = list.map(m => ({...m, label: m.label && fit(ctx, m.label, box.width)}));
    const places = layout(list, at => u.valToPos(at, "x", true) - box.left, label => ctx.measureText(label).width, box.width, theme);
    const line = (theme.size + 3) * theme.ratio;
    ctx.setLineDash([4 * theme.ratio, 3 * theme.ratio]);
    places.forEach(({x, row}, i) => {
      if (!(x >= 0 && x <= box.width)) return;
      ctx.strokeStyle = list[i].colour ?? theme.ink;
      ctx.beginPath();
      ctx.moveTo(box.left + x, box.top - (row ?? 0) * line);
      ctx.lineTo(box.left + x, box.top + box.height);
      ctx.stroke();
    });
    places.forEach(({left, row}, i) => { // over the lines, which pass behind them
      if (row === undefined) return;
      const foot = box.top - row * line;
      ctx.fillStyle = theme.paper;
      ctx.fillRect(box.left + left, foot - line, ctx.measureText(list[i].label).width, line);
      ctx.fillStyle = theme.ink;
      ctx.fillText(list[i].label, box.left + left, foot - theme.ratio);
    });
    ctx.restore();
  }

  // sticks is a path builder of uPlot, for what happens at an instant: a bar of fixed width from zero to each value or, where they are
  // crowded, its end alone.
  function sticks(width, crowded) {
    return (u, index, from, to) => {
      const fill = new Path2D();
      const {scale} = u.series[index], ends = crowded(u);
      const zero = u.valToPos(0, scale, true), wide = width * devicePixelRatio;
      for (let i = from; i <= to; i++) {
        const v = u.data[index][i];
        if (v == null) continue;
        const y = u.valToPos(v, scale, true);
        fill.rect(u.valToPos(u.data[0][i], "x", true) - wide / 2, ends ? y - wide / 2 : y, wide, ends ? wide : zero - y);
      }
      return {stroke: null, fill, clip: null, band: null, gaps: null, flags: 3};
    };
  }

  // swatch draws how a series looks, for a legend, on a canvas of its own.
  function swatch(canvas, series, colour, theme) {
    const ratio = theme.ratio, wide = 24, high = 12;
    canvas.width = wide * ratio;
    canvas.height = high * ratio;
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    ctx.strokeStyle = ctx.fillStyle = colour;
    if (series.draw === "area" || series.draw === "sticks") {
      ctx.fillRect(6, 0, 12, high);
      return;
    }
    ctx.lineWidth = 2;
    ctx.setLineDash(Palette.dash(series));
    ctx.beginPath();
    ctx.moveTo(0, high / 2);
    ctx.lineTo(wide, high / 2);
    ctx.stroke();
    if (!series.marked) return;
    ctx.setLineDash([]);
    outline(ctx, series, wide / 2, high / 2, 3.6);
    ctx.fill();
  }

  return {shades, band, whiskers, points, rings, rows, marks, sticks, swatch};
})();
