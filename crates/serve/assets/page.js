"use strict";
(() => {
  const minute = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hour: "2-digit", minute: "2-digit", hour12: false });
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: "UTC", year: "numeric", month: "2-digit", day: "2-digit" });
  const utc = (secs) => { const time = new Date(secs * 1000); return day.format(time).slice(5) + " " + minute.format(time); };
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const charts = [];

  function options(element, series, bands, digits) {
    const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 } };
    const known = (value) => (value == null ? "-" : value.toFixed(digits));
    return {
      width: element.clientWidth, height: 220, bands, cursor: { y: false },
      tzDate: (secs) => uPlot.tzDate(new Date(secs * 1000), "UTC"),
      scales: { x: { time: true } },
      axes: [
        { ...axis, space: 70, values: (chart, splits) => splits.map((secs, at) => {
          const time = new Date(secs * 1000), before = at && new Date(splits[at - 1] * 1000);
          return before && day.format(before) === day.format(time) ? minute.format(time) : minute.format(time) + "\n" + day.format(time).slice(5);
        }) },
        { ...axis, size: 52 },
      ],
      series: [{ label: "UTC", value: (chart, secs) => (secs == null ? "-" : utc(secs)) }]
        .concat(series.map((one) => ({ width: 1.5, points: { show: false }, value: (chart, value) => known(value), ...one }))),
    };
  }

  function draw(element, data, series, bands, digits) {
    element.replaceChildren();
    const chart = new uPlot(options(element, series, bands, digits), data, element);
    charts.push({ chart, element });
  }

  const kinds = {
    equity: (element, data) => draw(element, data, [{ label: "% of the capital", stroke: color("--accent") }], [], 3),
    score: (element, data) => draw(element, data, [
      { label: "Pearson", stroke: color("--accent"), width: 2 },
      { label: "low", stroke: "transparent" }, { label: "high", stroke: "transparent" },
      { label: "promised", stroke: color("--soft"), dash: [4, 4] },
    ], [{ series: [3, 2], fill: color("--accent") + "33" }], 3),
  };

  let drawAnswer = null;
  function drawAll() {
    for (const { chart } of charts.splice(0)) chart.destroy();
    for (const element of document.querySelectorAll(".chart[data-kind]")) {
      kinds[element.dataset.kind](element, JSON.parse(element.dataset.series));
    }
    if (drawAnswer) drawAnswer();
  }

  let refreshing = false;
  async function refresh() {
    if (refreshing) return;
    refreshing = true;
    try {
      const response = await fetch("/", { cache: "no-store" });
      if (response.redirected) { location.reload(); return; }
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const before = document.getElementById("why-answer"), live = page.getElementById("live");
      document.getElementById("live").replaceWith(live);
      const after = document.getElementById("why-answer");
      if (chosen && before && after) after.replaceChildren(...before.childNodes);
      drawAll();
      explain();
    } catch (error) {
      const pill = document.querySelector(".pills .pill");
      if (pill) { pill.className = "pill bad"; pill.textContent = "the server does not answer"; }
    } finally {
      refreshing = false;
    }
  }

  const said = document.getElementById("said");
  function say(text) { said.textContent = text; said.hidden = !text; }

  // A button that changes something: the server checks token and origin.
  async function change(button) {
    if (button.dataset.confirm && !confirm(button.dataset.confirm)) return;
    button.disabled = true;
    try {
      const response = await fetch(button.dataset.post, { method: "POST" });
      if (response.ok) { say(""); setTimeout(refresh, 400); return; }
      const problem = await response.json();
      say([problem.detail, ...(problem.hints || [])].join(". "));
    } catch (error) {
      say(String(error));
    }
    button.disabled = false;
  }

  let chosen = "";
  const LARGEST = 10;
  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function bar(value, most) {
    const space = "http://www.w3.org/2000/svg", svg = document.createElementNS(space, "svg");
    svg.setAttribute("class", "bar"); svg.setAttribute("viewBox", "0 0 150 16"); svg.setAttribute("width", 110);
    const add = (name, attributes) => {
      const part = document.createElementNS(space, name);
      for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
      svg.append(part);
    };
    const width = most > 0 ? Math.abs(value) / most * 72 : 0;
    add("line", { class: "zero", x1: 75, x2: 75, y1: 0, y2: 16 });
    add("rect", { class: value < 0 ? "down" : "up", x: value < 0 ? 75 - width : 75, y: 4, width: Math.max(width, 1), height: 8, rx: 1 });
    return svg;
  }

  function showWhy(why, target) {
    const isForecast = why.of === "forecast";
    const [scale, unit, digits] = !isForecast ? [1, "", 4] : why.unit === "basis_points" ? [1e4, " bp", 2] : why.unit === "percent" ? [100, " %", 3] : [1, "", 4];
    const text = (value) => (value < 0 ? "" : "+") + (value * scale).toFixed(digits);
    const parts = why.contributions, listed = parts.slice(0, LARGEST), rest = parts.slice(LARGEST);
    const most = Math.max(...listed.map((part) => Math.abs(part.added)), 0);
    const row = (name, value, added) => element("tr", {}, element("th", { scope: "row" }, name),
      element("td", { class: "number soft far" }, value == null ? "" : String(Number(value.toPrecision(3)))),
      element("td", {}, bar(added, most)), element("td", { class: "number" }, text(added)));
    const rows = listed.map((part) => row(part.name, part.value, part.added));
    if (rest.length) rows.push(row(`${rest.length} others`, null, rest.reduce((sum, part) => sum + part.added, 0)));
    const words = { shap: "SHAP", linear: "Coefficient times feature", members: "Weight times forecast of each member", occlusion: "What is lost with each group of features at its mean of training" };
    const sum = why.adds_up
      ? `With the base of ${text(why.base)} they are ${isForecast ? "the forecast, " + text(why.forecast) + unit : "the " + why.of}. `
      : `Groups act together, so that these need not add up to the forecast, ${text(why.forecast)}${unit}. `;
    target.replaceChildren(element("table", {}, element("tbody", {}, ...rows)),
      element("p", { class: "soft" }, words[why.method] + unit.replace(/^ /, ", in ") + ". " + sum, element("a", { href: "/why?coin=" + why.symbol }, "JSON")));
  }

  async function explain() {
    const select = document.getElementById("why-coin"), target = document.getElementById("why-answer");
    if (!select || !target || !chosen) return;
    select.value = chosen;
    const coin = chosen;
    try {
      const response = await fetch("/why?coin=" + encodeURIComponent(coin));
      const answer = await response.json();
      if (coin !== chosen) return;
      // The page may have been made anew meanwhile.
      const shown = document.getElementById("why-answer");
      if (response.ok) showWhy(answer, shown); else shown.replaceChildren(element("p", { class: "soft" }, answer.detail));
    } catch (error) {
      target.textContent = String(error);
    }
  }

  function table(header, rows) {
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const name of header) { const cell = document.createElement("th"); cell.textContent = name; head.append(cell); }
    const body = table.createTBody();
    for (const row of rows) { const line = body.insertRow(); for (const value of row) line.insertCell().textContent = value; }
    return table;
  }

  function show(answer, target) {
    const header = ["time (UTC)", "coin", "close", "forecast", "refused", "in sample"];
    const rows = answer.forecasts.flatMap((made) => made.coins.filter((coin) => coin.close != null || coin.forecast != null).map((coin) =>
      [utc(made.closed_at / 1000), coin.symbol, coin.close ?? "", coin.forecast ?? "", coin.refused ?? "", coin.in_sample ? "yes" : ""]));
    const chart = document.createElement("div");
    chart.className = "chart";
    const words = document.createElement("p");
    words.className = "soft";
    words.textContent = `${rows.length} forecasts by ${answer.forecasts[0].forecaster}; the first 50 are listed. `;
    const link = document.createElement("a");
    const quoted = (value) => (/[",\n]/.test(value) ? '"' + String(value).replaceAll('"', '""') + '"' : value);
    link.href = URL.createObjectURL(new Blob([[header, ...rows].map((row) => row.map(quoted).join(",")).join("\n") + "\n"], { type: "text/csv" }));
    link.download = "forecasts.csv";
    link.textContent = "All as CSV";
    words.append(link);
    target.replaceChildren(chart, words, table(header, rows.slice(0, 50)));
    const symbols = [...new Set(rows.map((row) => row[1]))].slice(0, 8);
    const colors = ["--accent", "--down", "--good", "--bad", "--warn", "--soft", "--ink", "--edge"];
    // An axis writes small fractions as 0.
    const isReturn = answer.forecasts[0].unit === "basis_points", scale = isReturn ? 1e4 : 1;
    const value = (made, symbol) => made.coins.find((coin) => coin.symbol === symbol)?.forecast ?? null;
    const data = [answer.forecasts.map((made) => made.closed_at / 1000)].concat(symbols.map((symbol) =>
      answer.forecasts.map((made) => (value(made, symbol) === null ? null : value(made, symbol) * scale))));
    drawAnswer = () => draw(chart, data, symbols.map((symbol, at) => ({ label: isReturn ? symbol + " (bp)" : symbol, stroke: color(colors[at]), points: { show: answer.forecasts.length < 3 } })), [], 3);
    drawAnswer();
  }

  async function upload(event) {
    event.preventDefault();
    const form = event.target, file = form.file.files[0], target = document.getElementById("answer");
    const kind = file.name.endsWith(".zip") ? "application/zip" : file.name.endsWith(".json") ? "application/json" : "text/csv";
    const query = new URLSearchParams({ times: form.times.value });
    const symbol = form.symbol.value.trim() || (/^([A-Z0-9]{5,20})(?=[-_.])/.exec(file.name) || [])[1];
    if (symbol) query.set("symbol", symbol);
    if (form.in_sample.checked) query.set("in_sample", "true");
    target.textContent = "Forecasting ...";
    try {
      let body = file;
      if (kind === "application/json") {
        body = JSON.stringify({ candles: JSON.parse(await file.text()), times: Number(form.times.value), symbol: symbol || null, in_sample: form.in_sample.checked });
      }
      const response = await fetch(kind === "application/json" ? "/predict" : "/predict?" + query, { method: "POST", headers: { "Content-Type": kind }, body });
      const answer = await response.json();
      if (response.ok) { show(answer, target); return; }
      target.replaceChildren(...[answer.detail, ...(answer.hints || [])].map((text, at) => {
        const line = document.createElement("p"); line.className = at ? "soft" : "problem"; line.textContent = text; return line;
      }));
    } catch (error) {
      target.textContent = String(error);
    }
  }

  drawAll();
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-post], button[data-coin]");
    if (!button) return;
    if (button.dataset.post) { change(button); return; }
    chosen = button.dataset.coin;
    explain();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "why-coin") { chosen = event.target.value; explain(); }
  });
  document.getElementById("upload").addEventListener("submit", upload);
  const events = new EventSource("/events");
  let first = true;
  events.addEventListener("bar", () => { if (first) first = false; else refresh(); });
  // Without a bar the page itself must turn stale.
  setInterval(refresh, 30000);
  let width = innerWidth, resized;
  addEventListener("resize", () => {
    clearTimeout(resized);
    resized = setTimeout(() => { if (innerWidth !== width) { width = innerWidth; drawAll(); } }, 150);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
