// Palette has the colours of reports/plot, which colour-blind eyes can tell apart.
"use strict";

globalThis.Palette = (() => {
  const lines = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6F6F6F"];
  const parts = ["#BBBBBB", "#AA3377", "#EE6677", "#4477AA", "#66CCEE", "#228833", "#6E6E6E", "#CCBB44", "#882255", "#44AA99"];
  const steps = ["#E8A33D", "#DD6B55", "#B8428C", "#7A45C0", "#3F5BD8"];
  const tiles = ["#C6DBEF", "#9ECAE1", "#6BAED6", "#4292C6", "#2171B5", "#08519C"];
  const faint = "#8C939B";
  const dashes = [[], [6, 3], [1.5, 2.5], [7, 2.5, 1.5, 2.5]];

  const channels = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
  const mixed = (a, b, share) => {
    const to = channels(b);
    return "#" + channels(a).map((v, i) => Math.trunc(v + share * (to[i] - v)).toString(16).padStart(2, "0")).join("").toUpperCase();
  };

  // line is the colour of a line by its hue or, where that is a step of an order, between the colours of a scale.
  function line({hue = 0, steps: n = 0, faint: back = false}) {
    if (back) return faint;
    if (!n) return lines[hue % lines.length];
    const at = hue / Math.max(1, n - 1) * (steps.length - 1);
    const i = Math.min(Math.floor(at), steps.length - 2);
    return mixed(steps[i], steps[i + 1], at - i);
  }

  // part is the colour of a part of a whole; variants are lighter.
  function part({hue = 0, variant = 0}) {
    return mixed(parts[hue % parts.length], "#FFFFFF", 1 - 1 / (1 + 0.45 * variant));
  }

  // onDark is the colour of a line on a dark page, where thin lines need more light.
  const onDark = colour => mixed(colour, "#FFFFFF", 0.3);

  // dash is how a line is broken: solid, dashed, dotted or dash-dotted.
  function dash({hue = 0, variant = 0, steps: n = 0}) {
    return dashes[(n ? variant : variant + Math.floor(hue / lines.length)) % dashes.length];
  }

  // tile is the colour of a tile of a heat map by its shade: the strongest stands out of the page.
  const tile = (shade, dark) => tiles[dark ? tiles.length - 1 - shade : shade];

  return {lines, parts, steps, tiles, tile, line, part, onDark, dash};
})();
