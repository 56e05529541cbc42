// Units writes numbers as the reports do (reports/unit.go): base units in, the unit that reads best out.
"use strict";

globalThis.Units = (() => {
  const unknown = "–";
  const space = "\u00a0"; // no line breaks between a number and its unit

  // Those of each unit, the largest first: what is printed is the value in base units / factor. Other units have none.
  const scales = {
    "s": [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]],
    "B": [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "B"]],
    "B/s": [[1e9, "GB/s"], [1e6, "MB/s"], [1e3, "kB/s"], [1, "B/s"]],
    "cores": [[1, "cores"]],
    "tx/s": [[1, "tx/s"]],
    "answered/s": [[1, "answered/s"]],
    "/s": [[1, "/s"]],
    "tx": [[1, "tx"]],
    "%": [[0.01, "%"]],
    "×": [[1, "×"]],
    "sig": [[1, "sig"]],
  };

  // scale returns the largest scale in which the median of the values is at least 1.
  function scale(unit, values) {
    const steps = scales[unit];
    if (!steps) return {factor: 1, symbol: ""};
    const sizes = values.map(Math.abs).filter(v => v > 0 && Number.isFinite(v)).sort((a, b) => a - b);
    const middle = sizes.length ? sizes[(sizes.length - 1) >> 1] : 1;
    const [factor, symbol] = steps.find(([f]) => middle >= f) ?? steps.at(-1);
    return {factor, symbol};
  }

  // significant rounds v to n significant digits, without an exponent unless it is astronomically large or small.
  function significant(v, n) {
    if (v === 0) return "0";
    const sci = v.toExponential(n - 1);
    const exponent = Number(sci.split("e")[1]);
    if (!Number.isFinite(v) || exponent > 14 || exponent < -9) return sci;
    return Number(sci).toFixed(Math.max(0, n - 1 - exponent));
  }

  const known = v => typeof v === "number" && !Number.isNaN(v);
  const trimmed = digits => digits.includes(".") && !digits.includes("e") ? digits.replace(/\.?0+$/, "") : digits;
  const joined = (digits, symbol) => symbol ? digits + space + symbol : digits;

  const whole = unit => unit === "count" || unit === "tx"; // of these there are no parts

  // digits writes a value without its symbol: whole for a count, else to three significant digits.
  function digits(unit, v, s = scale(unit, [v])) {
    if (!known(v)) return unknown;
    return whole(unit) && Math.abs(v) < 1e15 ? v.toFixed(0) : significant(v / s.factor, 3);
  }

  // format writes a value with the symbol of the scale that suits it.
  function format(unit, v) {
    if (!known(v)) return unknown;
    const s = scale(unit, [v]);
    return joined(digits(unit, v, s), s.symbol);
  }

  // exact is format with up to six significant digits.
  function exact(unit, v) {
    if (!known(v)) return unknown;
    const s = scale(unit, [v]);
    return joined(whole(unit) ? digits(unit, v, s) : trimmed(significant(v / s.factor, 6)), s.symbol);
  }

  // tick writes a value as the label of an axis, in the scale s or, without one, in its own with the symbol.
  function tick(unit, v, s) {
    if (unit === "percentile") return trimmed((100 * (1 - 1 / v)).toFixed(9)) + space + "%"; // v is 1/(1-p)
    if (s) return trimmed(significant(v / s.factor, 4));
    const own = scale(unit, [v]);
    return joined(trimmed(significant(v / own.factor, 4)), own.symbol);
  }

  // duration writes seconds for a person who waits: 45 s, 2 min 05 s, 1 h 05 min.
  function duration(seconds) {
    if (!known(seconds)) return unknown;
    const all = Math.max(0, Math.round(seconds));
    const two = n => String(n).padStart(2, "0");
    if (all < 60) return `${all}${space}s`;
    if (all < 3600) return `${Math.floor(all / 60)}${space}min${space}${two(all % 60)}${space}s`;
    const minutes = Math.round(all / 60);
    return `${Math.floor(minutes / 60)}${space}h${space}${two(minutes % 60)}${space}min`;
  }

  return {scale, digits, format, exact, tick, duration, unknown, space};
})();
