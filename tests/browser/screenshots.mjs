// One picture of each room for the documents, taken of a demo that serves: `node screenshots.mjs FOLDER`. scripts/screenshots starts the demo.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [folder] = process.argv.slice(2);
const [email, password] = process.env.POSTHOUSE_OWNER.split(' ');

/** The first customer by spend. */
const best = async (page) => {
  await page.goto('/customers?sort=-spend-24m');
  return new URL(await page.locator('.list tbody a').first().getAttribute('href'), page.url()).pathname;
};
/** The first row of a list. */
const first = (list) => async (page) => {
  await page.goto(list);
  return page.locator('.list tbody a').first().getAttribute('href');
};

/** Rooms by the names of their pictures: where they are, or how one comes there, and what is waited for. */
const ROOMS = {
  today: { path: '/' },
  customers: { path: '/customers?sort=-spend-24m' },
  customer: { path: best },
  segments: { path: '/segments/rfm' },
  'try-a-rule': { path: '/try-a-rule?name=lifecycle' },
  campaigns: { path: '/campaigns' },
  campaign: { path: first('/campaigns?state=running') },
  quote: { path: first('/quotes') },
  insights: { path: '/insights/rfm' },
  imports: { path: '/imports' },
  plugins: { path: '/plugins' },
  team: { path: '/team' },
  settings: { path: '/settings' },
};
/** Those that are shown in the dark as well. */
const DARK = ['today', 'customer', 'segments'];

const browser = await chromium.launch({
  executablePath: process.env.POSTHOUSE_TEST_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
mkdirSync(folder, { recursive: true });
for (const language of ['zh-CN', 'en']) {
  const context = await browser.newContext({
    baseURL: process.env.POSTHOUSE_URL,
    viewport: { width: 1280, height: 800 },
    locale: language,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const camera = await context.newCDPSession(page);
  const take = async (name) => {
    // what moves or blinks differs from one picture to the next
    await page.evaluate(() => document.activeElement?.blur());
    const { data } = await camera.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
    writeFileSync(join(folder, `${name}.${language}.webp`), Buffer.from(data, 'base64'));
  };
  await page.goto('/sign-in');
  await take('sign-in');
  await page.fill('#email', email);
  await page.fill('#password', password);
  await Promise.all([page.waitForURL((url) => url.pathname === '/'), page.keyboard.press('Enter')]);
  for (const [name, { path }] of Object.entries(ROOMS)) {
    await page.goto(typeof path === 'string' ? path : await path(page));
    await page.waitForLoadState('networkidle');
    await take(name);
    if (DARK.includes(name)) {
      await page.emulateMedia({ colorScheme: 'dark' });
      await take(`${name}-dark`);
      await page.emulateMedia({ colorScheme: 'light' });
    }
  }
  await context.close();
}
await browser.close();
