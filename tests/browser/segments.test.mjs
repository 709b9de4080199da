import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { base, inEveryLook, open } from './house.mjs';

const tried = (page) => page.waitForSelector('#tried .deed');

test('segments, their members and a rule that is tried look right everywhere', async () => {
  await inEveryLook('owner', '/segments', (page) => page.waitForSelector('.list tbody tr.row'));
  await inEveryLook('owner', '/segments/rfm', (page) => page.waitForSelector('#history .line'));
  await inEveryLook('owner', '/segments/rfm.champions', (page) => page.waitForSelector('.list tbody tr.row'));
  await inEveryLook('owner', '/try-a-rule?name=value-quadrants', tried);
  await inEveryLook('owner', '/insights', (page) => page.waitForSelector('.curve'));
  await inEveryLook('owner', '/insights/loyal');
  await inEveryLook('owner', '/insights/rfm', (page) => page.waitForSelector('.map td a'));
  await inEveryLook('owner', '/insights/stages', (page) => page.waitForSelector('main table'));
});

test('whoever may not try rules is not led there, and is refused', async () => {
  const { page, wrong, close } = await open('sales');
  await page.goto('/segments');
  await page.waitForSelector('.list tbody tr.row');
  assert.equal(await page.locator('a[href^="/try-a-rule"]').count(), 0);
  assert.equal((await page.goto('/try-a-rule')).status(), 403);
  assert.deepEqual(wrong, []);
  await close();
});

test('a rule is tried, put into force and brought back, by keyboard alone', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/segments/value-quadrants');
  const before = await page.locator('#history .line').count();
  await page.keyboard.press('e');
  await tried(page);
  await page.waitForSelector('.deed .same');
  await page.focus('#set-large_percentile');
  await page.keyboard.press('Control+a');
  const percentile = (await page.inputValue('#set-large_percentile')) === '60' ? '65' : '60';
  await page.keyboard.type(percentile);
  const go = page.locator('#try-go');
  await go.waitFor();
  assert.match(await go.innerText(), /^Put into force for [\d,]+ customers$/);
  assert.equal(await page.inputValue('#set-large_percentile'), percentile);
  const moves = Number((await page.locator('.deed .told > b').innerText()).split(' ')[0].replace(',', ''));
  assert.ok(moves > 0);
  assert.match(await page.locator('#tried .list tbody tr').first().innerText(), /spent/, 'with names and reasons');
  await go.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/segments/value-quadrants');
  await page.waitForSelector('.said [role=status]');
  assert.equal(await page.locator('#history .line').count(), before + 1);
  assert.match(await page.locator('#history .line').first().innerText(), new RegExp(`→ ${percentile}`));
  await page.locator('.said button').focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction((count) => document.querySelectorAll('#history .line').length === count, before + 2);
  await page.locator('#history a[href*="restore="]').first().focus();
  await page.keyboard.press('Enter');
  await tried(page);
  assert.match(await go.innerText(), /^Bring back revision \d+ for [\d,]+ customers$/);
  assert.deepEqual(wrong, []);
  await close();
});

test('settings that do not fit put nothing into force', async () => {
  const { page, wrong, close } = await open('owner');
  await page.goto('/try-a-rule?name=value-quadrants');
  await tried(page);
  await page.fill('#set-loyal_trips', '1');
  await page.fill('#set-loyal_days', '730');
  await page.waitForSelector('#tried [role=alert]');
  assert.match(await page.locator('#tried [role=alert]').innerText(), /忠诚客户最近预订天数/, 'called as the form calls it');
  assert.equal(await page.locator('#try-go').count(), 0);
  await page.fill('#set-loyal_days', '9999');
  await page.waitForTimeout(600);
  assert.equal(await page.locator('#set-loyal_days:invalid').count(), 1);
  assert.equal(await page.inputValue('#set-loyal_days'), '9999', 'what was typed stays');
  assert.deepEqual(wrong, []);
  await close();
});

test('a new set of segments names what it reads and wants a yes', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/try-a-rule?name=%2B');
  await tried(page);
  const name = `trial-${Date.now() % 1_000_000}`;
  await page.fill('#try-new', name);
  await page.waitForFunction((name) => document.querySelector('.grants h3')?.textContent.includes(name), name);
  await page.click('#try-go');
  await page.waitForTimeout(200);
  assert.match(page.url(), /try-a-rule/, 'not before it is agreed to');
  await page.check('#try-agreed');
  await page.click('#try-go');
  await page.waitForURL(`**/segments/${name}`);
  assert.equal(await page.locator('.said button').count(), 0, 'there is nothing to go back to');
  assert.deepEqual(wrong, []);
  await close();
});

test('a sample is drawn for a survey', async () => {
  const { page, wrong, close } = await open('owner');
  await page.goto('/segments/rfm.champions');
  await page.keyboard.press('s');
  await page.fill('#sample-size', '5');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/sample');
  assert.equal(await page.locator('.list tbody tr').count(), 5);
  assert.deepEqual(wrong, []);
  await close();
});

test('pages are small', async () => {
  const { page, close } = await open('owner');
  for (const path of ['/segments', '/segments/rfm', '/segments/rfm.champions', '/try-a-rule', '/plugins', '/decisions']) {
    const size = (await (await page.goto(base + path)).body()).length;
    assert.ok(size <= 60 * 1024, `${path}: ${size}`);
  }
  await close();
});

test('a cell of the RFM map leads to its customers, and the map leaves as a file', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/insights/rfm');
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('[data-csv]')]);
  assert.equal(file.suggestedFilename(), 'rfm.csv');
  const lines = readFileSync(await file.path(), 'utf8').trim().split('\r\n');
  assert.equal(lines.length, 6, 'a head and five rows');
  const cell = page.locator('.map td a').first();
  const customers = await cell.locator('b').innerText();
  await cell.click();
  await page.waitForURL('**/customers?fact=*');
  assert.match(await page.locator('[role=status]').first().innerText(), new RegExp(`^${customers} customer`));
  await page.goto('/insights/stages');
  const [stages] = await Promise.all([page.waitForEvent('download'), page.click('[data-csv]')]);
  assert.match(readFileSync(await stages.path(), 'utf8'), /Today/);
  assert.deepEqual(wrong, []);
  await close();
});
