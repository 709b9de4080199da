import assert from 'node:assert/strict';
import test from 'node:test';
import { inEveryLook, open } from './house.mjs';

test('today looks right everywhere', async () => {
  await inEveryLook('owner', '/');
  await inEveryLook('sales', '/');
});

test('what waits, who travels and what moved leads to where it is', async () => {
  const { page, wrong, close } = await open('owner');
  await page.goto('/');
  const change = page.locator('.side .delta').first();
  const binding = new URL(await change.getAttribute('href'), page.url()).searchParams.get('segment');
  assert.match(binding, /^[a-z-]+\.[a-z-]+$/);
  await change.click();
  await page.waitForURL('**/customers?segment=*');
  await page.waitForSelector('.chip.on');
  assert.deepEqual(wrong, []);
  await close();
});
