"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const minute = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hour: "2-digit", minute: "2-digit", hour12: false });
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: "UTC", year: "numeric", month: "2-digit", day: "2-digit" });
  const utc = (secs) => { const time = new Date(secs * 1000); return day.format(time).slice(5) + " " + minute.format(time); };
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

  // What forecasts are written in for people: factor, name, digits.
  const units = { basis_points: [1e4, "bp", 2], percent: [100, "%", 3] };
  const unitOf = (unit) => units[unit] || [1, "", 4];

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // Charts

  let charts = [];
  // Steps of a time axis, seconds: a bar is a minute or longer.
  const STEPS = [60, 120, 300, 600, 900, 1800].concat([1, 2, 3, 6, 12, 24, 48, 120, 240, 720, 2160, 8760].map((hours) => hours * 3600));

  function options(target, series, bands, [unit, digits]) {
    const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 } };
    const known = (value) => (value == null ? "-" : value.toFixed(digits));
    return {
      width: target.clientWidth, height: 220, bands, cursor: { y: false },
      tzDate: (secs) => uPlot.tzDate(new Date(secs * 1000), "UTC"),
      scales: { x: { time: true } },
      axes: [
        { ...axis, space: 70, incrs: STEPS, values: (chart, splits) => splits.map((secs, at) => {
          const time = new Date(secs * 1000), before = at && new Date(splits[at - 1] * 1000);
          return before && day.format(before) === day.format(time) ? minute.format(time) : minute.format(time) + "\n" + day.format(time).slice(5);
        }) },
        { ...axis, size: 56, label: unit, labelSize: unit ? 18 : 0, labelGap: 0, labelFont: "12px system-ui, sans-serif" },
      ],
      series: [{ label: "UTC", value: (chart, secs) => (secs == null ? "-" : utc(secs)) }]
        .concat(series.map((one) => ({ width: 1.5, value: (chart, value) => known(value), ...one }))),
    };
  }

  function draw(target, data, series, bands, words) {
    target.replaceChildren();
    // A line of one point is a point.
    const points = { show: data[0].length < 3 };
    charts.push({ target, chart: new uPlot(options(target, series.map((one) => ({ points, ...one })), bands, words), data, target) });
  }

  const kinds = {
    equity: (target, data) => draw(target, data, [{ label: "equity", stroke: color("--accent") }], [], ["% of the capital", 3]),
    score: (target, data) => draw(target, data, [
      { label: "Pearson", stroke: color("--accent"), width: 2 },
      { label: "low", stroke: "transparent" }, { label: "high", stroke: "transparent" },
      { label: "promised", stroke: color("--soft"), dash: [4, 4] },
    ], [{ series: [3, 2], fill: color("--accent") + "33" }], ["Pearson correlation", 3]),
  };

  let drawAnswer = () => {};
  // The window's width that charts were drawn for.
  let width = innerWidth;

  function drawAll() {
    width = innerWidth;
    for (const { chart } of charts.splice(0)) chart.destroy();
    drawIn(document);
    drawAnswer();
  }

  function drawIn(part) {
    for (const target of part.querySelectorAll(".chart[data-kind]")) kinds[target.dataset.kind](target, JSON.parse(target.dataset.series));
  }

  // The page as it was sent last. Only what has changed is replaced, so that focus, selection and an open list stay.

  const sent = new Map([...document.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part.outerHTML]));
  const title = document.title;

  function focusIn(part) {
    const focused = document.activeElement;
    if (!part.contains(focused) || focused === part) return null;
    if (focused.id) return "#" + focused.id;
    for (const name of ["href", "data-post"]) if (focused.hasAttribute(name)) return `[${name}="${CSS.escape(focused.getAttribute(name))}"]`;
    return focused.classList.contains("scroll") ? ".scroll" : "h2[tabindex]";
  }

  function replace(before, after) {
    const focus = focusIn(before), top = before.querySelector(".scroll")?.scrollTop;
    charts = charts.filter(({ chart, target }) => !before.contains(target) || chart.destroy());
    before.replaceWith(after);
    if (top) after.querySelector(".scroll")?.scrollTo(0, top);
    if (after.id === "why" && chosen && byId("why-coin")) {
      byId("why-coin").value = chosen;
      byId("why-answer").replaceChildren(...before.querySelector("#why-answer")?.childNodes ?? []);
    }
    if (after.id === "forecasts") sortable();
    if (focus) after.querySelector(focus)?.focus({ preventScroll: true });
    drawIn(after);
  }

  // Forecasts are in the order of the column whose header was pressed, else in the model's.

  let order = null;

  function sortable() {
    const table = document.querySelector("#forecasts table");
    if (!table) return;
    const body = table.tBodies[0];
    // A number stands alone or before its unit: 1INCHUSDT is a name.
    const value = (row, at) => { const text = row.cells[at].textContent, number = /^[+-]?[\d.]+(?=\s|$)/.exec(text); return number ? Number(number[0]) : text; };
    const sort = () => [...table.tHead.rows[0].cells].forEach((head, at) => {
      if (order?.column !== head.dataset.column) { head.removeAttribute("aria-sort"); return; }
      head.setAttribute("aria-sort", order.sign < 0 ? "descending" : "ascending");
      const compare = (a, b) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -order.sign : order.sign);
      body.append(...[...body.rows].sort((one, other) => order.sign * compare(value(one, at), value(other, at))));
    });
    [...table.tHead.rows[0].cells].forEach((head, at) => {
      head.dataset.column = head.textContent;
      if (!body.rows.length || body.rows[0].cells[at].querySelector("svg")) return;
      const button = element("button", { class: "sort", id: "sort-" + at, title: "sort" }, head.textContent);
      button.addEventListener("click", () => {
        const column = head.dataset.column, isText = typeof value(body.rows[0], at) === "string";
        order = { column, sign: order?.column === column ? -order.sign : isText ? 1 : -1 };
        sort();
      });
      head.replaceChildren(button);
    });
    sort();
  }

  let staleTimer;
  let told = "";

  function afterUpdate() {
    const pills = document.querySelector(".pills");
    clearTimeout(staleTimer);
    if (pills.dataset.staleIn) staleTimer = setTimeout(refresh, Math.min(Number(pills.dataset.staleIn) + 100, 1e9));
    const bad = [...pills.querySelectorAll(".bad")].map((pill) => pill.textContent);
    document.title = bad.length ? "! " + title : title;
    // Said once: ages in the text go on.
    const news = [...bad, ...[...pills.querySelectorAll(".warn")].map((pill) => pill.textContent)].join(". ");
    const kind = news.replace(/[\d.]+ \w+ ago|\d+/g, "");
    if (kind !== told) byId("told").textContent = news || "all is well";
    told = kind;
  }

  let isLost = false;

  function setLost(lost) {
    if (lost === isLost) return;
    isLost = lost;
    document.body.classList.toggle("lost", lost);
    byId("lost").textContent = lost
      ? `The server does not answer since ${utc(Date.now() / 1000)} UTC. What is shown is from before; the page tries again by itself.` : "";
    document.title = lost ? "! " + title : title;
  }

  let refreshing = null, isAskedAgain = false;

  // One at a time: what is asked for meanwhile is loaded once more.
  function refresh() {
    isAskedAgain = true;
    return (refreshing ??= loadAll().finally(() => { refreshing = null; }));
  }

  async function loadAll() {
    while (isAskedAgain) {
      isAskedAgain = false;
      await load();
    }
  }

  async function load() {
    let text;
    try {
      const response = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(15000) });
      if (response.redirected) { location.reload(); return; }
      if (!response.ok) throw new Error(response.statusText);
      text = await response.text();
    } catch (error) {
      setLost(true);
      return;
    }
    setLost(false);
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const after of page.querySelectorAll("[data-part]")) {
      const name = after.dataset.part, before = document.querySelector(`[data-part="${name}"]`);
      if (!before || sent.get(name) === after.outerHTML) continue;
      sent.set(name, after.outerHTML);
      replace(before, after);
    }
    afterUpdate();
  }

  // A button that changes something: the server checks token and origin.
  async function change(button) {
    if (button.dataset.confirm && !confirm(button.dataset.confirm)) return;
    const said = byId("said");
    button.disabled = true;
    try {
      const response = await fetch(button.dataset.post, { method: "POST" });
      if (response.ok) {
        said.textContent = "";
        // The server sees the change a moment later.
        for (let tries = 0; tries < 12 && button.isConnected; tries++) { await sleep(250); await refresh(); }
        if (!document.activeElement || document.activeElement === document.body) byId(button.id)?.focus({ preventScroll: true });
      } else {
        const problem = await response.json();
        said.textContent = [problem.detail, ...(problem.hints || [])].join(". ");
      }
    } catch (error) {
      said.textContent = "The server does not answer: nothing was changed.";
    }
    button.disabled = false;
  }

  // Why

  let chosen = "";
  const LARGEST = 10;

  function bar(value, most) {
    const space = "http://www.w3.org/2000/svg", svg = document.createElementNS(space, "svg");
    for (const [key, value] of Object.entries({ class: "bar", viewBox: "0 0 150 16", "aria-hidden": true })) svg.setAttribute(key, value);
    const width = most > 0 ? Math.max(Math.abs(value) / most * 72, 1) : 1, from = value < 0 ? 75 - width : 75;
    const part = document.createElementNS(space, "path");
    part.setAttribute("class", value < 0 ? "down" : "up");
    part.setAttribute("d", `M${from} 4h${width}v8H${from}z`);
    svg.append(part);
    return svg;
  }

  function showWhy(why, target) {
    const isForecast = why.of === "forecast";
    const [scale, unit, digits] = isForecast ? unitOf(why.unit) : [1, "", 4];
    const text = (value) => (value < 0 ? "" : "+") + (value * scale).toFixed(digits);
    const whole = (value) => `${text(value)} ${unit}`.trim();
    const parts = why.contributions, listed = parts.slice(0, LARGEST), rest = parts.slice(LARGEST);
    const most = Math.max(...listed.map((part) => Math.abs(part.added)), 0);
    const hasValues = listed.some((part) => part.value != null);
    const row = (name, value, added) => element("tr", {}, element("th", { scope: "row" }, name),
      ...(hasValues ? [element("td", { class: "number soft far" }, value == null ? "" : String(Number(value.toPrecision(3))))] : []),
      element("td", {}, bar(added, most)), element("td", { class: "number" }, text(added)));
    const rows = listed.map((part) => row(part.name, part.value, part.added));
    if (rest.length) rows.push(row(`${rest.length} others`, null, rest.reduce((sum, part) => sum + part.added, 0)));
    const names = { members: "member", occlusion: "group of features" };
    const head = element("tr", {}, element("th", { scope: "col" }, names[why.method] || "feature"),
      ...(hasValues ? [element("th", { scope: "col", class: "number far" }, "value")] : []),
      element("td", {}), element("th", { scope: "col", class: "number" }, unit || "added"));
    const words = { shap: "SHAP values", linear: "Coefficient times feature", members: "Weight times forecast of each member", occlusion: "What is lost with each group of features at its mean of training" };
    const sum = why.adds_up
      ? `with the base of ${whole(why.base)} they are ${isForecast ? "the forecast, " + whole(why.forecast) : "the " + why.of}. `
      : `groups act together, so that these need not add up to the forecast, ${whole(why.forecast)}. `;
    target.replaceChildren(element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)),
      element("p", { class: "soft" }, `${words[why.method]} of ${utc(why.closed_at / 1000)} UTC; ${sum}`,
        element("a", { href: "/why?coin=" + encodeURIComponent(why.symbol) }, "JSON")));
  }

  async function explain() {
    const select = byId("why-coin"), coin = chosen;
    if (!select || !coin) return;
    select.value = coin;
    const isOther = byId("why-answer").dataset.coin !== coin;
    if (isOther) byId("why-answer").replaceChildren(element("p", { class: "soft" }, `Asking the model about ${coin} ...`));
    byId("why-answer").dataset.coin = coin;
    let answer = null;
    try {
      const response = await fetch("/why?coin=" + encodeURIComponent(coin));
      answer = [response.ok, await response.json()];
    } catch (error) {
      answer = [false, { detail: "The server does not answer." }];
    }
    if (coin !== chosen) return;
    // The page may have changed meanwhile.
    const target = byId("why-answer"), [isKnown, why] = answer;
    if (isKnown) showWhy(why, target); else target.replaceChildren(element("p", { class: "problem" }, why.detail));
    if (isOther) byId("told").textContent = isKnown ? `What pushed the forecast of ${coin} is listed under Why.` : why.detail;
  }

  // Files of candles

  const SHOWN_ROWS = 50;
  // Colours that all eyes tell apart (Okabe and Ito), and two more.
  const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7a52cc", "#8c8c8c"];
  let download = null;

  function table(header, rows, numbers) {
    const cell = (name, value, at) => element(name, { ...(name === "th" ? { scope: "col" } : {}), ...(numbers.includes(at) ? { class: "number" } : {}) }, value);
    return element("table", {},
      element("thead", {}, element("tr", {}, ...header.map((name, at) => cell("th", name, at)))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((value, at) => cell("td", value, at))))));
  }

  function csv(coins) {
    const quoted = (value) => (/[",\n]/.test(value) ? '"' + String(value).replaceAll('"', '""') + '"' : value);
    const header = ["closed_at", "symbol", "close", "forecast", "refused", "in_sample"];
    const rows = coins.map(({ made, coin }) =>
      [new Date(made.closed_at).toISOString(), coin.symbol, coin.close ?? "", coin.forecast ?? "", coin.refused ?? "", coin.in_sample]);
    return [header, ...rows].map((row) => row.map(quoted).join(",") + "\n").join("");
  }

  function show(answer, target) {
    const times = answer.forecasts;
    const coins = times.flatMap((made) => made.coins.filter((coin) => coin.close != null || coin.forecast != null).map((coin) => ({ made, coin })));
    if (!coins.length) { complain(["The file has no time that can be forecast."], target); return; }
    const [scale, unit, digits] = unitOf(times[0].unit), made = coins.filter(({ coin }) => coin.forecast != null);
    const signed = (value) => (value < 0 ? "" : "+") + (value * scale).toFixed(digits);
    const symbols = [...new Set(made.map(({ coin }) => coin.symbol))], lines = symbols.slice(0, COLORS.length);
    if (download) URL.revokeObjectURL(download);
    download = URL.createObjectURL(new Blob([csv(coins)], { type: "text/csv" }));
    const words = [`${made.length} forecasts of the next ${times[0].horizon ?? times[0].horizon_bars + " bars"} by ${times[0].forecaster}`];
    if (coins.length > made.length) words.push(`${coins.length - made.length} refused`);
    if (coins.length > SHOWN_ROWS) words.push(`the first ${SHOWN_ROWS} rows are listed`);
    if (symbols.length > lines.length) words.push(`${lines.length} of ${symbols.length} coins are drawn`);
    const hasRefused = coins.length > made.length, hasSeen = made.some(({ coin }) => coin.in_sample);
    const header = ["closed (UTC)", "coin", "close", unit || "forecast", ...(hasRefused ? ["refused"] : []), ...(hasSeen ? ["seen by the model"] : [])];
    const rows = coins.slice(0, SHOWN_ROWS).map(({ made, coin }) => [utc(made.closed_at / 1000), coin.symbol, String(coin.close ?? ""),
      coin.forecast == null ? "" : signed(coin.forecast), ...(hasRefused ? [coin.refused ?? ""] : []), ...(hasSeen ? [coin.in_sample ? "yes" : ""] : [])]);
    const chart = element("div", { class: "chart", role: "img", "aria-label": "line of the forecasts of each coin over time" });
    target.replaceChildren(...(made.length ? [chart] : []),
      element("p", { class: "soft" }, words.join(", ") + ". ", element("a", { href: download, download: "forecasts.csv" }, "All as CSV")),
      element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "forecasts of the file" }, table(header, rows, [2, 3])));
    byId("told").textContent = words.join(", ");
    const valueOf = new Map(made.map(({ made, coin }) => [made.closed_at + coin.symbol, coin.forecast * scale]));
    const data = [times.map((one) => one.closed_at / 1000), ...lines.map((symbol) => times.map((one) => valueOf.get(one.closed_at + symbol) ?? null))];
    drawAnswer = () => draw(chart, data, lines.map((symbol, at) => ({ label: symbol, stroke: COLORS[at] })), [], [unit, digits]);
    if (made.length) drawAnswer(); else drawAnswer = () => {};
  }

  function complain(lines, target) {
    drawAnswer = () => {};
    target.replaceChildren(...lines.map((line, at) => element("p", at ? { class: "soft" } : { class: "problem", role: "alert" }, line)));
  }

  async function upload(event) {
    event.preventDefault();
    const form = event.target, file = form.file.files[0], target = byId("answer"), button = form.querySelector("button");
    const name = file.name.toLowerCase();
    const kind = name.endsWith(".zip") ? "application/zip" : name.endsWith(".json") ? "application/json" : "text/csv";
    const query = new URLSearchParams({ times: form.times.value });
    const symbol = form.symbol.value.trim() || (/^([A-Z0-9]{5,20})(?=[-_.])/.exec(file.name) || [])[1];
    if (symbol) query.set("symbol", symbol);
    if (form.in_sample.checked) query.set("in_sample", "true");
    complain([], target);
    target.textContent = "Forecasting ...";
    button.disabled = true;
    try {
      let body = file;
      if (kind === "application/json") {
        body = JSON.stringify({ candles: JSON.parse(await file.text()), times: Number(form.times.value), symbol: symbol || null, in_sample: form.in_sample.checked });
      }
      const response = await fetch(kind === "application/json" ? "/predict" : "/predict?" + query, { method: "POST", headers: { "Content-Type": kind }, body });
      const answer = await response.json();
      if (response.ok) show(answer, target); else complain([answer.detail, ...(answer.hints || [])], target);
    } catch (error) {
      complain([error instanceof SyntaxError ? `${file.name} is no JSON: ${error.message}` : "The server does not answer, or takes no file as large as this one."], target);
    } finally {
      button.disabled = false;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-post]"), coin = event.target.closest("a.coin");
    if (button) change(button);
    // A click that opens a tab is left to the browser.
    if (!coin || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    chosen = coin.textContent;
    byId("why").scrollIntoView({ block: "nearest" });
    byId("why").querySelector("h2").focus({ preventScroll: true });
    explain();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "why-coin") return;
    chosen = event.target.value;
    explain();
  });
  byId("upload").addEventListener("submit", upload);

  function listen() {
    const events = new EventSource("/events");
    events.addEventListener("bar", async (event) => {
      // The first is of the bar that the page shows already, or of one that came while nothing was heard.
      if (byId("forecasts").dataset.bar === event.lastEventId) return;
      await refresh();
      explain();
    });
    events.addEventListener("open", () => { if (isLost) refresh(); });
    events.addEventListener("error", async () => {
      await refresh();
      // The browser gives up where it is answered with anything but events.
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
    });
  }

  drawAll();
  sortable();
  afterUpdate();
  listen();
  // Ages go on without bars.
  setInterval(refresh, 30000);
  let resized;
  addEventListener("resize", () => {
    clearTimeout(resized);
    resized = setTimeout(() => { if (innerWidth !== width) drawAll(); }, 150);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
