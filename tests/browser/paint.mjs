// How soon a page is painted on a slow computer: the largest paint of each room with the processor slowed four times, of a demo that serves.
// `POSTHOUSE_URL=… POSTHOUSE_OWNER="EMAIL PASSWORD" node paint.mjs`. Medians of five loads each, in milliseconds, and what a page weighs.
import { chromium } from 'playwright-core';

const [email, password] = process.env.POSTHOUSE_OWNER.split(' ');
const SLOWED = 4;
const LOADS = 5;
/** Largest paint that is still quick, and most bytes as sent. */
const LIMITS = { paint: 600, page: 60 * 1024 };

const browser = await chromium.launch({
  executablePath: process.env.POSTHOUSE_TEST_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
const context = await browser.newContext({ baseURL: process.env.POSTHOUSE_URL, viewport: { width: 1280, height: 820 }, locale: 'zh-CN', reducedMotion: 'reduce' });
const page = await context.newPage();
await page.addInitScript(() => {
  new PerformanceObserver((list) => (window.largest = list.getEntries().at(-1).startTime)).observe({ type: 'largest-contentful-paint', buffered: true });
});
await page.goto('/sign-in');
await page.fill('#email', email);
await page.fill('#password', password);
await Promise.all([page.waitForURL((url) => url.pathname === '/'), page.keyboard.press('Enter')]);
await page.goto('/customers?sort=-spend-24m');
const best = await page.locator('.list tbody a').first().getAttribute('href');

const slow = await context.newCDPSession(page);
await slow.send('Emulation.setCPUThrottlingRate', { rate: SLOWED });
const middle = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rooms = ['/', '/customers', best, '/segments', '/segments/rfm', '/campaigns', '/quotes', '/insights', '/insights/rfm', '/imports', '/plugins', '/jobs', '/team', '/settings'];
let failed = false;
console.log('| page | largest paint | server | page |\n| --- | --- | --- | --- |');
for (const path of rooms) {
  const [paints, servers, sizes] = [[], [], []];
  for (let load = 0; load < LOADS; load += 1) {
    await page.goto(path, { waitUntil: 'load' });
    await page.waitForFunction(() => window.largest > 0);
    const [largest, server, size] = await page.evaluate(() => {
      const [navigation] = performance.getEntriesByType('navigation');
      return [window.largest, navigation.responseStart - navigation.requestStart, navigation.decodedBodySize];
    });
    paints.push(largest);
    servers.push(server);
    sizes.push(size);
  }
  const [paint, server, size] = [middle(paints), middle(servers), middle(sizes)];
  failed ||= paint > LIMITS.paint || size > LIMITS.page;
  console.log(`| ${path === best ? '/customers/{id}' : path} | ${paint.toFixed(0)} ms | ${server.toFixed(0)} ms | ${(size / 1024).toFixed(0)} kB |`);
}
await browser.close();
process.exitCode = failed ? 1 : 0;
