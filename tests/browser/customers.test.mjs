import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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
  for (const tab of ['timeline', 'trips', 'quotes', 'facts', 'profile']) await inEveryLook('owner', `${path}?tab=${tab}`);
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

test('a list is kept under a name, opened again, and deleted', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const title = `Often & <b>far</b> ${Date.now()}`;
  await page.goto('/customers?fact=trips-24m:2..&sort=-spend-24m');
  const shown = await page.locator('[role=status]').first().innerText();
  await page.click('[data-opens="keep-view"]');
  await page.fill('#view-title', title);
  await page.check('#keep-view input[name="shared"]');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`.views a[aria-current="page"] >> text=${title}`);
  await looksRight(page);
  await page.click('.views a >> text=Everybody');
  await page.waitForURL('**/customers');
  await page.click(`.views a >> text=${title}`);
  await page.waitForURL('**/customers?*fact=*');
  assert.equal(await page.locator('[role=status]').first().innerText(), shown);
  await page.click('[data-opens="keep-view"]');
  await page.click('#keep-view button[form="delete-view"]');
  await page.waitForURL('**/customers');
  assert.equal(await page.locator(`.views >> text=${title}`).count(), 0);
  assert.deepEqual(wrong, []);
  await close();
});

test('ticked customers get an owner, are linked, and leave as a file', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/customers?sort=-spend-24m');
  // by the keyboard: the second and the third
  for (const key of ['j', 'j', 'x', 'j', 'x']) await page.keyboard.press(key);
  await page.waitForSelector('#bulk:not([hidden])');
  assert.equal(await page.locator('#bulk output').innerText(), '2');
  await looksRight(page);
  const ids = await page.locator('.list tbody input:checked').evaluateAll((boxes) => boxes.map((box) => box.value));
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('#bulk [formaction="/customers.csv"]')]);
  const lines = readFileSync(await file.path(), 'utf8').trim().split('\n');
  assert.equal(lines.length, 3, 'a head and the two');
  await page.click('[data-opens="bulk-owner"]');
  await page.selectOption('#bulk-owner-who', { index: 1 });
  const owner = await page.locator('#bulk-owner-who option:checked').innerText();
  await page.click('#bulk-owner .btn.go');
  await page.waitForSelector('.said >> text=2 customers');
  // linked to the first of the list
  const first = await page.locator('.list tbody a bdi').first().innerText();
  for (const id of ids) await page.check(`.list input[value="${id}"]`);
  await page.click('[data-opens="bulk-link"]');
  await page.locator('#bulk-link-who').press('Enter');
  assert.equal(await page.locator('#bulk-link[open]').count(), 1, 'Enter sends nothing before somebody is chosen');
  await page.locator('#bulk-link-who').pressSequentially(first);
  await page.click('#bulk-link .offers button');
  await page.selectOption('#bulk-link-kind', 'payer');
  await page.click('#bulk-link .btn.go');
  await page.waitForSelector('.said >> text=linked');
  await page.goto(`/customers/${ids[0]}`);
  assert.match(await page.locator('.side').innerText(), new RegExp(`${owner}[\\s\\S]*Payer\\s+${first}`));
  // taken away, put back, taken away
  await page.click('.linked form button');
  await page.waitForSelector('.said button');
  await page.click('.said button');
  await page.waitForSelector('.linked form button');
  await page.click('.linked form button');
  await page.waitForSelector('.said >> text=Link removed');
  assert.deepEqual(wrong, []);
  await close();
});

test('a link is added from the keyboard, and whom it is to has to be chosen', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const path = await best(page);
  await page.keyboard.press('l');
  await page.waitForSelector('#link[open]');
  await page.click('#link .btn.go');
  await page.waitForSelector('#link .told .notice');
  await page.locator('#link-who').pressSequentially('zhang');
  await page.waitForSelector('#link .offers button');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.selectOption('#link-kind', 'emergency-contact');
  await page.click('#link .btn.go');
  await page.waitForSelector('.side dt >> text=Emergency contact');
  const there = await page.locator('dt:text-is("Emergency contact") + dd a').getAttribute('href');
  await page.goto(there);
  await page.waitForSelector('.side dt >> text=Emergency contact of');
  await page.goto(path);
  await page.click('dt:text-is("Emergency contact") + dd form button');
  await page.waitForSelector('.said >> text=Link removed');
  assert.deepEqual(wrong, []);
  await close();
});

test('segments of a past day stand in the place of those of today', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await best(page);
  await page.waitForSelector('#places .seg');
  await page.fill('#as-of', '2020-01-01');
  await page.locator('#as-of').dispatchEvent('change');
  await page.waitForSelector('#places >> text=No rule was in force yet on that day.');
  assert.deepEqual(wrong, []);
  await close();
});

test('a record that somebody else changes says so', async () => {
  const [mine, theirs] = [await open('owner', { language: 'en' }), await open('owner', { language: 'en' })];
  const path = await best(mine.page);
  await theirs.page.goto(`${path}/edit`);
  await theirs.page.fill('#f-home_city', `成都 ${Date.now()}`);
  await theirs.page.click('main .btn.go');
  await theirs.page.waitForSelector('nav.tabs');
  assert.ok(await mine.page.locator('.changed').isHidden());
  await mine.page.mouse.move(100, 100);
  await mine.page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await mine.page.waitForSelector('.changed:not([hidden])');
  await looksRight(mine.page);
  await mine.page.click('.changed a');
  await mine.page.waitForSelector('.changed', { state: 'hidden' });
  assert.deepEqual([...mine.wrong, ...theirs.wrong], []);
  await mine.close();
  await theirs.close();
});

test('on a phone every room is reached', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en', width: 390 });
  await page.goto('/customers');
  await page.click('.rail .rest');
  await page.click('#rest-menu >> text=Imports');
  await page.waitForURL('**/imports');
  assert.equal(await page.locator('.rail .rest').getAttribute('aria-current'), 'true');
  await looksRight(page);
  assert.deepEqual(wrong, []);
  await close();
});

test('a server that is away for a moment loses nothing that was typed', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const path = await best(page);
  await page.goto(`${path}/edit`);
  const city = `青岛 ${Date.now()}`;
  await page.fill('#f-home_city', city);
  await page.route('**/customers/*', (route) => (route.request().method() === 'POST' ? route.abort('connectionrefused') : route.continue()));
  await page.click('main .btn.go');
  await page.waitForSelector('.said >> text=cannot be reached');
  assert.equal(await page.inputValue('#f-home_city'), city);
  await page.unroute('**/customers/*');
  await page.click('main .btn.go');
  await page.waitForSelector('nav.tabs');
  assert.ok((await page.locator('.who-h').innerText()).includes(city));
  assert.deepEqual(wrong.filter((line) => !/ERR_CONNECTION_REFUSED|htmx:sendError/.test(line)), []);
  await close();
});
