// Drawing puts on a uPlot's canvas what uPlot does not draw: shades, intervals, marks of points, events.
"use strict";

globalThis.Drawing = (() => {
  // element makes an element of a page, text as text.
  function element(name, parent, attributes = {}, text) {
    const e = document.createElement(name);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    if (text !== undefined) e.textContent = text;
    parent?.append(e);
    return e;
  }

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
      ctx.fillStyle = theme.shade;
      for (const {left, right} of stretches(u, list, box)) ctx.fillRect(left, box.top, right - left, box.height);
    });
  }

  // shadeLabels says at the top of stretches what they are, over the data, where there is room.
  function shadeLabels(u, list, theme) {
    clipped(u, (ctx, box) => {
      ctx.font = theme.small;
      ctx.textBaseline = "middle";
      ctx.lineWidth = 4 * theme.ratio;
      ctx.lineJoin = "round";
      ctx.strokeStyle = theme.paper;
      ctx.fillStyle = theme.faint;
      for (const {left, right, label} of stretches(u, list, box)) {
        const room = right - left - 4 * theme.ratio, high = theme.size * theme.ratio;
        if (!label || room < high) continue;
        const upright = ctx.measureText(label).width > room; // turned to the side
        ctx.save();
        ctx.translate((left + right) / 2, box.top + (upright ? 5 * theme.ratio : high));
        if (upright) ctx.rotate(-Math.PI / 2);
        ctx.textAlign = upright ? "right" : "center";
        ctx.strokeText(label, 0, 0);
        ctx.fillText(label, 0, 0);
        ctx.restore();
      }
    });
  }

  // stretches are where shades begin and end on the canvas, of those in sight.
  function stretches(u, list, box) {
    const within = x => Math.min(Math.max(u.valToPos(x, "x", true), box.left), box.left + box.width);
    return list.map(s => ({...s, left: within(s.from), right: within(s.to)})).filter(s => s.right > s.left);
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

  // tiles draws a heat map on a grid: x and y are its edges, at has two indices of the lower edges and the shade of each tile.
  function tiles(u, {x, y, at}, theme) {
    clipped(u, ctx => {
      const left = x.map(v => Math.round(u.valToPos(v, "x", true))), top = y.map(v => Math.round(u.valToPos(v, "y", true)));
      for (let k = 0; k < at.length; k += 3) {
        const [i, j] = [at[k], at[k + 1]];
        ctx.fillStyle = Palette.tile(at[k + 2], theme.dark);
        ctx.fillRect(left[i], top[j + 1], left[i + 1] - left[i], top[j] - top[j + 1]);
      }
    });
  }

  // levels draws reference lines from left to right at values of y.
  function levels(u, list, theme) {
    clipped(u, (ctx, box) => {
      ctx.strokeStyle = theme.ink;
      ctx.lineWidth = 1.2 * theme.ratio;
      ctx.setLineDash([8 * theme.ratio, 3 * theme.ratio]);
      ctx.beginPath();
      for (const v of list) {
        const y = u.valToPos(v, "y", true);
        ctx.moveTo(box.left, y);
        ctx.lineTo(box.left + box.width, y);
      }
      ctx.stroke();
    });
  }

  // rugs draws instants as strokes at the lower or the upper edge: [{x: [], colour, top}].
  function rugs(u, list, theme) {
    clipped(u, (ctx, box) => {
      ctx.setLineDash([]);
      ctx.lineWidth = 1.2 * theme.ratio;
      const length = 7 * theme.ratio;
      for (const {x, colour, top} of list) {
        const from = top ? box.top : box.top + box.height - length;
        ctx.strokeStyle = theme.visible(colour);
        ctx.beginPath();
        for (const v of x) {
          const at = u.valToPos(v, "x", true);
          ctx.moveTo(at, from);
          ctx.lineTo(at, from + length);
        }
        ctx.stroke();
      }
    });
  }

  // path joins points in their order, in which x may go back: {x: [], y: []}.
  function path(u, {x, y}, colour, width, dash, theme) {
    clipped(u, ctx => {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width * theme.ratio;
      ctx.setLineDash(dash.map(d => d * theme.ratio));
      ctx.beginPath();
      x.forEach((v, k) => ctx.lineTo(u.valToPos(v, "x", true), u.valToPos(y[k], "y", true)));
      ctx.stroke();
    });
  }

  // captions writes what stands beside points, to their right or, without room there, to their left: [{x, y, text}].
  function captions(u, list, theme) {
    clipped(u, (ctx, box) => {
      ctx.font = theme.small;
      ctx.fillStyle = theme.ink;
      ctx.textBaseline = "top";
      const away = 6 * theme.ratio;
      for (const {x, y, text} of list) {
        const at = u.valToPos(x, "x", true), fits = at + away + ctx.measureText(text).width < box.left + box.width;
        ctx.textAlign = fits ? "left" : "right";
        ctx.fillText(text, fits ? at + away : at - away, u.valToPos(y, "y", true) + away / 2);
      }
    });
  }

  // across draws intervals of x: [{y, low, high}].
  function across(u, list, colour, theme) {
    clipped(u, ctx => {
      ctx.strokeStyle = colour;
      ctx.setLineDash([]);
      ctx.lineWidth = 1.3 * theme.ratio;
      const end = 5 * theme.ratio;
      ctx.beginPath();
      for (const {y, low, high} of list) {
        const at = u.valToPos(y, "y", true), [from, to] = [low, high].map(v => u.valToPos(v, "x", true));
        ctx.moveTo(from, at);
        ctx.lineTo(to, at);
        for (const x of [from, to]) {
          ctx.moveTo(x, at - end);
          ctx.lineTo(x, at + end);
        }
      }
      ctx.stroke();
    });
  }

  // whiskers draws the intervals of points as bars with ends.
  function whiskers(u, points, scale, colour, theme) {
    clipped(u, ctx => {
      ctx.strokeStyle = colour;
      ctx.setLineDash([]);
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
      ctx.setLineDash([]);
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
      ctx.setLineDash([]);
      ctx.lineWidth = 1.8 * theme.ratio;
      for (const {x, y, colour} of list) {
        ctx.strokeStyle = theme.visible(colour);
        ctx.beginPath();
        ctx.arc(u.valToPos(x, "x", true), u.valToPos(y, "y", true), 8 * theme.ratio, 0, 2 * Math.PI);
        ctx.stroke();
      }
    });
  }

  // sticks is a path builder of uPlot, for what happens at an instant: a bar of fixed width from zero to each value or, where they are
  // crowded, its end alone, and of those at one place one.
  function sticks(width, crowded) {
    return (u, index, from, to) => {
      const fill = new Path2D();
      const {scale} = u.series[index], ends = crowded(u);
      const zero = u.valToPos(0, scale, true), wide = Math.round(width * devicePixelRatio), drawn = new Set();
      for (let i = from; i <= to; i++) {
        const v = u.data[index][i];
        if (v == null) continue;
        let x = u.valToPos(u.data[0][i], "x", true) - wide / 2, y = u.valToPos(v, scale, true);
        if (ends) { // on a grid of whole pixels, which costs the browser less as well
          x = Math.round(x / wide) * wide;
          y = Math.round(y / wide - 0.5) * wide;
          const place = x * 65536 + y;
          if (drawn.has(place)) continue;
          drawn.add(place);
        }
        fill.rect(x, y, wide, ends ? wide : zero - y);
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
    if (series.draw === "area" || series.draw === "bars" || series.draw === "sticks") {
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

  return {element, shades, shadeLabels, band, tiles, levels, rugs, path, captions, across, whiskers, points, rings, sticks, swatch};
})();
