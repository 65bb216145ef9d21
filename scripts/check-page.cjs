// The page of `quarterhour serve` in Chromium, over a watch that forecasts a replayed market.
// Usage: node check-page.cjs WORLD.json     (playwright-core must be found; scripts/check-serve writes WORLD and calls it)
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const { spawn, execFile } = require("node:child_process");
const { promisify } = require("node:util");
const { chromium } = require("playwright-core");

const world = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
world.candles = `${world.folder}/candles.csv`;
world.coins = [1, 2, 3, 4, 5, 6].map((coin) => `SIM${coin}USDT`);
const DESKTOP = { width: 1280, height: 900 }, PHONE = { width: 390, height: 844 };
const PATIENCE = 60_000;

let step = "";
function begin(name) {
  step = name;
  console.log(`  ${name} (${(process.uptime()).toFixed(0)} s)`);
}

// Programs

const programs = [];

function start(args, log) {
  const program = spawn(world.quarterhour, args, { stdio: ["ignore", fs.openSync(log, "a"), fs.openSync(log, "a")], env: { ...process.env, ...world.env } });
  program.ended = new Promise((done) => program.on("exit", done));
  programs.push(program);
  return program;
}

async function stop(program) {
  program.kill("SIGINT");
  await program.ended;
}

async function until(what, ask) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE / 1000} s`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

// The pretend exchange; its clock runs from here on.
async function replay(speed = 120) {
  const addresses = `${world.folder}/addresses`;
  fs.writeFileSync(addresses, "");
  const exchange = start([...world.replay, "--set", `replay.speed=${speed}`], addresses);
  const found = await until("the exchange answers", () => {
    const line = fs.readFileSync(addresses, "utf8").split("\n").find((line) => line.startsWith("{"));
    return line && JSON.parse(line);
  });
  return { exchange, ...found };
}

// The last closed candles of all coins as a file.
async function candles(rest) {
  const header = "symbol,open_time,open,high,low,close,volume,quote_volume,count,taker_buy_volume,taker_buy_quote_volume\n";
  const columns = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10];
  let text = header;
  // All coins end with the same bar, also where a minute ends meanwhile. The exchange's clock is fast.
  const now = Date.now();
  for (const symbol of world.coins) {
    const rows = await (await fetch(`${rest}/api/v3/klines?symbol=${symbol}&interval=1m&limit=600`)).json();
    for (const row of rows.filter((row) => row[6] < now)) text += [symbol, ...columns.map((column) => row[column])].join(",") + "\n";
  }
  fs.writeFileSync(world.candles, text);
}

// A server at `port`, once it answers.
async function serve(port, args) {
  const log = `${world.folder}/serve-${port}.log`;
  const program = start(["serve", "--device", "flex", "--listen", `127.0.0.1:${port}`, ...args], log);
  await until("the server answers", async () => {
    assert.equal(program.exitCode, null, `the server ended: ${fs.readFileSync(log, "utf8")}`);
    return fetch(`http://127.0.0.1:${port}/health`).then(() => true, () => false);
  });
  return program;
}

// Pages

// What the browser complains of; `allow` is what a part of the check provokes.
const complaints = [];
let allow = null;

async function open(browser, options, url) {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  context.on("console", (message) => {
    if (message.type() === "error" && !allow?.test(message.text())) complaints.push(`${step}: ${message.text()} ${message.location().url}`);
  });
  context.on("weberror", (error) => complaints.push(`${step}: ${error.error()}`));
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(url);
  return page;
}

async function logIn(page) {
  await page.getByLabel("Token").fill(world.token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Quarterhour" }).waitFor();
}

// Charts are drawn anew a moment after the window has another width: then they are as wide as their places again.
async function resize(page, size) {
  await page.setViewportSize(size);
  await until(`charts for a window of ${size.width} px`, () => page.evaluate((width) => {
    const drawn = [...document.querySelectorAll(".chart .u-wrap")];
    return innerWidth === width && drawn.every((chart) => chart.clientWidth === chart.closest(".chart").clientWidth);
  }, size.width));
}

async function picture(page, name, size = DESKTOP) {
  await resize(page, size);
  await page.screenshot({ path: `${world.pictures}/${name}.png`, fullPage: true });
  await resize(page, DESKTOP);
}

// Nothing is cut off or scrolls sideways at the two widths that people have.
async function checkWidths(page, name) {
  for (const size of [DESKTOP, PHONE]) {
    await resize(page, size);
    const wide = await page.evaluate(() => {
      const parts = [...document.querySelectorAll("body *")].filter((part) => part.closest(".scroll") === null || part.matches(".scroll"));
      const out = parts.filter((part) => part.getBoundingClientRect().right > innerWidth + 0.5 && !part.matches(".hidden"));
      const cards = [...document.querySelectorAll(".card")].filter((card) => card.scrollWidth > card.clientWidth);
      return [document.documentElement.scrollWidth - innerWidth, out.slice(0, 5).concat(cards).map((part) => part.outerHTML.slice(0, 120))];
    });
    assert.deepEqual(wide, [0, []], `${name}: wider than ${size.width} px`);
  }
  await resize(page, DESKTOP);
}

// Every control has a name, every picture a text, every table a header, and no id is there twice.
async function checkNames(page) {
  const wrong = await page.evaluate(() => {
    const name = (part) => (part.labels?.[0]?.textContent || part.getAttribute("aria-label") || part.textContent || "").trim();
    const controls = [...document.querySelectorAll("a, button, input, select, [tabindex='0']")].filter((part) => !name(part));
    const pictures = [...document.querySelectorAll("svg, .chart")].filter((part) =>
      !part.closest("[aria-hidden]") && !part.getAttribute("aria-label") && !part.querySelector("title"));
    const heads = [...document.querySelectorAll("thead")].filter((head) => !head.querySelector("th"));
    const ids = [...document.querySelectorAll("[id]")].filter((part, at, all) => all.findIndex((other) => other.id === part.id) !== at);
    return [...controls, ...pictures, ...heads, ...ids].map((part) => part.outerHTML.slice(0, 120));
  });
  assert.deepEqual(wrong, []);
}

const rowsOf = (page, part) => page.locator(`${part} tbody tr`).allInnerTexts();
const bp = (value) => (value < 0 ? "" : "+") + (value * 1e4).toFixed(1);
const firstPill = (page) => page.locator(".pills li").first();

// Parts of the check

async function emptyPage(page) {
  await firstPill(page).and(page.locator(".bad")).waitFor();
  for (const words of ["No forecasts yet", "No position is closed yet", "None yet"]) assert.ok(await page.getByText(words).first().isVisible(), words);
  await checkWidths(page, "empty");
  await checkNames(page);
  await picture(page, "empty");
}

// Bars come by events: nothing is loaded anew, and the focus stays where it is.
async function bars(page) {
  await page.evaluate(() => {
    window.seen = new Set();
    const look = () => window.seen.add(document.getElementById("forecasts").dataset.bar);
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  });
  await page.waitForFunction(() => document.querySelector("#forecasts a.coin"), null, { timeout: PATIENCE });
  await page.locator("a.coin").nth(1).focus();
  const count = await page.evaluate(() => window.seen.size);
  await page.waitForFunction((count) => window.seen.size >= count + 2, count, { timeout: PATIENCE });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), await page.locator("a.coin").nth(1).innerText());
  await page.locator(".pills .good", { hasText: "forecast of" }).waitFor({ timeout: PATIENCE });
}

// The page shows what the API answers, and that is what `predict --json` says, to the last bit.
async function forecasts(page, url) {
  const answer = await (await page.request.get(url + "/forecasts")).json();
  const at = new Date(answer.time).toISOString().slice(0, 16);
  const { stdout } = await promisify(execFile)(world.quarterhour, ["predict", "--json", "--run", world.run, "--at", at, ...world.predict], { env: { ...process.env, ...world.env } });
  const predicted = JSON.parse(stdout).coins;
  assert.deepEqual(answer.coins.map((coin) => [coin.symbol, coin.forecast]), predicted.map((coin) => [coin.symbol, coin.forecast]));
  const rows = await rowsOf(page, "#forecasts");
  assert.equal(rows.length, predicted.length);
  predicted.forEach((coin, row) => {
    assert.ok(rows[row].startsWith(coin.symbol), rows[row]);
    assert.ok(rows[row].split(/\s+/).includes(bp(coin.forecast)), `${rows[row]}: ${coin.forecast}`);
  });
  // The regime is that of the model beside.
  assert.ok(answer.volatility_from, "no volatilities beside");
  for (const [row, coin] of answer.coins.entries()) {
    assert.ok(coin.volatility.regime && rows[row].includes(coin.volatility.regime), `${rows[row]}: ${JSON.stringify(coin.volatility)}`);
  }
  const ends = await (await page.request.get(url + "/equity")).json();
  assert.ok(ends.trades > 0, "no position was closed");
  assert.ok(await page.getByText(`${ends.trades} closed`).isVisible());
  for (const kind of ["equity", "score"]) assert.equal(await page.locator(`.chart[data-kind=${kind}] canvas`).count(), 1, kind);
}

// What a chosen coin's forecast is made of, by keyboard.
async function why(page, url, method) {
  const coin = page.locator("a.coin").first();
  await coin.focus();
  await page.keyboard.press("Enter");
  await page.locator("#why-answer tbody tr, #why-answer .problem").first().waitFor();
  assert.equal(await page.locator("#why-answer .problem").count(), 0, await page.locator("#why-answer").innerText());
  const symbol = await coin.innerText();
  assert.equal(await page.locator("#why-coin").inputValue(), symbol);
  const answer = await (await page.request.get(`${url}/why?coin=${symbol}`)).json();
  assert.equal(answer.method, method);
  const rows = await rowsOf(page, "#why-answer");
  assert.equal(rows.length, Math.min(answer.contributions.length, 11));
  assert.ok(rows[0].startsWith(answer.contributions[0].name), rows[0]);
  if (answer.adds_up) {
    const sum = answer.contributions.reduce((sum, part) => sum + part.added, answer.base);
    assert.ok(Math.abs(sum - answer.forecast) <= 1e-6 * Math.abs(answer.forecast) + 1e-12, `${sum}: ${answer.forecast}`);
  }
  const other = page.locator("a.coin").nth(1);
  await page.getByLabel("coin").first().selectOption(await other.innerText());
  await page.getByText(`What pushed the forecast of ${await other.innerText()}`).waitFor({ state: "attached" });
}

async function answered(page) {
  await page.locator("#answer .scroll table, #answer .problem").first().waitFor();
  assert.equal(await page.locator("#answer .problem").count(), 0, await page.locator("#answer").innerText());
}

// A file is forecast: a line, the first 50 rows, and all of them in a file.
async function upload(page, url) {
  await page.locator("#upload input[type=file]").setInputFiles(world.candles);
  await page.getByLabel("last times").fill("20");
  await page.getByRole("button", { name: "Forecast", exact: true }).click();
  await answered(page);
  assert.equal(await page.locator("#answer canvas").count(), 1);
  const response = await page.request.post(`${url}/predict?times=20`, { headers: { "Content-Type": "text/csv", Origin: url }, data: fs.readFileSync(world.candles) });
  const made = (await response.json()).forecasts.flatMap((one) => one.coins.map((coin) => [new Date(one.closed_at).toISOString(), coin]));
  assert.ok(made.length > 50, `${made.length} rows`);
  assert.equal((await rowsOf(page, "#answer .scroll")).length, 50);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "All as CSV" }).click()]);
  const lines = fs.readFileSync(await download.path(), "utf8").trim().split("\n").slice(1).map((line) => line.split(","));
  assert.deepEqual(lines.map((line) => [line[0], line[1], line[3] === "" ? null : Number(line[3])]), made.map(([time, coin]) => [time, coin.symbol, coin.forecast]));
  await checkWidths(page, "upload");
  // What is no file of candles is refused in words.
  allow = /422/;
  await page.locator("#upload input[type=file]").setInputFiles({ name: "NONE.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n") });
  await page.getByRole("button", { name: "Forecast", exact: true }).click();
  await page.locator("#answer .problem").waitFor();
  allow = null;
  await page.locator("#upload input[type=file]").setInputFiles(world.candles);
  await page.getByRole("button", { name: "Forecast", exact: true }).click();
  await answered(page);
}

// Changes are made with a session, and refused without.
async function changes(page, browser, url, plain_url) {
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Resume" }).waitFor();
  await page.getByText("Paused: no new position opens.").waitFor();
  await page.locator(".pill.warn", { hasText: "paused" }).waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();

  page.once("dialog", (dialog) => dialog.accept());
  const other = page.locator(".versions tr", { hasText: world.versions[1] });
  await other.getByRole("button", { name: "Promote" }).click();
  await other.getByText("production").waitFor();
  // The server itself goes on with the version that it began with, and says so.
  await page.getByText(`and is ${world.versions[1]} by now`).waitFor();
  const listed = await (await page.request.get(url + "/models")).json();
  const named = listed.filter((one) => one.aliases.includes("production")).map((one) => one.entry?.version ?? one.version);
  assert.deepEqual(named, [world.versions[1]]);

  const paths = ["/watch/pause", "/watch/resume", `/models/${world.model}/${world.versions[0]}/promote`];
  for (const path of paths) {
    assert.equal((await fetch(url + path, { method: "POST" })).status, 401, path);
    assert.equal((await fetch(url + path, { method: "POST", headers: { Authorization: "Bearer wrong" } })).status, 401, path);
    assert.equal((await fetch(plain_url + path, { method: "POST" })).status, 403, path);
    const foreign = await page.request.post(url + path, { headers: { Origin: "http://evil.example" } });
    assert.equal(foreign.status(), 403, path);
  }
  // A server without a token has the buttons, and says why they do nothing.
  const plain = await open(browser, {}, plain_url);
  assert.ok(await plain.getByRole("button", { name: "Pause" }).isDisabled());
  assert.ok(await plain.getByText("start the server with --token-file").first().isVisible());
  await checkWidths(plain, "without a token");
  await plain.context().close();
  // A wrong token is refused in words.
  allow = /401/;
  const stranger = await open(browser, {}, url);
  await stranger.getByLabel("Token").fill("wrong");
  await stranger.getByRole("button", { name: "Log in" }).click();
  await stranger.getByRole("alert").waitFor();
  await picture(stranger, "login");
  allow = null;
  await stranger.context().close();
}

// Links lead somewhere, and reports may run nothing but their own.
async function links(page, url) {
  const report = await page.getByRole("link", { name: "Report of the run" }).getAttribute("href");
  const tab = await page.context().newPage();
  await tab.goto(url + report);
  await tab.getByRole("heading").first().waitFor();
  await tab.close();
  for (const link of await page.locator("main a[href^='/'], footer a").evaluateAll((all) => all.map((one) => one.getAttribute("href")))) {
    const status = (await page.request.get(url + link)).status();
    assert.ok(status === 200, `${link}: ${status}`);
  }
  const description = await (await page.request.get(url + "/openapi.json")).json();
  assert.ok(description.paths["/forecasts"] && description.paths["/predict"]);
}

// The head of a column sorts by it: names that begin with digits as names, numbers as numbers.
async function sorting(page) {
  const names = () => page.locator("#forecasts tbody th").allInnerTexts();
  await page.locator("#forecasts a.coin").nth(2).evaluate((coin) => { coin.textContent = "1INCHUSDT"; });
  await page.locator("#forecasts .sort", { hasText: "coin" }).click();
  const sorted = await names();
  assert.deepEqual([sorted[0], sorted], ["1INCHUSDT", [...sorted].sort()]);
  await page.locator("#forecasts .sort", { hasText: "coin" }).click();
  assert.deepEqual(await names(), [...sorted].reverse());
  await page.locator("#forecasts .sort", { hasText: "bp" }).click();
  const numbers = await page.locator("#forecasts tbody td:nth-child(3)").evaluateAll((cells) => cells.map((cell) => parseFloat(cell.textContent)));
  assert.deepEqual(numbers, [...numbers].sort((one, other) => other - one));
  await page.reload();
}

// 60 coins and the longest names that there are still fit.
async function manyCoins(page) {
  await page.evaluate(() => {
    const rows = [...document.querySelectorAll("#forecasts tbody tr")], body = rows[0].parentElement;
    for (let at = rows.length; at < 60; at++) body.append(rows[at % rows.length].cloneNode(true));
    for (const cell of document.querySelectorAll("tbody th a.coin, #why-coin option:not([value=''])")) cell.textContent = "10000000LONGNAMEUSDT";
    body.closest("div").classList.add("scroll");
  });
  await checkWidths(page, "60 coins with long names");
  await picture(page, "sixty-phone", PHONE);
  await picture(page, "sixty");
}

// All that is loaded, as it goes over the wire, and at most that with as many coins as a large run has.
async function weight(page, url) {
  const bytes = async (path) => {
    const headers = (await page.request.get(url + path, { headers: { "Accept-Encoding": "gzip" } })).headers();
    assert.equal(headers["content-encoding"], "gzip", path);
    return Number(headers["content-length"]);
  };
  const assets = await page.evaluate(() => [...document.querySelectorAll("script[src], link[href]")].map((one) => one.getAttribute("src") || one.getAttribute("href")));
  let sum = await bytes("/");
  for (const asset of assets) sum += await bytes(asset);
  const row = await page.evaluate(() => {
    const rows = [...document.querySelectorAll("#forecasts tbody tr")], options = document.querySelectorAll("#why-coin option");
    return [rows.length, Math.max(...rows.map((row) => row.outerHTML.length)) + options[1].outerHTML.length];
  });
  const sixty = sum + (60 - row[0]) * row[1];
  assert.ok(sixty < 100_000, `the page has ${sum} bytes, of 60 coins ${sixty}`);
  return `${(sum / 1000).toFixed(0)} KB, of 60 coins at most ${(sixty / 1000).toFixed(0)} KB`;
}

// The server goes away and comes back; the page says so, and goes on by itself.
async function outage(page, server, again) {
  allow = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/;
  await stop(server);
  const lost = page.getByRole("alert").filter({ hasText: "The server does not answer" });
  await lost.waitFor();
  assert.ok((await page.title()).startsWith("! "));
  await picture(page, "lost");
  await again();
  await lost.waitFor({ state: "hidden" });
  allow = null;
}

// Sessions end with the process: the page asks for the token again, by itself.
async function session(page, server, again) {
  allow = /ERR_|401/;
  await stop(server);
  await again();
  await page.getByLabel("Token").waitFor();
  allow = null;
  await logIn(page);
  await page.locator("a.coin").first().waitFor();
}

// Another kind of forecaster, watched for some bars.
async function other(browser, run, method) {
  const { exchange, rest, websocket } = await replay(20), ledger = `${world.folder}/${method}.sqlite`;
  const own = ["--run", run, "--device", "flex", "--ledger", ledger, "--set", "watch.metrics_port=off"];
  const watch = start(["watch", ...own, ...world.other, "--base-url", rest, "--websocket-url", websocket], `${world.folder}/${method}.log`);
  assert.equal(await watch.ended, 0, fs.readFileSync(`${world.folder}/${method}.log`, "utf8"));
  await stop(exchange);
  const [port] = world.ports.slice(2), url = `http://127.0.0.1:${port}`;
  const server = await serve(port, ["--run", run, "--ledger", ledger]);
  const page = await open(browser, {}, url);
  await why(page, url, method);
  await checkWidths(page, method);
  await picture(page, method);
  await page.context().close();
  await stop(server);
}

async function withoutScript(browser, url) {
  const page = await open(browser, { javaScriptEnabled: false }, url);
  await page.locator("noscript p").waitFor();
  assert.ok((await page.locator("#forecasts tbody tr").count()) > 0);
  for (const part of [".chart", "#upload", "#pause", "#why-coin"]) assert.equal(await page.locator(part).locator("visible=true").count(), 0, part);
  await picture(page, "without-script", PHONE);
  await page.context().close();
}

(async () => {
  fs.mkdirSync(world.pictures, { recursive: true });
  const browser = await chromium.launch({ executablePath: world.chromium, args: ["--no-sandbox"] });
  try {
    const [port, plain_port] = world.ports, url = `http://127.0.0.1:${port}`, plain_url = `http://127.0.0.1:${plain_port}`;
    const named = ["--model", `${world.model}@production`, "--token-file", world.token_file, "--volatility", world.volatility, ...world.shared];
    begin("a page before the first bar");
    const server = await serve(port, named);
    const page = await open(browser, {}, url);
    await logIn(page);
    await emptyPage(page);

    begin("bars come by events");
    const exchange = await replay();
    const watch = start(["watch", ...world.watch, ...world.shared, "--base-url", exchange.rest, "--websocket-url", exchange.websocket], `${world.folder}/watch.log`);
    await bars(page);
    assert.equal(await watch.ended, 0, `the watch ended: ${fs.readFileSync(`${world.folder}/watch.log`, "utf8")}`);
    // A server that starts now reads the whole ledger; the first one has read it, too, once both answer the same.
    const nameless = ["--run", world.run, "--volatility", world.volatility, ...world.shared];
    const plain = await serve(plain_port, nameless);
    await until("both servers have read the whole ledger", async () => {
      const ask = async (server) => Promise.all(["/forecasts", "/positions", "/watch"].map(async (path) => {
        const answer = await page.request.get(server + path);
        return answer.ok() ? answer.text() : null;
      }));
      const [first, second] = [await ask(url), await ask(plain_url)];
      return !first.includes(null) && first.join() === second.join();
    });
    await page.reload();

    begin("forecasts");
    await forecasts(page, url);
    await checkNames(page);
    begin("why");
    await why(page, url, world.method);
    begin("an uploaded file");
    await candles(exchange.rest);
    await upload(page, url);
    begin("links and weight");
    await links(page, url);
    console.log(`    ${await weight(page, url)}`);
    begin("light, dark, phone");
    await checkWidths(page, "full");
    await picture(page, "light");
    // Another colour scheme draws all charts at once, also while the window changes its width.
    await page.setViewportSize(PHONE);
    await page.emulateMedia({ colorScheme: "dark" });
    await resize(page, DESKTOP);
    await picture(page, "dark");
    await page.emulateMedia({ colorScheme: "light" });
    await picture(page, "phone", PHONE);

    begin("changes with a token, and without");
    await changes(page, browser, url, plain_url);
    begin("without JavaScript");
    await withoutScript(browser, plain_url);
    const wide = await open(browser, {}, plain_url);
    await wide.locator("a.coin").first().waitFor();
    begin("columns sort");
    await sorting(wide);
    begin("60 coins, long names");
    await wide.locator("a.coin").first().waitFor();
    await manyCoins(wide);
    begin("the server goes away and comes back");
    await wide.reload();
    await outage(wide, plain, () => serve(plain_port, nameless));
    await session(page, server, () => serve(port, named));
    if (world.full) {
      begin("forecasts turn stale");
      await page.locator(".pill.bad", { hasText: "stale" }).waitFor({ timeout: 360_000 });
      await picture(page, "stale");
    }
    for (let at = 0; at < world.others.length; at += 2) {
      const [method, run] = world.others.slice(at, at + 2);
      begin(`what pushed forecasts: ${method}`);
      await other(browser, run, method);
    }
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    for (const program of programs) if (program.exitCode === null) program.kill("SIGKILL");
  }
  console.log(`the page shows what the API answers and the watch does: ${process.uptime().toFixed(0)} s`);
})().catch((error) => {
  console.error(`${step}:`, error);
  process.exit(1);
});
