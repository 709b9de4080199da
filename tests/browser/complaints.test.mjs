import assert from 'node:assert/strict';
import test from 'node:test';
import { inEveryLook, looksRight, open } from './house.mjs';

/** The path of the first case of a list. */
async function first(page, part = 'open') {
  await page.goto(`/complaints?part=${part}`);
  return page.locator('tbody tr.row a').first().getAttribute('href');
}

test('complaints look right everywhere', async () => {
  const { page, close } = await open('owner');
  const paths = ['/complaints', '/complaints?part=late', '/complaints/new', '/complaints/crises', '/complaints/desks', '/complaints/insight', '/p/demo/complaint', await first(page)];
  await page.goto('/complaints/crises');
  paths.push(await page.locator('tbody tr.row a').first().getAttribute('href'));
  await close();
  for (const path of paths) await inEveryLook('owner', path);
});

test('a case is opened, answered, and followed by whoever complained', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/complaints/new');
  await page.fill('#text', 'The room had no window.');
  await page.click('details summary');
  await page.fill('#name', 'Ms Hopper');
  await page.click('form .btn.go');
  await page.waitForURL(/\/complaints\/[0-9a-f-]{36}$/);
  const number = await page.locator('h1').innerText();
  assert.match(number, /^C\d{4}-\d{4}$/);
  await page.click('button[data-opens=reply] >> nth=0');
  await page.fill('#reply-text', 'We look into it today.');
  await page.click('#reply .btn.go');
  await page.waitForFunction(() => document.querySelector('main').innerText.includes('We look into it today.'));
  const link = await page.locator('button[data-copies]').getAttribute('data-copies');
  const clocks = await page.locator('.side .seg .tag').allInnerTexts();
  assert.ok(clocks.some((text) => /left$/.test(text)) && clocks.includes('Done'), clocks.join());
  // the customer, who has nothing but the link
  const { page: theirs, wrong: mistaken, close: leave } = await open(null, { language: 'en', width: 390 });
  await theirs.goto(new URL(link).pathname);
  await theirs.waitForSelector(`text=${number}`);
  assert.ok((await theirs.locator('main').innerText()).includes('We look into it today.'));
  await looksRight(theirs);
  await theirs.fill('#answer', 'Here is what I meant.');
  await theirs.click('form:has(#answer) button');
  await theirs.waitForFunction(() => document.querySelector('main').innerText.includes('Here is what I meant.'));
  await theirs.setInputFiles('#file', { name: '../room.png', mimeType: 'image/png', buffer: Buffer.from('GIF89a') });
  await theirs.click('form:has(#file) button');
  await theirs.waitForSelector('[role=alert]');
  assert.deepEqual(mistaken, []);
  await leave();
  // what waits for another person stands in words
  await page.reload();
  assert.ok((await page.locator('main').innerText()).includes('Here is what I meant.'));
  await page.click('button[data-opens=compensate]');
  await page.selectOption('#comp-remedy', 'refund');
  await page.fill('#comp-amount', '120');
  await page.fill('#comp-reason', 'no window');
  await page.click('#compensate .btn.go');
  await page.waitForFunction(() => document.querySelector('.side').innerText.includes('¥120'));
  await looksRight(page);
  assert.deepEqual(wrong, []);
  await close();
});

test('the tester says what the clock would say, and a desk is changed', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/complaints/desks?calendar=standard&from=2026-09-30T17:00&minutes=120');
  // the holidays of October lie between
  assert.match(await page.locator('#due').innerText(), /2026-10-08.*10:00/);
  await page.click('button[data-opens=desk-senior]');
  await page.fill('#skills-senior', 'senior, safety, vip');
  await page.click('#desk-senior .btn.go');
  await page.waitForFunction(() => document.querySelector('main').innerText.includes('vip'));
  assert.deepEqual(wrong, []);
  await close();
});
