import assert from 'node:assert/strict';
import test from 'node:test';
import { LOOKS, inEveryLook, looksRight, open } from './house.mjs';

const HEADERS = 'Ref,Guest no,Ordered,Price,Remark';
// files differ with every run, so that none is known from the one before
let last = Date.now() % 1_000_000;
const file = (rows) => {
  const lines = rows.map(([when, price]) => `B${++last},M${last},${when},${price},x`);
  return { name: 'orders.csv', mimeType: 'text/csv', buffer: Buffer.from([HEADERS, ...lines].join('\n')) };
};

const drop = async (page, sent, kind = 'bookings') => {
  await page.goto('/imports');
  await page.check(`#send-file input[value="${kind}"]`);
  await page.setInputFiles('#import-file', sent);
  await page.waitForURL('**/imports/*-*');
  await page.waitForSelector('#look-again');
};

const map = async (page) => {
  for (const [place, field] of Object.entries({ 0: 'booking_id', 1: 'customer_member_no', 2: 'booked_at', 3: 'amount' })) {
    await page.selectOption(`select[name=c${place}]`, field);
  }
  await page.selectOption('#look-dates', 'dmy');
};

test('imports look right everywhere, with nothing and with something', async () => {
  await inEveryLook('owner', '/imports');
  await inEveryLook('owner', '/imports/mappings');
});

test('a file is dropped, understood by eye, kept, imported and mended', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await drop(page, file([['05/01/2026', '100'], ['06/01/2026', '200'], ['07/01/2026', 'free'], ['soon', '300']]));
  assert.match(await page.locator('.notice.bad').innerText(), /headers_missing/);
  assert.match(await page.locator('.cols').innerText(), /Guest no/, 'its columns are shown although nothing is understood');
  await map(page);
  await page.click('#look-again');
  await page.waitForSelector('#would-land');
  assert.equal(await page.locator('#would-land').innerText(), '2');
  assert.match(await page.locator('.cols').innerText(), /2026-01-05/, 'a day as it was understood');
  assert.match(await page.locator('.cols').innerText(), /CNY 100\.00/);
  const look = page.url();

  // the same choice twice is said at once, and nothing that was chosen goes away
  await page.selectOption('select[name=c4]', 'amount');
  await page.click('#look-again');
  await page.waitForSelector('.notice.bad');
  assert.match(await page.locator('.notice.bad').innerText(), /Two columns/);
  assert.equal(await page.inputValue('select[name=c4]'), 'amount');
  await page.selectOption('select[name=c4]', '');
  await page.click('#look-again');
  // what was refused stands above the same numbers, until the file has been read anew
  await page.waitForFunction(() => !document.querySelector('.notice.bad') && document.querySelector('#land'));

  await page.click('[data-opens=keep-mapping]');
  const name = `ERP ${last}`;
  await page.fill('#keep-name', name);
  await page.click('#keep-mapping button.go');
  await page.waitForSelector('.said [role=status]');
  assert.match(await page.locator('.cols').locator('xpath=preceding-sibling::h2[1]').innerText(), new RegExp(name));

  for (const seen of LOOKS) {
    const other = await open('owner', seen);
    await other.page.goto(look);
    await other.page.waitForSelector('.cols');
    await looksRight(other.page);
    assert.deepEqual(other.wrong, []);
    await other.close();
  }

  await page.click('#land');
  await page.waitForSelector('#mend');
  assert.equal(await page.locator('#landed').innerText(), '2');
  assert.equal(await page.locator('.reject').count(), 2);
  for (const seen of LOOKS) {
    const other = await open('owner', seen);
    await other.page.goto(page.url());
    await other.page.waitForSelector('#mend');
    await looksRight(other.page);
    await other.page.goto(`${page.url()}?tab=overview`);
    await looksRight(other.page);
    assert.deepEqual(other.wrong, []);
    await other.close();
  }

  const first = page.locator('.reject').first();
  await first.locator('input[name$=".3"]').fill('150');
  const before = page.url();
  await page.click('#send-again');
  await page.waitForSelector('.said [role=status]');
  await page.waitForSelector('#landed');
  await page.waitForFunction(() => document.querySelector('#landed')?.textContent === '1');
  assert.notEqual(page.url(), before);
  await page.goto(before);
  await page.waitForSelector('#mend');
  assert.equal(await page.locator('.reject').count(), 1, 'what was sent again is not to be mended');

  // the next file with these headers is proposed the mapping
  await drop(page, file([['08/01/2026', '400']]));
  await page.waitForSelector('#use-kept');
  assert.match(await page.locator('.notice.info').innerText(), /ERP/);
  await page.click('#use-kept');
  await page.waitForSelector('#would-land');
  assert.equal(await page.locator('#would-land').innerText(), '1');

  await page.goto('/imports/mappings');
  await page.locator('tr', { hasText: name }).locator('[data-opens]').click();
  await page.locator('dialog[open] button.grave').click();
  await page.waitForSelector('.said [role=status]');
  assert.equal(await page.locator('tr', { hasText: name }).count(), 0);
  assert.deepEqual(wrong, []);
  await close();
});

test('a file is looked at and imported by keyboard alone', async () => {
  const { page, wrong, close } = await open('owner');
  await page.goto('/');
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await page.waitForURL('**/imports');
  const chosen = page.waitForEvent('filechooser');
  await page.locator('#import-file').focus();
  await page.keyboard.press('Enter');
  const sent = file([['2026-01-05', '100']]);
  sent.buffer = Buffer.from(sent.buffer.toString().replace(HEADERS, '订单号,会员号,预订日期,金额,备注'));
  await (await chosen).setFiles(sent);
  await page.waitForURL('**/imports/*-*');
  await page.waitForSelector('#land');
  await page.keyboard.press('i');
  await page.waitForSelector('#landed');
  await page.waitForFunction(() => document.querySelector('#landed')?.textContent === '1');
  assert.match(await page.locator('.head').innerText(), /已完成/);
  await page.goto('/imports');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/imports/*-*');
  assert.deepEqual(wrong, []);
  await close();
});

test('whoever does not see everybody sees their own file, and nothing of what its rows met', async () => {
  const { page, wrong, close } = await open('sales', { language: 'en' });
  const sent = file([['2026-01-05', '100'], ['soon', '200']]);
  sent.buffer = Buffer.from(sent.buffer.toString().replace(HEADERS, 'booking_id,customer_member_no,booked_at,amount,note'));
  await drop(page, sent);
  assert.match(await page.locator('.cols').innerText(), /2026-01-05/);
  assert.match(await page.locator('#main').innerText(), /bad_date/);
  assert.doesNotMatch(await page.locator('.seg').innerText(), /soon/);
  await page.click('#land');
  await page.waitForSelector('#landed');
  await page.waitForSelector('.tabs a[href$="tab=rejects"]');
  assert.match(await page.locator('#main').innerText(), /your role does not see/);
  assert.equal(await page.locator('#mend, a[href$="errors.csv"]').count(), 0);
  assert.equal((await page.goto(`${page.url()}/errors.csv`)).status(), 403);
  assert.deepEqual(wrong, []);
  await close();
});
