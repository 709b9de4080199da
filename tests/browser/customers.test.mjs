import assert from 'node:assert/strict';
import test from 'node:test';
import { inEveryLook, looksRight, open } from './house.mjs';

test('the list and the palette look right everywhere', async () => {
  await inEveryLook('owner', '/customers', async (page, { width }) => {
    await page.waitForSelector('.list tbody tr');
    if (width > 500) {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('zhang');
      await page.waitForSelector('.palette .found a[href^="/customers/"]');
      await looksRight(page);
      await page.keyboard.press('Escape');
    }
  });
});

test('customers are found as one types, by keyboard alone', async () => {
  const { page, wrong, close } = await open('owner');
  await page.goto('/customers');
  await page.keyboard.press('/');
  await page.keyboard.type('zhang');
  await page.waitForURL('**/customers?q=zhang*');
  await page.waitForFunction(() => [...document.querySelectorAll('.list tbody tr bdi')].every((name) => name.textContent.includes('张')));
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const name = await page.locator('tr.at bdi').first().innerText();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/customers/*-*');
  assert.equal(await page.locator('h1').innerText(), name);
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.waitForURL('**/customers');
  assert.deepEqual(wrong, []);
  await close();
});
