// The page of `quarterhour serve` in Chromium: what it shows is what the API answers, in light, dark and on a phone.
// Usage: node check-page.cjs CHROMIUM URL PICTURES       (playwright-core must be found; scripts/check-serve calls it)
"use strict";
const assert = require("node:assert");
const { chromium } = require("playwright-core");

const [executablePath, url, pictures] = process.argv.slice(2);

async function check(browser, name, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  await page.goto(url, { waitUntil: "load" });
  await page.waitForSelector("#live table");
  const forecasts = await (await context.request.get(url + "/forecasts")).json();
  const rows = await page.locator("section.wide tbody tr").allInnerTexts();
  assert.equal(rows.length, forecasts.coins.length);
  forecasts.coins.forEach((coin, at) => {
    const bp = coin.forecast * 1e4;
    assert.ok(rows[at].startsWith(coin.symbol), rows[at]);
    assert.ok(rows[at].includes((bp < 0 ? "" : "+") + bp.toFixed(1)), `${rows[at]}: ${bp}`);
  });
  const stale = forecasts.is_stale;
  assert.equal(await page.locator(".pill.bad", { hasText: "stale" }).count(), stale ? 1 : 0);
  const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(width <= 0, `${name}: the page is ${width} px wider than the window`);
  for (const chart of await page.locator(".chart").all()) assert.equal(await chart.locator("canvas").count(), 1);
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
  assert.deepEqual(wrong, []);
  await context.close();
}

(async () => {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    await check(browser, "light", { viewport: { width: 1280, height: 900 } });
    await check(browser, "dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" });
    await check(browser, "phone", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 });
  } finally {
    await browser.close();
  }
  console.log("the page shows what the API answers: light, dark, 390 px");
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
