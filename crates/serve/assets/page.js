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
      document.getElementById("live").replaceWith(page.getElementById("live"));
      drawAll();
    } catch (error) {
      const pill = document.querySelector(".pills .pill");
      if (pill) { pill.className = "pill bad"; pill.textContent = "the server does not answer"; }
    } finally {
      refreshing = false;
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
