import assert from 'node:assert/strict';
import test from 'node:test';
import { inEveryLook, looksRight, open } from './house.mjs';

/** The first customer by spend. */
async function best(page) {
  await page.goto('/customers?sort=-spend-24m');
  await page.locator('.list tbody a').first().click();
  await page.waitForURL('**/customers/*-*');
  return new URL(page.url()).pathname;
}

test('the list, its filters and the palette look right everywhere', async () => {
  const filtered = '/customers?segment=rfm.champions&fact=trips-24m:2..&sort=-spend-24m';
  await inEveryLook('owner', filtered, async (page, { width }) => {
    await page.waitForSelector('.list tbody tr');
    assert.equal(await page.locator('.chip.on').count(), 2);
    if (width > 500) {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('zhang');
      await page.waitForSelector('.palette .found a[href^="/customers/"]');
      await looksRight(page);
      await page.keyboard.press('Escape');
    }
  });
  await inEveryLook('owner', '/customers?q=nobody-has-this-name', async (page) => {
    await page.waitForSelector('.empty');
  });
});

test('a record looks right in each of its parts', async () => {
  const { page, close } = await open('owner');
  const path = await best(page);
  await close();
  for (const tab of ['timeline', 'trips', 'facts', 'profile']) await inEveryLook('owner', `${path}?tab=${tab}`);
  await inEveryLook('owner', `${path}/edit`);
});

test('customers are found as one types, by keyboard alone', async () => {
  const { page, wrong, close } = await open('owner');
  await page.goto('/customers');
  await page.keyboard.press('/');
  await page.keyboard.type('zhang');
  // what is exported is what is shown: the address changes before the rows do, and those of "zhan" look the same
  await page.waitForSelector('#found a[download][href*="q=zhang"]');
  await page.waitForURL('**/customers?q=zhang*');
  for (const name of await page.locator('.list tbody a bdi').allInnerTexts()) assert.match(name, /张/);
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const name = await page.locator('tr.at a bdi').first().innerText();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/customers/*-*');
  assert.equal(await page.locator('h1').innerText(), name);
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.waitForURL('**/customers');
  assert.deepEqual(wrong, []);
  await close();
});

test('a list is narrowed by a fact in major units and goes on at its end', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/customers');
  const all = await page.locator('[role=status]').innerText();
  await page.keyboard.press('f');
  await page.waitForSelector('#least');
  await page.click('#by-fact .btn.go');
  await page.waitForSelector('#by-fact [role=alert]');
  await page.fill('#least', '30,000');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/customers?fact=*');
  assert.match(await page.locator('.chip.on').innerText(), /Spend, 24 months\s+≥ ¥30,000/);
  assert.notEqual(await page.locator('[role=status]').innerText(), all);
  await page.goto('/customers');
  const before = await page.locator('.list tbody tr.row').count();
  await page.locator('tr.more').scrollIntoViewIfNeeded();
  await page.waitForFunction((before) => document.querySelectorAll('.list tbody tr.row').length > before, before);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('a[download]')]);
  assert.equal(download.suggestedFilename(), 'customers.csv');
  assert.deepEqual(wrong, []);
  await close();
});

test('a customer is created, and a contact and a preference are kept, from the keyboard', async () => {
  const { page, wrong, close } = await open('owner');
  await page.goto('/customers');
  await page.keyboard.press('c');
  await page.waitForSelector('#f-name:focus');
  await page.keyboard.type('单雄信 <b>');
  await page.keyboard.press('Tab');
  await page.keyboard.type('no number');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]');
  assert.equal(await page.inputValue('#f-name'), '单雄信 <b>', 'what was typed is still there');
  await page.fill('#f-phone', `139${String(Date.now()).slice(-8)}`);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/customers/*-*');
  assert.equal(await page.locator('h1').innerText(), '单雄信 <b>');
  await page.keyboard.press('n');
  await page.keyboard.type('想去冰岛看极光');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  if (await page.locator('#note[open]').count()) await page.locator('#note .btn.go').press('Enter');
  await page.waitForSelector('.line >> text=想去冰岛看极光');
  await page.keyboard.press('p');
  await page.keyboard.type('冰岛');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.side dd >> text=冰岛');
  assert.deepEqual(wrong, []);
  await close();
});

test('two people in one record: the second sees both versions and chooses', async () => {
  // a demo may have been tried before
  const [theirs, mine] = ['苏州', '无锡'].map((city) => `${city} ${Date.now()}`);
  const first = await open('owner', { language: 'en' });
  const path = await best(first.page);
  const second = await open('owner', { language: 'en' });
  await first.page.goto(`${path}/edit`);
  await second.page.goto(`${path}/edit`);
  await first.page.fill('#f-home_city', theirs);
  await first.page.click('main .btn.go');
  await first.page.waitForSelector('nav.tabs');
  await second.page.fill('#f-home_city', mine);
  await second.page.fill('#f-name_latin', `Second Hand ${Date.now()}`);
  await second.page.click('main .btn.go');
  await second.page.waitForSelector('.notice.warn');
  assert.equal(await second.page.inputValue('#f-home_city'), mine, 'nothing typed is lost');
  await second.page.check('[name="theirs-home_city"]');
  await second.page.click('main .btn.go');
  await second.page.waitForSelector('nav.tabs');
  await second.page.goto(`${path}?tab=profile`);
  const shown = await second.page.locator('main').innerText();
  assert.ok(shown.includes(theirs) && shown.includes('Second Hand') && !shown.includes(mine), shown);
  assert.deepEqual([...first.wrong, ...second.wrong], []);
  await first.close();
  await second.close();
});
