import assert from 'node:assert/strict';
import test from 'node:test';
import { inEveryLook, looksRight, open } from './house.mjs';

test('quotes look right everywhere', async () => {
  for (const path of ['/quotes', '/quotes/new', '/campaigns/codes']) await inEveryLook('owner', path);
  await inEveryLook('owner', '/quotes', async (page) => {
    await page.click('.list tbody tr a');
    await page.waitForURL('**/quotes/*-*');
    await page.waitForSelector('.lanes .lane');
    await looksRight(page);
  });
});

test('a basket is priced for a customer, with what became of every campaign, then confirmed', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/quotes/new');
  await page.fill('#who', 'zhang');
  await page.click('.offers [data-picks]');
  const name = await page.inputValue('#who');
  await page.fill('#sku-0', 'YN-7');
  await page.fill('#destination-0', 'Iceland');
  await page.fill('#price-0', '12,000');
  await page.click('button[name=more]');
  await page.waitForSelector('#sku-1');
  assert.equal(await page.inputValue('#price-0'), '12,000', 'a further line loses nothing');
  await page.fill('#sku-1', 'H-1');
  await page.selectOption('#kind-1', 'hotel');
  await page.fill('#price-1', 'cheap');
  await page.click('button.go');
  await page.waitForSelector('.field.bad #price-1');
  assert.equal(await page.inputValue('#who'), name, 'what was typed is still there');
  await page.fill('#price-1', '800');
  await page.click('button.go');
  await page.waitForURL('**/quotes/*-*');
  assert.match(await page.locator('.head').innerText(), new RegExp(name.slice(0, 2)));
  // somebody may be among those who get no offers, for comparison: then the next is asked for
  for (let place = 1; place < 6 && (await page.locator('.lanes .won').count()) === 0; place += 1) {
    const before = page.url();
    await page.keyboard.press('e');
    await page.waitForURL('**/quotes/new?from=*');
    await page.fill('#who', 'zhang');
    await page.locator('.offers [data-picks]').nth(place).click();
    await page.click('button.go');
    await page.waitForURL((url) => /\/quotes\/.*-/.test(url.pathname) && url.href !== before);
    await page.waitForSelector('.lanes .lane');
  }
  const traced = await page.locator('.lanes .lane li').count();
  assert.ok(traced >= 6, `every campaign in force is told: ${traced}`);
  const off = await page.locator('.lanes .won').count();
  assert.ok(off >= 1, 'the new route to Iceland has an offer');
  const priced = page.url();
  await page.click('.saving a[href^="/decisions/"]');
  await page.waitForURL('**/decisions/*');
  await page.click('form[action$="/replay"] button');
  await page.waitForSelector('.notice.good');
  await page.goto(priced);
  await page.waitForSelector('.lanes');
  await page.click('[data-opens=confirm]');
  await page.fill('#booking', `T-${Date.now()}`);
  await page.click('#confirm button.go');
  await page.waitForSelector('.head .tag.good');
  assert.deepEqual(wrong, []);
  await close();
});

test('by keyboard alone: a price for nobody in particular, changed and let go', async () => {
  const { page, wrong, close } = await open('owner');
  await page.goto('/quotes/new');
  await page.focus('#sku-0');
  await page.keyboard.type('JP-5');
  await page.focus('#price-0');
  await page.keyboard.type('5000');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/quotes/*-*');
  const first = page.url();
  await page.keyboard.press('e');
  await page.waitForURL('**/quotes/new?from=*');
  assert.equal(await page.inputValue('#price-0'), '5,000.00');
  await page.focus('#quantity-0');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('3');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => /\/quotes\/.*-/.test(url.pathname) && url.href !== first);
  assert.match(await page.locator('.figures').innerText(), /15,000/);
  await page.click('[data-opens="release"]');
  await page.click('#release .btn.go');
  await page.waitForSelector('.said [role=status]');
  await page.goto(first);
  assert.equal(await page.locator('form[action$="/release"]').count(), 0, 'the price before was let go');
  assert.deepEqual(wrong, []);
  await close();
});
