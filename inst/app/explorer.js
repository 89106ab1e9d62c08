// The explorer's page. R sends numbers; this draws them, and sends what the user asks to change. Groups go by `at`, their place in the data
// (then in the order in which they were added), from 1.
(function () {
  "use strict";
  var start, numbers, code = "", language = 0, busy = false, waiting = false, sequence = 0, asked = 0, dragging = null;
  var state = { priors: {}, edits: {}, dropped: {}, added: [], model: null, group: 1 };
  var labels = {}, ranges = {}, late = {}, scale = null, layout = null, everything = false, tableTimer = null, shown = { partial: true };
  var explorer = window.explorer = { latencies: [] };

  var byId = function (id) { return document.getElementById(id); };
  var list = function (x) { return x === null || x === undefined ? [] : [].concat(x); };
  var number = function (x) { return typeof x === "number" && isFinite(x); };
  var words = window.explorerWords;
  var word = function (key) { return words[key] ? words[key][language] : key; };
  var modelName = function (name) { return words[name] ? word(name) : name === "all" ? word("whole") : name; };
  var whole = function () { return start.models[start.models.length - 1]; };
  var counts = function () { return start.family !== "gaussian"; };

  function html(tag, attributes, parent, text) { return element(document.createElement(tag), attributes, parent, text); }
  function svg(tag, attributes, parent, text) {
    return element(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, parent, text);
  }
  function element(node, attributes, parent, text) {
    for (var name in attributes) if (attributes[name] !== null) node.setAttribute(name, attributes[name]);
    if (text !== undefined) node.textContent = text;
    if (parent) parent.appendChild(node);
    return node;
  }
  function clear(node) { while (node.firstChild) node.removeChild(node.firstChild); }
  function show(x, digits) {
    if (!number(x)) return "\u2013";
    if (Math.abs(x) < 1e-8) return "0";
    if (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e6) return x.toPrecision(3);
    return x.toFixed(digits === undefined ? Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(Math.abs(x) || 1)))) : digits);
  }
  function round(x, digits) { return x === 0 ? 0 : Number(x.toPrecision(digits || 3)); }
  function width(text) { // of text in characters; Chinese ones are wide
    var sum = 0;
    for (var character of text) sum += character.codePointAt(0) > 0x2e80 ? 1.8 : 1;
    return sum;
  }
  function fit(text, most) {
    if (width(text) <= most) return text;
    var out = "";
    for (var character of text) { if (width(out) + 2 > most) break; out += character; }
    return out + "\u2026";
  }
  function ticks(low, high, most) {
    var raw = (high - low) / Math.max(1, most), power = Math.pow(10, Math.floor(Math.log10(raw)));
    var step = [1, 2, 5, 10].map(function (m) { return m * power; }).find(function (s) { return s >= raw * 0.999; }) || 10 * power, out = [];
    if (Math.floor(high / step) - Math.ceil(low / step) < 1) step /= 2;
    for (var k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) out.push(Number((k * step).toPrecision(12)));
    return out;
  }

  // ---- asking R ---------------------------------------------------------------------------------------------------------------

  function change(since) {
    asked = since || performance.now();
    waiting = true;
    if (!busy) send();
  }
  function send() {
    busy = true;
    waiting = false;
    sequence += 1;
    sent = asked;
    Shiny.setInputValue("state", {
      seq: sequence, model: state.model, group: state.group, added: state.added,
      priors: Object.keys(state.priors).map(function (key) { return state.priors[key]; }),
      edits: Object.keys(state.edits).map(function (at) { return Object.assign({ at: Number(at) }, state.edits[at]); }),
      dropped: Object.keys(state.dropped).map(Number)
    }, { priority: "event" });
  }
  var sent = 0;

  function receive(message) {
    busy = false;
    if (message.code) code = message.code;
    if (message.numbers) {
      numbers = message.numbers;
      list(numbers.groups.at).forEach(function (at, i) { labels[at] = String(list(numbers.groups.label)[i]); });
      for (var model in late) for (var what in late[model]) late[model][what].stale = true;
      start.models.forEach(function (model) { if (!numbers.groups.models[model] && late[model] && late[model].rows) {
        if (late[model].rows.estimate.length === list(numbers.groups.at).length) numbers.groups.models[model] = late[model].rows;
      } });
    }
    tell(list(message.problems), list(message.notes));
    if (numbers) draw();
    explorer.latencies.push(performance.now() - sent);
    explorer.ready = message.seq;
    if (waiting) send();
  }
  // What took longer.
  function receiveLater(message) {
    if (!numbers) return;
    late[message.model] = late[message.model] || {};
    late[message.model][message.what] = message;
    if (message.rows) {
      late[message.model].rows = message.rows;
      numbers.groups.models[message.model] = message.rows;
      numbers.evidence[message.model] = message.evidence;
      drawRows();
      drawTable();
    }
    drawEvidence();
  }
  function tell(problems, notes) {
    var box = byId("problem"), text = problems.concat(notes).join("\n\n");
    if (box.textContent !== text) box.textContent = text;
    box.hidden = text === "";
  }

  // ---- what the user changes ----------------------------------------------------------------------------------------------------

  function place(at) { return list(numbers.groups.at).indexOf(at); }
  function sizeOf(at) {
    var edit = state.edits[at] || {}, i = place(at);
    if (number(edit.n)) return edit.n;
    return i >= 0 ? list(numbers.groups.n)[i] : list(start.sizes)[origin(at) - 1];
  }
  function meanOf(at) { // of its observations
    var edit = state.edits[at] || {}, i = place(at);
    if (number(edit.mean)) return edit.mean;
    return i >= 0 ? list(numbers.groups.observed)[i] - list(numbers.groups.shift)[i] : list(start.means)[origin(at) - 1];
  }
  function origin(at) { var base = list(start.labels).length; return at <= base ? at : state.added[at - base - 1]; }
  function edit(at, what, value, since) {
    if (!number(value)) return;
    if (what === "n") value = start.family === "poisson" ? Math.max(1e-6, round(value, 4)) : Math.max(1, Math.min(1e9, Math.round(value)));
    else if (start.family === "binomial") value = Math.max(0, Math.min(1, value));
    else if (counts()) value = Math.max(0, value);
    state.edits[at] = state.edits[at] || {};
    state.edits[at][what] = value;
    change(since);
  }
  function choose(at, quiet) {
    state.group = at;
    byId("group").value = at;
    if (!quiet) { drawRows(); drawLines(); drawGroup(); change(); }
  }
  function drop(at) {
    if (state.dropped[at]) delete state.dropped[at];
    else if (list(numbers.groups.at).length > 1) state.dropped[at] = true;
    drawGroup();
    change();
  }
  function setPrior(p, family, par) {
    state.priors[state.model + "|" + p.parameter] = { model: state.model, parameter: p.parameter, family: family, par: par };
    change();
  }
  // The numbers of a family to start with, for a parameter of this size.
  function firstNumbers(p, family) {
    var s = Math.abs(p.mean) || 1, log = round(Math.log(s));
    s = round(s);
    var of = {
      exponential: [round(1 / s)], gamma: [2, round(2 / s)], inverse_gamma: [3, round(2 * s)], lognormal: [log, 1],
      log_student_t: [3, log, 1], uniform: [0, 5 * s], normal: [0, s], student_t: [3, 0, s], cauchy: [0, s], lkj: [1], flat: []
    };
    if (family === "degenerate") return [round(p.mean, 4)];
    return p.kind === "location" && family === "normal" ? [round(p.mean, 4), round(10 * p.unit)] : of[family];
  }

  // ---- pictures -------------------------------------------------------------------------------------------------------------------

  function draw() {
    drawPriors(); drawRows(); drawLines(); drawSpread(); drawNewGroup(); drawEvidence(); drawGroup();
    // A long table may wait until the point has stopped.
    clearTimeout(tableTimer);
    if (list(numbers.groups.at).length > 60) tableTimer = setTimeout(drawTable, 150);
    else drawTable();
    byId("code").textContent = code;
  }

  function axis(parent, low, high, x, y, length, title) {
    var g = svg("g", { "font-size": 11, fill: "#333" }, parent);
    var to = function (v) { return x + (v - low) / (high - low) * length; };
    svg("line", { x1: x, x2: x + length, y1: y, y2: y, stroke: "#333" }, g);
    ticks(low, high, length / 45).forEach(function (v) {
      svg("line", { x1: to(v), x2: to(v), y1: y, y2: y + 4, stroke: "#333" }, g);
      svg("text", { x: to(v), y: y + 15, "text-anchor": "middle" }, g, String(v));
    });
    if (title) svg("text", { x: x + length / 2, y: y + 30, "text-anchor": "middle" }, g, fit(title, length / 6.5));
    return to;
  }

  function drawRows() {
    var picture = byId("rows"), g = numbers.groups, at = list(g.at), J = at.length, W = Math.max(300, byId("rows-frame").clientWidth || 600);
    var estimates = g.models[whole()], none = g.models.none, complete = g.models.complete;
    var longest = Math.max.apply(null, list(g.label).map(function (l) { return width(String(l)); }));
    var left = Math.min(W * (W < 500 ? 0.34 : 0.3), 18 + 8.6 * longest), right = W < 500 ? 54 : 90, length = W - left - right - 16;
    var row = J <= 25 ? 26 : 15, legend = [["own", "open"], [whole() === "partial" ? "partial" : "whole", "full"], ["population", "solid"], ["complete", "dash"]], perLine = W < 700 ? 2 : 4;
    var top = 8 + 17 * Math.ceil(legend.length / perLine) + (J > 25 ? 24 : 6), bottom = top + J * row, height = bottom + 36;
    if (!scale || !dragging) scale = rowScale(g, estimates);
    var to = function (v) { return left + (Math.max(scale[0], Math.min(scale[1], v)) - scale[0]) / (scale[1] - scale[0]) * length; };
    var from = function (x) { return scale[0] + (x - left) / length * (scale[1] - scale[0]); };
    var sizes = at.map(sizeOf), most = Math.max.apply(null, sizes.concat(list(start.sizes))) * 2, least = Math.min(1, Math.min.apply(null, sizes));
    var bar = left + length + 16, barLength = right - 8;
    var toSize = function (n) { return Math.log(n / least) / Math.log(most / least) * barLength; };
    var radius = function (n) { return (J <= 25 ? 5.5 : 3) * (0.5 + 0.5 * Math.sqrt(n / Math.max.apply(null, sizes))); };
    var focus = document.activeElement && picture.contains(document.activeElement) ? document.activeElement.getAttribute("data-handle") : null;
    var held = dragging;
    clear(picture);
    element(picture, { viewBox: "0 0 " + W + " " + height, width: W, height: height });
    picture.style.height = height + "px";
    drawLegend(picture, legend, perLine, W);
    var population = numbers.population, one = list(population.estimate).length === 1;
    if (shown.complete && one && complete) {
      svg("rect", { x: to(complete.lower[0]), width: to(complete.upper[0]) - to(complete.lower[0]), y: top, height: J * row, fill: "#ddd" }, picture);
    }
    var mark = function (v, y1, y2, dash) {
      svg("line", { x1: to(v), x2: to(v), y1: y1, y2: y2, stroke: "#444", "stroke-width": 1.3, "stroke-dasharray": dash }, picture);
    };
    if (one) {
      mark(population.estimate, top, bottom, null);
      if (complete) mark(list(complete.estimate)[0], top, bottom, "5 4");
    }
    layout = { top: top, row: row };
    at.forEach(function (a, i) {
      var y = top + (i + 0.5) * row, frame = byId("rows-frame");
      // Of many rows only those that are in view are drawn.
      if (J > 60 && !everything && (y < frame.scrollTop - 200 || y > frame.scrollTop + frame.clientHeight + 200)) return;
      var x = to(list(estimates.estimate)[i]), chosen = a === state.group, moved = state.edits[a] || {};
      var own = list(g.observed)[i];
      if (number(moved.mean)) own = moved.mean + list(g.shift)[i];
      var line = svg("g", {}, picture);
      if (chosen) svg("rect", { x: 0, y: y - row / 2, width: W, height: row, fill: "#000", "fill-opacity": 0.07 }, line);
      if (!one) {
        mark(list(population.estimate)[i], y - row * 0.4, y + row * 0.4, null);
        if (complete) mark(list(complete.estimate)[i], y - row * 0.4, y + row * 0.4, "3 2");
      }
      var label = svg("text", {
        x: left - 8, y: y + 4, "text-anchor": "end", "font-size": J <= 25 ? 12 : 10, fill: "#111", "font-weight": chosen ? 700 : 400
      }, line, fit(String(list(g.label)[i]), (left - 10) / ((J <= 25 ? 7.8 : 6.5) + (chosen ? 1 : 0))));
      svg("title", {}, label, String(list(g.label)[i]));
      label.addEventListener("click", function () { choose(a); });
      if (shown.partial) {
        svg("line", { x1: to(list(estimates.lower)[i]), x2: to(list(estimates.upper)[i]), y1: y, y2: y, stroke: "#6497b1", "stroke-width": J <= 25 ? 4 : 2 }, line);
      }
      if (shown.none && none) {
        svg("line", { x1: to(list(none.lower)[i]), x2: to(list(none.upper)[i]), y1: y - row * 0.3, y2: y - row * 0.3, stroke: "#333" }, line);
      }
      svg("circle", { cx: x, cy: y, r: radius(sizes[i]), fill: "#6497b1", stroke: "#111" }, line);
      if (number(own)) arrow(line, to(own), x, y, radius(sizes[i]));
      svg("rect", { x: bar, y: y - 2, width: Math.max(0, toSize(sizes[i])), height: 4, fill: "#777" }, line);
      handle(line, a, "mean", to(own), y, row, from, W, own, scale, radius(sizes[i]));
      handle(line, a, "n", bar + Math.max(0, toSize(sizes[i])), y, row, function (px) {
        return least * Math.exp((px - bar) / barLength * Math.log(most / least));
      }, W, sizes[i], [least, most]);
    });
    var what = counts() ? start.response : word("mean") + " · " + start.response;
    axis(picture, scale[0], scale[1], left, bottom, length, what);
    if (J > 25) axis(picture, scale[0], scale[1], left, top - 20, length);
    svg("text", { x: bar + barLength / 2, y: bottom + 15, "text-anchor": "middle", "font-size": 11, fill: "#333" }, picture, word("size"));
    if (focus) {
      var again = picture.querySelector('[data-handle="' + focus + '"]');
      if (again && again !== document.activeElement) again.focus({ preventScroll: true });
    }
    dragging = held;
  }
  function rowScale(g, estimates) {
    var all = list(g.observed).concat(list(estimates.estimate), list(estimates.lower), list(estimates.upper)).filter(number);
    var low = Math.min.apply(null, all), high = Math.max.apply(null, all), room = 0.12 * (high - low) || Math.abs(high) * 0.1 || 1;
    // It stays where it is while that serves, so that what moves can be seen.
    if (scale && low >= scale[0] && high <= scale[1] && high - low > 0.4 * (scale[1] - scale[0])) return scale;
    var ends = [low - room, high + room];
    if (counts()) ends[0] = Math.max(0, ends[0]);
    if (start.family === "binomial") ends[1] = Math.min(1, ends[1]);
    return ends;
  }
  function arrow(parent, x1, centre, y, r) { // to the edge of a circle
    var way = Math.sign(centre - x1), x2 = centre - way * r;
    if (Math.abs(centre - x1) <= r) return;
    svg("line", { x1: x1, x2: x2, y1: y, y2: y, stroke: "#111", "stroke-width": 1.2 }, parent);
    if (Math.abs(x2 - x1) > 5) {
      svg("path", { d: "M" + x2 + " " + y + "l" + (-6 * way) + " -3.2v6.4z", fill: "#111" }, parent);
    }
  }
  // A point that can be dragged, and moved by keys.
  function handle(parent, at, what, x, y, row, from, W, value, ends, r) {
    if (!number(value)) return;
    var name = labels[at], g = svg("g", {
      "class": "handle", role: "slider", tabindex: at === state.group ? 0 : -1, "data-handle": what + at, "aria-orientation": "horizontal",
      "aria-label": name + ": " + word(what === "n" ? "size" : "mean"), "aria-valuenow": round(value, 5), "aria-valuetext": show(value),
      "aria-valuemin": round(ends[0], 5), "aria-valuemax": round(ends[1], 5)
    }, parent);
    svg("rect", { "class": "ring", x: x - 11, y: y - row / 2 + 1, width: 22, height: row - 2, rx: 3, fill: "#fff", "fill-opacity": 0 }, g);
    if (what === "mean") svg("circle", { cx: x, cy: y, r: r, fill: "#fff", stroke: "#111", "stroke-width": 1.4 }, g);
    else svg("rect", { x: x - 3.5, y: y - 5, width: 7, height: 10, fill: "#fff", stroke: "#111", "stroke-width": 1.4 }, g);
    g.addEventListener("focus", function () { if (state.group !== at && !dragging) choose(at); });
    g.addEventListener("pointerdown", function (event) {
      event.preventDefault();
      dragging = { at: at, what: what, from: from };
      if (state.group !== at) choose(at, true);
      g.focus({ preventScroll: true });
    });
    g.addEventListener("keydown", function (event) { key(event, at, what, value, ends); });
  }
  function pointerX(event) {
    var box = byId("rows").getBoundingClientRect();
    return (event.clientX - box.left) * (byId("rows").viewBox.baseVal.width / box.width);
  }
  function move(event) {
    if (!dragging) return;
    event.preventDefault();
    var value = dragging.from(pointerX(event)), at = dragging.at;
    if (dragging.what === "mean") {
      value = Math.max(scale[0], Math.min(scale[1], value));
      edit(at, "mean", step(value - list(numbers.groups.shift)[place(at)]), event.timeStamp);
    } else edit(at, "n", value, event.timeStamp);
    drawRows();
    drawGroup();
  }
  // To a thousandth of what the picture shows.
  function step(value) {
    var unit = Math.pow(10, Math.floor(Math.log10((scale[1] - scale[0]) / 500)));
    return Number((Math.round(value / unit) * unit).toPrecision(12));
  }
  function key(event, at, what, value, ends) {
    var by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key] * (event.shiftKey ? 10 : 1);
    if (by) {
      if (what === "mean") edit(at, "mean", step(meanOf(at) + by * (ends[1] - ends[0]) / 100));
      else edit(at, "n", start.family === "poisson" ? value * Math.pow(1.05, by) : value + by * Math.max(1, Math.round(value / 50)));
      drawRows();
      drawGroup();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      var next = list(numbers.groups.at)[place(at) + (event.key === "ArrowUp" ? -1 : 1)];
      if (next) {
        var frame = byId("rows-frame"), y = layout.top + place(next) * layout.row;
        if (y < frame.scrollTop || y + layout.row > frame.scrollTop + frame.clientHeight) frame.scrollTop = y - frame.clientHeight / 2;
        choose(next);
        byId("rows").querySelector('[data-handle="' + what + next + '"]').focus();
      }
    } else if (event.key === "Delete" || event.key === "Backspace") drop(at);
    else if (event.key === "Escape") { delete state.edits[at]; change(); } else return;
    event.preventDefault();
  }
  function drawLegend(parent, entries, perLine, W) {
    entries.forEach(function (entry, i) {
      var x = 10 + (i % perLine) * (W / perLine), y = 12 + 17 * Math.floor(i / perLine), text = word(entry[0]);
      if (entry[1] === "open" || entry[1] === "full") {
        svg("circle", { cx: x + 8, cy: y, r: 5, fill: entry[1] === "open" ? "#fff" : "#6497b1", stroke: "#111", "stroke-width": 1.3 }, parent);
      } else {
        svg("line", { x1: x, x2: x + 18, y1: y, y2: y, stroke: "#444", "stroke-width": 1.3, "stroke-dasharray": entry[1] === "dash" ? "5 4" : null }, parent);
      }
      svg("text", { x: x + 24, y: y + 4, "font-size": 12, fill: "#111" }, parent, text);
    });
  }

  function path(x, y, to, up) {
    return "M" + x.map(function (v, i) { return to(v).toFixed(1) + " " + up(y[i]).toFixed(1); }).join("L");
  }
  function density(picture, curves, W, H, title) {
    clear(picture);
    element(picture, { viewBox: "0 0 " + W + " " + H });
    var xs = [].concat.apply([], curves.map(function (c) { return c.x; })), ys = [].concat.apply([], curves.map(function (c) { return c.y; })).filter(number);
    var low = Math.min.apply(null, xs), high = Math.max.apply(null, xs), most = Math.max.apply(null, ys.concat(0)) || 1, floor = H - (title ? 34 : 20);
    if (high <= low) { low -= 1; high += 1; }
    var to = axis(picture, low, high, 8, floor, W - 16, title), up = function (v) { return floor - v / most * (floor - 6); };
    curves.forEach(function (c) {
      if (c.y.every(number)) {
        svg("path", { d: path(c.x, c.y, to, up) + (c.dash ? "" : "L" + to(c.x[c.x.length - 1]) + " " + floor + "L" + to(c.x[0]) + " " + floor + "z"),
          fill: c.dash ? "none" : "#b3cde0", "fill-opacity": 0.7, stroke: c.dash ? "#333" : "#03396c", "stroke-width": 1.5, "stroke-dasharray": c.dash ? "5 4" : null
        }, picture);
      } else if (c.x.length) svg("line", { x1: to(c.x[0]), x2: to(c.x[0]), y1: floor, y2: 6, stroke: "#03396c", "stroke-width": 2 }, picture);
      if (number(c.mean)) {
        svg("line", { x1: to(c.lower), x2: to(c.upper), y1: floor, y2: floor, stroke: "#111", "stroke-width": 4 }, picture);
        svg("circle", { cx: to(c.mean), cy: floor, r: 5, fill: "#fff", stroke: "#111" }, picture);
      }
    });
  }

  function drawPriors() {
    var box = byId("priors"), structure = state.model + numbers.priors.map(function (p) { return p.parameter + p.family; }).join(";") + language;
    if (box.getAttribute("data-structure") !== structure) {
      box.setAttribute("data-structure", structure);
      clear(box);
      numbers.priors.forEach(function (p, i) { buildPrior(box, p, i); });
    }
    numbers.priors.forEach(function (p, i) {
      var fieldset = box.children[i], curves = [];
      if (number(list(p.posterior.y)[0])) curves.push({ x: list(p.posterior.x), y: list(p.posterior.y) });
      else curves.push({ x: list(p.posterior.x), y: [null] });
      if (p.prior) curves.push({ x: list(p.x), y: list(p.prior), dash: true });
      density(fieldset.querySelector("svg"), curves, 300, 92);
      fieldset.querySelector(".variable").textContent = p.variable === p.parameter ? "" : " \u2192 " + p.variable;
      list(p.par).forEach(function (value, k) {
        var range = rangeOf(p, k), slider = fieldset.querySelectorAll('input[type="range"]')[k];
        var box = fieldset.querySelectorAll('input[type="number"]')[k];
        if (document.activeElement !== box) box.value = round(value, 4);
        if (document.activeElement !== slider) slider.value = range.position(value);
        slider.setAttribute("aria-valuetext", show(value));
      });
    });
  }
  function buildPrior(box, p, index) {
    var current = function () { return numbers.priors[index]; };
    var fieldset = html("fieldset", {}, box), legend = html("legend", {}, fieldset, p.parameter);
    html("span", { "class": "variable" }, legend);
    svg("svg", { role: "img", "aria-label": p.parameter + ": " + word("prior") + ", " + word("posterior") }, fieldset);
    var label = html("label", {}, fieldset), select = html("select", { "class": "form-select form-select-sm", "data-parameter": p.parameter }, label);
    select.setAttribute("aria-label", word("family"));
    Object.keys(p.kind === "correlation" ? { lkj: 1 } : start.families[p.kind]).forEach(function (family) {
      html("option", { value: family }, select, word(family));
    });
    select.value = p.family;
    select.addEventListener("change", function () {
      forget(p, select.value);
      setPrior(current(), select.value, firstNumbers(current(), select.value));
    });
    list(p.par).forEach(function (value, k) {
      var line = html("label", { "class": "number" }, fieldset), name = list(p.names)[k], range = rangeOf(p, k);
      html("span", {}, line, name);
      var slider = html("input", { type: "range", min: 0, max: 400, "aria-label": p.parameter + ": " + name }, line);
      var box = html("input", { type: "number", step: "any", "class": "form-control form-control-sm", "aria-label": p.parameter + ": " + name }, line);
      var set = function (value) {
        var par = list(current().par).slice(), mine = state.priors[state.model + "|" + p.parameter];
        if (mine && mine.family === p.family) par = mine.par.slice();
        par[k] = value;
        setPrior(current(), p.family, par);
      };
      slider.addEventListener("input", function () { set(range.value(Number(slider.value))); });
      box.addEventListener("change", function () { if (box.value !== "" && isFinite(box.value)) set(Number(box.value)); });
    });
  }
  function forget(p, family) {
    for (var key in ranges) if (key.indexOf(state.model + "|" + p.parameter + "|" + family) === 0) delete ranges[key];
  }
  // Where a slider goes: from its first value as far as makes sense, by ratios for what is above 0.
  function rangeOf(p, k) {
    var id = [state.model, p.parameter, p.family, k].join("|"), value = list(p.par)[k], name = list(p.names)[k];
    if (ranges[id]) return ranges[id];
    var linear = ["mean", "mu", "location", "lower", "min", "l"].indexOf(name) >= 0 || (name === "value" && p.kind === "location") || value <= 0;
    var spread = list(p.par)[list(p.par).length - 1], half = name === "value" ? 10 * p.unit : 2.5 * Math.abs(spread);
    return (ranges[id] = linear ? {
      position: function (v) { return 200 + 200 * (v - value) / half; },
      value: function (s) { return Number((value + half * (s - 200) / 200).toPrecision(4)); }
    } : {
      position: function (v) { return 200 + 200 * Math.log(v / value) / Math.log(50); },
      value: function (s) { return round(value * Math.exp(Math.log(50) * (s - 200) / 200)); }
    });
  }

  function drawLines() {
    var l = numbers.lines, card = byId("lines-card");
    card.hidden = !l;
    if (!l) return;
    var picture = byId("lines"), W = Math.max(300, card.clientWidth - 26), H = 260, left = 46, floor = H - 36;
    clear(picture);
    element(picture, { viewBox: "0 0 " + W + " " + (H + (W < 500 ? 80 : 44)) });
    var low = list(l.low), high = list(l.high), ys = low.concat(high, list(l.y), list(l.complete)).filter(number);
    var bottom = Math.min.apply(null, ys), top = Math.max.apply(null, ys), room = 0.05 * (top - bottom) || 1;
    var to = axis(picture, l.ends[0], l.ends[1], left, floor, W - left - 10, l.name);
    var up = function (v) { return floor - (v - bottom + room) / (top - bottom + 2 * room) * (floor - 8); };
    ticks(bottom, top, 5).forEach(function (v) {
      svg("text", { x: left - 6, y: up(v) + 4, "text-anchor": "end", "font-size": 11, fill: "#333" }, picture, String(v));
    });
    var line = function (y1, y2, attributes) {
      if (!number(y1) || !number(y2)) return;
      svg("line", Object.assign({ x1: to(l.ends[0]), x2: to(l.ends[1]), y1: up(y1), y2: up(y2), stroke: "#8ab", "stroke-width": 1 }, attributes), picture);
    };
    var chosen = place(state.group), clip = svg("clipPath", { id: "inside" }, picture);
    svg("rect", { x: left, y: 2, width: W - left - 10, height: floor - 2 }, clip);
    low.forEach(function (y, i) { line(y, high[i], {}); });
    line(l.complete[0], l.complete[1], { stroke: "#444", "stroke-width": 1.5, "stroke-dasharray": "6 4" });
    line(l.population[0], l.population[1], { stroke: "#111", "stroke-width": 3 });
    if (chosen >= 0) {
      line(low[chosen], high[chosen], { stroke: "#03396c", "stroke-width": 3, "stroke-dasharray": "12 2" });
      line(list(l.own_low)[chosen], list(l.own_high)[chosen], { stroke: "#111", "stroke-width": 1.5, "stroke-dasharray": "1.5 3", "clip-path": "url(#inside)" });
      svg("circle", { cx: to(list(l.x)[chosen]), cy: up(list(l.y)[chosen]), r: 5, fill: "#fff", stroke: "#111", "stroke-width": 1.4 }, picture);
    }
    var key = [[word("population"), { stroke: "#111", "stroke-width": 3 }], [word("complete"), { stroke: "#444", "stroke-width": 1.5, "stroke-dasharray": "6 4" }],
      [labels[state.group], { stroke: "#03396c", "stroke-width": 3, "stroke-dasharray": "12 2" }], [word("own_line"), { stroke: "#111", "stroke-width": 1.5, "stroke-dasharray": "1.5 3" }]];
    key.forEach(function (entry, i) {
      var perLine = W < 500 ? 1 : 2, x = left + (i % perLine) * (W - left) / perLine, y = H + 10 + 18 * Math.floor(i / perLine);
      svg("line", Object.assign({ x1: x, x2: x + 28, y1: y, y2: y }, entry[1]), picture);
      svg("text", { x: x + 34, y: y + 4, "font-size": 12, fill: "#111" }, picture, fit(entry[0], (W - left) / perLine / 7.4 - 5));
    });
  }

  function rowOf(table, cells, heading) {
    var tr = html("tr", {}, table);
    cells.forEach(function (cell, i) { html(heading || i === 0 ? "th" : "td", { "class": i === 0 ? "text" : null, scope: heading ? "col" : i === 0 ? "row" : null }, tr, cell); });
    return tr;
  }
  function drawSpread() {
    var table = byId("spread"), s = numbers.spread;
    clear(table);
    rowOf(html("thead", {}, table), ["", word("estimate"), word("interval")], true);
    var body = html("tbody", {}, table);
    list(s.name).forEach(function (name, i) {
      rowOf(body, [name, show(list(s.estimate)[i]), show(list(s.lower)[i]) + " \u2026 " + show(list(s.upper)[i])]);
    });
  }
  function drawNewGroup() {
    var box = byId("new-group"), curves = list(numbers.new_group);
    clear(box);
    curves.forEach(function (c, i) {
      var title = curves.length > 1 ? word(i === 0 ? "new_mean" : "new_observation") : start.response;
      var picture = svg("svg", { role: "img", "aria-label": title + ": " + show(c.mean) + ", " + show(c.lower) + " \u2026 " + show(c.upper) }, box);
      density(picture, [{ x: list(c.x), y: list(c.y), mean: c.mean, lower: c.lower, upper: c.upper }], 320, 130, title);
    });
  }
  function drawEvidence() {
    var table = byId("evidence");
    clear(table);
    rowOf(html("thead", {}, table), ["", word("log_evidence"), word("elpd_loo"), word("elpd_logo")], true);
    var body = html("tbody", {}, table);
    start.models.forEach(function (model) {
      var found = late[model] || {}, tr = rowOf(body, [modelName(model), show(numbers.evidence[model], 1)]);
      ["elpd_loo", "elpd_logo"].forEach(function (what) {
        var value = found[what];
        var text = !value ? "\u2026" : number(value.estimate) ? show(value.estimate, 1) + " (" + show(value.se, 1) + ")" : "\u2013";
        if (what === "elpd_loo" && (!start.rows || changed())) text = "\u2013";
        html("td", { "class": !value || value.stale ? "stale" : null, title: value && value.problem ? value.problem : null, "data-what": what, "data-model": model }, tr, text);
      });
    });
  }
  function changed() { return Object.keys(state.edits).length + Object.keys(state.dropped).length + state.added.length > 0; }

  function allGroups() { return list(start.labels).map(function (x, i) { return i + 1; }).concat(state.added.map(function (x, i) { return list(start.labels).length + i + 1; })); }
  function tableRows() {
    var g = numbers.groups, shrinkage = list(g.shrinkage);
    return allGroups().map(function (at) {
      var i = place(at), out = i < 0;
      return { at: at, out: out, cells: [show(out ? sizeOf(at) : list(g.n)[i], start.family === "poisson" ? undefined : 0), out ? NaN : list(g.observed)[i]].concat(
        start.models.map(function (model) { return out || !g.models[model] ? NaN : list(g.models[model].estimate)[i]; }),
        shrinkage.length ? [out ? NaN : shrinkage[i]] : []
      ) };
    });
  }
  function tableHead() {
    return [start.group_name, word("size"), word("own")].concat(start.models.map(modelName), list(numbers.groups.shrinkage).length ? [word("shrinkage")] : []);
  }
  function drawTable() {
    var table = byId("table"), rows = tableRows(), structure = rows.length + "|" + tableHead().join("|");
    if (table.getAttribute("data-structure") !== structure) {
      table.setAttribute("data-structure", structure);
      clear(table);
      var head = rowOf(html("thead", {}, table), tableHead(), true), body = html("tbody", {}, table);
      head.insertBefore(html("th", { "class": "text" }, null, word("included")), head.firstChild);
      rows.forEach(function (row) {
        var tr = html("tr", {}, body), box = html("input", { type: "checkbox", "data-at": row.at }, html("td", { "class": "text" }, tr));
        box.addEventListener("change", function () { drop(row.at); });
        html("th", { "class": "text", scope: "row" }, tr).addEventListener("click", function () { choose(row.at); });
        row.cells.forEach(function () { html("td", {}, tr); });
      });
    }
    var trs = table.tBodies[0].rows;
    rows.forEach(function (row, k) {
      var cells = trs[k].cells, name = row.out ? "out" : row.at === state.group ? "chosen" : "";
      if (trs[k].className !== name) trs[k].className = name;
      cells[0].firstChild.checked = !state.dropped[row.at];
      cells[0].firstChild.setAttribute("aria-label", word("included") + ": " + labels[row.at]);
      if (cells[1].textContent !== labels[row.at]) cells[1].textContent = labels[row.at];
      row.cells.forEach(function (cell, i) {
        var text = typeof cell === "string" ? cell : show(cell);
        if (cells[i + 2].textContent !== text) cells[i + 2].textContent = text;
      });
    });
  }
  function drawGroup() {
    var select = byId("group"), groups = allGroups(), at = state.group, i = place(at);
    if (select.getAttribute("data-groups") !== groups.map(function (a) { return labels[a]; }).join("|")) {
      select.setAttribute("data-groups", groups.map(function (a) { return labels[a]; }).join("|"));
      clear(select);
      groups.forEach(function (a) { html("option", { value: a }, select, labels[a] || ""); });
    }
    select.value = at;
    if (document.activeElement !== byId("size")) byId("size").value = round(sizeOf(at), 9);
    if (document.activeElement !== byId("mean")) byId("mean").value = round(meanOf(at), 6);
    byId("drop").textContent = word(state.dropped[at] ? "restore" : "drop");
    if (i < 0 || dragging) return;
    var of = function (model) { return numbers.groups.models[model] ? show(list(numbers.groups.models[model].estimate)[i]) : "\u2013"; };
    var text = word("summary").replace("{group}", labels[at]).replace("{own}", show(list(numbers.groups.observed)[i]))
      .replace("{partial}", of(whole())).replace("{complete}", of("complete"));
    if (byId("summary").textContent !== text) byId("summary").textContent = text;
  }

  // ---- what one takes away --------------------------------------------------------------------------------------------------------

  function csv() {
    var quote = function (x) { return '"' + String(x).replace(/"/g, '""') + '"'; }, g = numbers.groups;
    var head = [start.group_name, "n", "observed"].concat(start.models, list(g.shrinkage).length ? ["shrinkage"] : []);
    return [head.map(quote).join(",")].concat(list(g.at).map(function (at, i) {
      return [quote(labels[at]), list(g.n)[i], list(g.observed)[i]].concat(
        start.models.map(function (model) { return g.models[model] ? list(g.models[model].estimate)[i] : "NA"; }), list(g.shrinkage).length ? [list(g.shrinkage)[i]] : []
      ).join(",");
    })).join("\n") + "\n";
  }
  function picture() {
    everything = true;
    drawRows();
    var copy = byId("rows").cloneNode(true), box = byId("rows").viewBox.baseVal;
    element(copy, { xmlns: "http://www.w3.org/2000/svg", width: box.width, height: box.height, "font-family": "sans-serif" });
    copy.insertBefore(svg("rect", { width: box.width, height: box.height, fill: "#fff" }), copy.firstChild);
    everything = false;
    drawRows();
    return new XMLSerializer().serializeToString(copy);
  }
  function save(blob, name) {
    explorer.saved = { name: name, type: blob.type, size: blob.size, blob: blob };
    var link = html("a", { href: URL.createObjectURL(blob), download: name }, document.body);
    link.click();
    link.remove();
  }
  function png() {
    var box = byId("rows").viewBox.baseVal, image = new Image();
    image.onload = function () {
      var canvas = html("canvas", { width: 2 * box.width, height: 2 * box.height });
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(function (blob) { save(blob, "pooling.png"); });
    };
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(picture());
  }
  function copyCode() {
    var done = function () {
      byId("copy").textContent = word("copied");
      setTimeout(function () { byId("copy").textContent = word("copy"); }, 1500);
    };
    var byHand = function () { // where the page may not use the clipboard, as over http
      var area = html("textarea", {}, document.body);
      area.value = code;
      area.select();
      document.execCommand("copy");
      area.remove();
      done();
    };
    if (navigator.clipboard) navigator.clipboard.writeText(code).then(done, byHand);
    else byHand();
  }

  // ---- start ------------------------------------------------------------------------------------------------------------------------

  function begin(message) {
    start = message;
    ["labels", "models", "sizes", "means"].forEach(function (name) { start[name] = list(start[name]); });
    var wanted = document.querySelector('meta[name="explorer-language"]').content || navigator.language || "en";
    language = /^zh/i.test(wanted) ? 1 : 0;
    document.documentElement.lang = language ? "zh" : "en";
    document.querySelectorAll("[data-word]").forEach(function (node) { node.textContent = word(node.getAttribute("data-word")); });
    document.title = word("title");
    byId("about").textContent = start.formula + (counts() ? " · " + start.family : "");
    start.labels.forEach(function (label, i) { labels[i + 1] = String(label); });
    state.model = whole();
    start.models.forEach(function (model) { html("option", { value: model }, byId("model"), modelName(model)); });
    byId("model").value = state.model;
    byId("model").addEventListener("change", function () { state.model = this.value; change(); });
    ["partial", "none", "complete"].forEach(function (name) {
      if (name === "none" && start.models.indexOf("none") < 0) return;
      var label = html("label", {}, byId("intervals")), box = html("input", { type: "checkbox", "data-interval": name }, label);
      html("span", {}, label, name === "partial" ? modelName(whole()) : word(name));
      box.checked = !!shown[name];
      box.addEventListener("change", function () { shown[name] = box.checked; drawRows(); });
    });
    byId("group").addEventListener("change", function () { choose(Number(this.value)); });
    byId("size").addEventListener("change", function () { if (this.value !== "") edit(state.group, "n", Number(this.value)); });
    byId("mean").addEventListener("change", function () { if (this.value !== "") edit(state.group, "mean", Number(this.value)); });
    byId("drop").addEventListener("click", function () { drop(state.group); });
    byId("add").addEventListener("click", function () { state.added.push(origin(state.group)); change(); });
    byId("reset").addEventListener("click", function () { delete state.edits[state.group]; delete state.dropped[state.group]; change(); });
    byId("reset-all").addEventListener("click", function () {
      state.priors = {}; state.edits = {}; state.dropped = {}; state.added = []; ranges = {}; scale = null;
      if (state.group > start.labels.length) state.group = 1;
      change();
    });
    byId("csv").addEventListener("click", function () { save(new Blob([csv()], { type: "text/csv" }), "pooling.csv"); });
    byId("svg").addEventListener("click", function () { save(new Blob([picture()], { type: "image/svg+xml" }), "pooling.svg"); });
    byId("png").addEventListener("click", png);
    byId("copy").addEventListener("click", copyCode);
    document.addEventListener("pointermove", move);
    ["pointerup", "pointercancel"].forEach(function (name) {
      document.addEventListener(name, function () { if (dragging) { dragging = null; change(); } });
    });
    var last = 0;
    window.addEventListener("resize", function () {
      if (numbers && window.innerWidth !== last) { last = window.innerWidth; drawRows(); drawLines(); }
    });
    byId("rows-frame").addEventListener("scroll", function () {
      if (numbers && list(numbers.groups.at).length > 60) requestAnimationFrame(drawRows);
    });
    explorer.csv = csv;
    explorer.idle = function () { return !busy && !waiting; };
    explorer.code = function () { return code; };
    explorer.numbers = function () { return numbers; };
    change();
  }
  document.addEventListener("DOMContentLoaded", function () {
    Shiny.addCustomMessageHandler("explorer-start", begin);
    Shiny.addCustomMessageHandler("explorer-numbers", receive);
    Shiny.addCustomMessageHandler("explorer-more", receiveLater);
    window.jQuery(document).on("shiny:disconnected", function () { if (start) tell([word("waiting")], []); });
  });
})();
