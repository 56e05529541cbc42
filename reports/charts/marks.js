// Marks puts upright lines for events on a chart, with labels above it as far as there is room.
"use strict";

globalThis.Marks = (() => {
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

  // draw makes a line from top to bottom for each event, and its label above where there is room: [{at, label, colour, solid}].
  function draw(u, list, theme) {
    const {ctx, bbox: box} = u;
    ctx.save();
    ctx.font = theme.small;
    ctx.textBaseline = "bottom";
    ctx.textAlign = "left";
    ctx.lineWidth = 1.2 * theme.ratio;
    list = list.map(m => ({...m, label: m.label && fit(ctx, m.label, box.width)}));
    const places = layout(list, at => u.valToPos(at, "x", true) - box.left, label => ctx.measureText(label).width, box.width, theme);
    const line = (theme.size + 3) * theme.ratio;
    places.forEach(({x, row}, i) => {
      if (!(x >= 0 && x <= box.width)) return;
      ctx.setLineDash(list[i].solid ? [] : [4 * theme.ratio, 3 * theme.ratio]);
      ctx.strokeStyle = list[i].colour ? theme.visible(list[i].colour) : theme.ink;
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

  return {rows, draw};
})();
