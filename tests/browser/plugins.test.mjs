import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { inEveryLook, open } from './house.mjs';

const plugin = fileURLToPath(new URL('../../plugins/dist/rfm.wasm', import.meta.url));

test('plugins, decisions and webhooks look right everywhere', async () => {
  await inEveryLook('owner', '/plugins', (page) => page.waitForSelector('.list tbody tr.row'));
  await inEveryLook('owner', '/plugins/bindings/segmentation/rfm');
  await inEveryLook('owner', '/decisions', (page) => page.waitForSelector('.list tbody tr.row'));
  await inEveryLook('owner', '/webhooks');
});

test('a plugin is looked at, and let in again is known', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/plugins');
  await page.setInputFiles('#plugin-file', plugin);
  await page.waitForURL('**/plugins/*');
  await page.waitForSelector('.said [role=status]');
  assert.match(await page.locator('.said').innerText(), /You have this plugin already/);
  assert.match(await page.locator('#main').innerText(), /Self-test passed/);
  await page.goto('/plugins');
  await page.setInputFiles('#plugin-file', { name: 'x.wasm', mimeType: 'application/wasm', buffer: Buffer.from('not a component') });
  await page.waitForSelector('.notice.bad');
  assert.match(await page.locator('.notice.bad').innerText(), /Not let in/);
  assert.deepEqual(wrong, []);
  await close();
});

test('a decision is found and replayed, by keyboard alone', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/');
  await page.keyboard.press('g');
  await page.keyboard.press('p');
  await page.waitForURL('**/plugins');
  await page.locator('.tabs a[href="/decisions"]').focus();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/decisions');
  await page.waitForSelector('.list tbody tr.row');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/decisions/*-*');
  await page.keyboard.press('r');
  await page.waitForSelector('.notice.good');
  assert.match(await page.locator('.notice.good').innerText(), /the same to the last byte/);
  assert.deepEqual(wrong, []);
  await close();
});

test('a webhook is made, told a test, and deleted', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/webhooks');
  await page.keyboard.press('n');
  await page.fill('#hook-url', 'http://127.0.0.1/nowhere');
  await page.check('input[name=type][value="quote.confirmed"]');
  await page.click('dialog button.go');
  await page.waitForSelector('dialog[open] [role=alert], #hook-secret');
  if ((await page.locator('#hook-secret').count()) === 0) {
    assert.equal(await page.inputValue('#hook-url'), 'http://127.0.0.1/nowhere', 'what was typed stays');
    await page.fill('#hook-url', 'https://hooks.example/posthouse');
    await page.click('dialog button.go');
    await page.waitForSelector('#hook-secret');
  }
  assert.match(await page.locator('#hook-secret').innerText(), /^whsec_/);
  await page.click('form[action$="/test"] button');
  await page.waitForFunction(() => document.querySelector('#main table')?.textContent.includes('webhook.test'));
  await page.click('[data-opens=drop-hook]');
  await page.click('#drop-hook button.grave');
  await page.waitForURL('**/webhooks');
  assert.deepEqual(wrong, []);
  await close();
});

test('whoever has nothing to do with plugins does not see them', async () => {
  const { page, close } = await open('sales');
  await page.goto('/');
  assert.equal(await page.locator('a[href="/plugins"]').count(), 0);
  for (const path of ['/plugins', '/webhooks', '/jobs']) assert.equal((await page.goto(path)).status(), 403);
  await close();
});

test('jobs that wait are counted', async () => {
  await inEveryLook('owner', '/jobs', (page) => page.waitForSelector('main table'));
});
