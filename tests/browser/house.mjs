// The console as people meet it: a real browser on a demo that serves. Whatever a page does wrong by itself fails its test: an error in the
// console, a request that leaves the origin, a violation of the policy, a serious finding of axe.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Where the demo serves, and who works there: `email password`. */
export const base = process.env.POSTHOUSE_URL;
export const people = {
  owner: process.env.POSTHOUSE_OWNER.split(' '),
  sales: process.env.POSTHOUSE_SALES.split(' '),
};

/** How pages are looked at: both languages, wide and narrow, light and dark. What a page looks like is no matter of the database: the second engine needs one. */
export const LOOKS = [
  { language: 'zh-CN', width: 1280, theme: 'light' },
  { language: 'en', width: 1280, theme: 'dark' },
  { language: 'zh-CN', width: 390, theme: 'dark' },
  { language: 'en', width: 390, theme: 'light' },
].slice(0, Number(process.env.POSTHOUSE_LOOKS ?? 4));

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.POSTHOUSE_TEST_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
});
after(() => browser?.close());

// signing in costs an argon2 each time; the cookie of a person serves all looks
const cookies = new Map();

/** A page of somebody who is signed in, or of nobody. `wrong` collects what it does wrong. */
export async function open(who, { language = 'zh-CN', width = 1280, theme = 'light' } = {}) {
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width, height: width < 500 ? 844 : 820 },
    locale: language,
    colorScheme: theme,
    reducedMotion: 'reduce',
  });
  // on a machine with little to spare a page takes its time; what never comes fails all the same
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => {
    // a refusal is an answer, and a request that a later one replaces is let go: of both browser and htmx tell in red
    if (message.type() === 'error' && !/status of 4\d\d|Response Status Error Code 4\d\d|^htmx:(afterRequest|sendAbort)/.test(message.text())) wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== base && protocol !== 'data:') wrong.push(`off the origin: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  if (who && cookies.has(who)) await context.addCookies(cookies.get(who));
  if (who && !cookies.has(who)) {
    await signIn(page, who);
    cookies.set(who, await context.cookies());
  }
  return { page, wrong, context, close: () => context.close() };
}

/** Signs in as somebody of the demo. */
export async function signIn(page, who) {
  const [email, password] = people[who];
  await page.goto('/sign-in');
  await page.fill('#email', email);
  await page.fill('#password', password);
  await Promise.all([page.waitForURL((url) => url.pathname === '/'), page.keyboard.press('Enter')]);
}

/** Nothing on the page is beyond its edge, and axe finds nothing serious. */
export async function looksRight(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${page.url()} is ${wide} pixels too wide`);
  // the page's policy lets no script in but its own; this one comes from the test
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    return serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target }) => target.join(' ')).join(', ')}`);
  });
  assert.deepEqual(found, [], page.url());
}

/** Looks at a page in every look, as somebody. */
export async function inEveryLook(who, path, see = async () => {}) {
  for (const look of LOOKS) {
    const { page, wrong, close } = await open(who, look);
    await page.goto(path);
    assert.equal(await page.locator('html').getAttribute('lang'), look.language, `${path} speaks its reader's language`);
    await see(page, look);
    await looksRight(page);
    assert.deepEqual(wrong, [], `${path} ${JSON.stringify(look)}`);
    await close();
  }
}

/** Goes to the provider and says who one is there; answers where that is. */
export async function byProvider(page, login, path = '/sign-in') {
  await page.goto(path);
  await Promise.all([page.waitForURL((url) => url.origin !== base), page.click('a[href^="/sign-in/provider"]')]);
  const { origin } = new URL(page.url());
  await page.fill('input[name=login]', login);
  await page.fill('input[name=password]', 'any');
  await Promise.all([page.waitForURL((url) => url.origin === base), page.click('button[type=submit]')]);
  return origin;
}
