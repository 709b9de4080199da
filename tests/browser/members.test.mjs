import assert from 'node:assert/strict';
import test from 'node:test';
import { inEveryLook, looksRight, open } from './house.mjs';

/** A number as the page writes it. */
const whole = (text) => Number(text.replace(/[^\d−-]/g, '').replace('−', '-'));

/** Scrolls until nothing more comes. */
const toTheEnd = (page) =>
  page.waitForFunction(() => {
    const more = document.querySelector('tr.more');
    more?.scrollIntoView();
    return !more;
  });

/** The first member of the list. */
async function first(page) {
  await page.goto('/members');
  await page.click('.list tbody tr:first-child a');
  await page.waitForSelector('.figures');
  return new URL(page.url()).pathname;
}

test('members look right everywhere', async () => {
  const { page, close } = await open('owner');
  const member = await first(page);
  await page.goto('/members/programme');
  const rule = await page.locator('.side a.link[href^="/plugins/bindings/loyalty/"]').first().getAttribute('href');
  await page.goto(rule);
  const settings = await page.locator('a[href*="/activate"]').getAttribute('href');
  await close();
  for (const path of ['/members', '/members?expiring=1', '/members/books', '/members/programme', member, `${member}?tab=status`, `${member}?tab=tiers`, rule, settings]) {
    await inEveryLook('owner', path);
  }
});

test('a list is narrowed, sorted, searched, goes on and is taken away', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/members');
  const points = async () => (await page.locator('.list tbody tr.row td:nth-child(3)').allInnerTexts()).map(whole);
  const all = whole(await page.locator('#found .end .dim').innerText());
  const most = await points();
  assert.deepEqual(most, [...most].sort((one, other) => other - one), 'who has most is first');
  // every tier is there, and each leads to as many as it says
  const chips = page.locator('#found .chip');
  const tiers = ['Member', 'Silver', 'Gold', 'Platinum'];
  for (const [place, tier] of tiers.entries()) {
    const chip = chips.nth(place);
    assert.match(await chip.innerText(), new RegExp(`^${tier}\\s+[1-9]`), 'from the lowest to the highest');
    const count = whole(await chip.locator('small').innerText());
    await chip.click();
    await page.waitForSelector('#found .chip.on');
    await toTheEnd(page);
    const shown = await page.locator('.list tbody tr.row .tag').allInnerTexts();
    assert.equal(shown.length, count, tier);
    assert.ok(shown.every((text) => text === tier), tier);
    await page.click('#found .chip.on');
    await page.waitForFunction(() => !document.querySelector('#found .chip.on'));
  }
  await toTheEnd(page);
  assert.equal(await page.locator('.list tbody tr.row').count(), all, 'it goes on to the end');
  await page.click('th a[href*="sort=since"]');
  await page.waitForSelector('th[aria-sort] a[href*="sort=since"]');
  // by the number on the card
  const number = await page.locator('.list tbody tr:first-child .who2 small').innerText();
  await page.fill('#members-q', number);
  await page.waitForFunction((text) => document.querySelectorAll('.list tbody tr.row').length === 1 && document.body.innerText.includes(text), number);
  const file = await page.request.get('/members.csv');
  const text = await file.text();
  assert.equal(text.trim().split('\n').length, all + 1, 'everybody, and a head');
  assert.ok(text.includes(number));
  await page.fill('#members-q', 'nobody is called this');
  await page.waitForSelector('.empty a[href="/members"]');
  assert.deepEqual(wrong, []);
  await close();
});

test('a statement ties out, and every line leads to its reason', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const member = await first(page);
  const today = await page.locator('#to').inputValue();
  await page.fill('#from', `${Number(today.slice(0, 4)) - 3}${today.slice(4)}`);
  await page.click('form.bar button');
  await page.waitForURL(/from=/);
  await toTheEnd(page);
  const rows = await page.locator('.account tbody tr').evaluateAll((all) =>
    all.slice(1).map((row) => ({ moved: row.querySelector('.delta')?.innerText ?? '0', balance: row.cells[3].innerText })),
  );
  let balance = whole(await page.locator('.account tbody tr:first-child td:last-child').innerText());
  assert.equal(balance, 0, 'three years ago there was nothing');
  for (const row of rows) {
    balance += whole(row.moved);
    assert.equal(whole(row.balance), balance, 'each line has what there was behind it');
  }
  const [closing, opening, came, went] = (await page.locator('#closing span').first().innerText()).match(/[\d,]+/g).map(whole);
  assert.equal(closing, balance);
  assert.equal(closing, opening + came - went);
  assert.equal(whole(await page.locator('.figures b').first().innerText()), closing);
  const file = await (await page.request.get(await page.locator('a[download]').getAttribute('href'))).text();
  assert.equal(file.trim().split('\n').length, rows.length + 1);
  // what was earned alone
  await page.click('.chip[href*="part=earned"]');
  await page.waitForSelector('.chip.on[href*="part=earned"]');
  assert.ok(!(await page.locator('.account').innerText()).includes('Expired'));
  await page.click('.account a[href^="/decisions/"]');
  await page.waitForURL('**/decisions/*');
  await page.click('form[action$="/replay"] button');
  await page.waitForSelector('.notice.good');
  // to the booking, and from the customer back
  await page.goto(member);
  await page.click('.account a[href$="tab=trips"]');
  await page.waitForURL('**/customers/*');
  await page.click(`.side a[href="${member}"] >> nth=0`);
  // loaded whole: before its scripts have run, nobody hears of a day that is chosen
  await page.waitForURL(`**${member}`);
  await page.waitForSelector('.figures .meter, .figures b');
  // a past day, and the tiers there were
  await page.fill('#as-of', `${Number(today.slice(0, 4)) - 1}${today.slice(4)}`);
  await page.waitForSelector('#past .kv, #past p bdi');
  await page.click('.tabs a[href$="tab=tiers"]');
  await page.waitForURL(/tab=tiers/);
  assert.ok((await page.locator('tbody tr .tag').count()) >= 1);
  await looksRight(page);
  assert.deepEqual(wrong, []);
  await close();
});

test('by keyboard alone: the room, a member, their customer', async () => {
  const { page, wrong, close } = await open('owner');
  await page.goto('/');
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page.waitForURL('**/members');
  await page.waitForSelector('.list tbody tr.row');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/members\/[0-9a-f-]{36}/);
  await page.waitForSelector('.figures');
  await page.keyboard.press('e');
  await page.waitForURL(/\/customers\/[0-9a-f-]{36}/);
  assert.deepEqual(wrong, []);
  await close();
});

test('a customer becomes a member, terms are changed, and what is wrong is said', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/customers/new');
  const name = `Wanda Newcomer ${Date.now()}`;
  await page.fill('#main input[name=name]', name);
  await page.fill('#main input[name=phone]', `139${String(Date.now()).slice(-8)}`);
  await page.click('#main button.go');
  await page.waitForURL(/\/customers\/[0-9a-f-]{36}/);
  await page.click('form[action="/members"] button');
  await page.waitForURL(/\/members\/[0-9a-f-]{36}/);
  await page.waitForSelector('.said [role=status]');
  assert.ok((await page.locator('h1').innerText()).includes('Wanda'));
  await page.goto('/members');
  await page.click('[data-opens=enrol]');
  await page.click('#enrol button.go');
  await page.waitForSelector('#enrol .told .notice');
  await page.fill('#enrol-who', name);
  await page.click('.offers [data-picks]');
  await page.click('#enrol button.go');
  await page.waitForURL(/\/members\/[0-9a-f-]{36}/);
  await page.goto('/members/programme');
  const before = await page.inputValue('#worth');
  await page.fill('#worth', 'much');
  await page.click('form[action="/members/programme"] button.go');
  await page.waitForSelector('.notice.bad');
  assert.equal(await page.inputValue('#worth'), 'much', 'what was typed is still there');
  await page.fill('#worth', '1.50');
  await page.click('form[action="/members/programme"] button.go');
  await page.waitForSelector('.said [role=status]');
  assert.equal(await page.inputValue('#worth'), '1.50');
  await page.fill('#worth', before);
  await page.click('form[action="/members/programme"] button.go');
  await page.waitForFunction((value) => document.querySelector('#worth').defaultValue === value, before);
  assert.deepEqual(wrong, []);
  await close();
});

test('a rule is put into force from its plugin, with another setting, and ended', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/members/programme');
  await page.click('.side a[href$="/activate"] >> nth=0');
  await page.waitForSelector('#binding-name');
  await page.fill('#binding-name', 'main');
  const instead = page.url();
  await page.click('button.go');
  await page.waitForSelector('.notice.bad');
  assert.equal(page.url(), instead, 'what stands there is shown first');
  await page.fill('#binding-name', `match-${Date.now() % 100_000}`);
  await page.click('button.go');
  await page.waitForURL('**/plugins/bindings/loyalty/match-*');
  await page.click('a[href*="/activate"]');
  await page.waitForSelector('#binding-name');
  await page.click('button.go');
  await page.waitForURL('**/plugins/bindings/loyalty/match-*');
  assert.match(await page.locator('.head small').innerText(), /Revision 2/);
  await page.click('[data-opens=end]');
  await page.click('#end button.grave');
  await page.waitForSelector('form[action$="/restore"]');
  assert.deepEqual(wrong, []);
  await close();
});

test('whoever sells sees the members they look after', async () => {
  const { page, wrong, close } = await open('sales');
  await page.goto('/members');
  await page.waitForSelector('#found');
  assert.equal(await page.locator('a[href^="/members.csv"]').count(), 0);
  await looksRight(page);
  assert.deepEqual(wrong, []);
  await close();
});

test('what is done by hand looks right everywhere', async () => {
  for (const path of ['/members/adjustments', '/members/adjustments?state=', '/members/rewards', '/members/rewards/new', '/members/rewards/airport-lounge', '/members/orders', '/members/orders?state=', '/members/referrals']) {
    await inEveryLook('owner', path);
  }
});

test('points by hand wait for another person', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/members/adjustments');
  await page.click('form[action$="/approve"] button');
  await page.waitForSelector('.said [role=status]');
  await page.waitForSelector('.empty');
  const member = await first(page);
  await page.click('[data-opens=adjust]');
  await page.fill('#adjust-points', 'some');
  await page.fill('#adjust-reason', 'A kindness');
  await page.click('#adjust button.go');
  await page.waitForSelector('#adjust .told .notice');
  await page.fill('#adjust-points', '-99,999,999,999');
  await page.click('#adjust button.go');
  await page.waitForFunction(() => /99,?999,?999,?999/.test(document.querySelector('#adjust .told').innerText));
  await page.fill('#adjust-points', '1,500');
  await page.click('#adjust button.go');
  await page.waitForSelector('.side a[href="/members/adjustments"]');
  await page.click('.side a[href="/members/adjustments"]');
  await page.waitForURL('**/members/adjustments');
  const row = page.locator('tbody tr', { hasText: 'A kindness' });
  assert.match(await row.innerText(), /\+1,500 points/);
  assert.equal(await row.locator('form').count(), 0, 'nobody agrees to what they asked for');
  await page.goto(member);
  await page.click('[data-opens=stand]');
  await page.check('#stand input[value=suspended]');
  await page.click('#stand button.grave');
  await page.waitForSelector('.head .tag.warn');
  assert.equal(await page.locator('[data-opens=redeem]').count(), 0);
  await page.click('[data-opens=stand]');
  await page.check('#stand input[value=active]');
  await page.click('#stand button.grave');
  await page.waitForSelector('[data-opens=redeem]');
  assert.deepEqual(wrong, []);
  await close();
});

test('a reward is made, ordered by keyboard, and handed out', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const key = `scarf-${Date.now() % 100_000}`;
  await page.goto('/members/rewards/new');
  await page.fill('#key', key);
  await page.fill('#title-zh', '真丝围巾');
  await page.fill('#title-en', `Silk ${key}`);
  await page.fill('#points', '10');
  await page.fill('#stock', '1');
  await page.click('#main button.go');
  await page.waitForURL('**/members/rewards');
  await page.click(`a[href$="/${key}"]`);
  await page.waitForSelector('#points');
  await page.fill('#points', '0');
  await page.click('#main button.go');
  await page.waitForSelector('.told .notice');
  await page.fill('#points', '20');
  await page.click('#main button.go');
  await page.waitForURL('**/members/rewards');
  await first(page);
  const before = whole(await page.locator('.figures b').first().innerText());
  await page.keyboard.press('r');
  await page.waitForSelector('#redeem[open]');
  await page.check(`#redeem input[value="${key}"]`);
  await page.click('#redeem button.go');
  // what is set aside can no longer be spent
  await page.waitForFunction((left) => Number(document.querySelector('.figures b').innerText.replaceAll(',', '')) === left, before - 20);
  await page.waitForSelector('.side a[href="/members/orders"]');
  await page.goto('/members/orders');
  const row = page.locator('tbody tr', { hasText: key });
  await row.locator('[data-opens^=fulfil-]').click();
  await page.click('dialog[open] button.go');
  await page.waitForSelector('.said [role=status]');
  await page.goto('/members/rewards');
  assert.match(await page.locator('tbody tr', { hasText: key }).innerText(), /0/, 'no piece is left');
  assert.deepEqual(wrong, []);
  await close();
});

test('a form that is clicked twice is sent once', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const member = await first(page);
  await page.goto(member);
  await page.click('[data-opens=adjust]');
  const reason = `clicked twice ${Date.now()}`;
  await page.fill('#adjust-points', '7');
  await page.fill('#adjust-reason', reason);
  let sent = 0;
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/adjust')) sent += 1;
  });
  await page.evaluate(() => {
    const button = document.querySelector('#adjust button.go');
    for (let n = 0; n < 3; n += 1) button.click();
  });
  await page.waitForSelector('.said [role=status]');
  await page.goto('/members/adjustments');
  assert.equal(sent, 1);
  assert.equal(await page.locator('#main tr', { hasText: reason }).count(), 1);
  assert.deepEqual(wrong, []);
  await close();
});

test('a rule is seen beforehand, with its settings, before it is put into force', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/plugins/bindings/loyalty/main');
  await page.click('a[href*="/activate"]');
  await page.getByLabel('Status for silver').fill('3000');
  await page.selectOption('#try-days', '730');
  await page.click('#try');
  await page.waitForSelector('.months rect');
  assert.match(new URL(page.url()).pathname, /^\/members\/previews\//);
  const row = async (tier) => (await page.locator('.pair tr', { hasText: tier }).first().locator('td').allInnerTexts()).map(whole);
  const [, now, then, change] = await row('Silver');
  assert.ok(then > now, 'more are silver');
  assert.equal(change, then - now);
  const [, posted] = (await page.locator('.figures b').allInnerTexts()).map(whole);
  assert.ok(posted > 0);
  await looksRight(page);
  await page.click('.acts a.go');
  assert.equal(await page.getByLabel('Status for silver').inputValue(), '3000', 'what was tried is what would be put into force');
  assert.deepEqual(wrong, []);
  await close();
});

test('the books tie out, and a member sees their own page as long as the link works', async () => {
  const { page, wrong, context, close } = await open('owner', { language: 'en' });
  await page.goto('/members/books');
  const sums = await page.locator('#ends tbody td:nth-child(2)').allInnerTexts();
  const [, available, pending] = (await page.locator('.figures b').allInnerTexts()).map(whole);
  assert.equal(sums.map(whole).reduce((all, one) => all + one, 0), available + pending);
  const column = (await page.locator('#movements tbody td:nth-child(3)').allInnerTexts()).map(whole);
  assert.equal(column.slice(0, -1).reduce((all, one) => all + one, 0), column.at(-1));
  await first(page);
  const name = await page.innerText('h1');
  const balance = await page.locator('.figures b').first().innerText();
  await page.click('#own-page [data-opens=own-link]');
  await page.click('#own-link button.go');
  const link = await page.innerText('#link');
  for (const look of [{ locale: 'zh-CN', viewport: { width: 390, height: 844 } }, { locale: 'en', viewport: { width: 1280, height: 820 } }]) {
    const nobody = await context.browser().newContext(look);
    const own = await nobody.newPage();
    const answer = await own.goto(link);
    assert.equal(answer.headers()['cache-control'], 'no-store');
    assert.equal(answer.headers()['referrer-policy'], 'no-referrer');
    assert.equal(await own.innerText('h1'), name);
    assert.equal(await own.locator('.figures b').first().innerText(), balance);
    assert.equal(await own.locator('html').getAttribute('lang'), look.locale);
    await looksRight(own);
    await nobody.close();
  }
  await page.reload();
  await page.locator('#own-page button', { hasText: 'Revoke' }).first().click();
  await page.waitForSelector('.said [role=status]');
  const after = await context.request.get(link);
  assert.equal(after.status(), 404);
  assert.deepEqual(wrong, []);
  await close();
});

/** Chooses somebody in a dialog by what its field is called. */
async function pick(page, field, text) {
  await page.fill(field, text);
  await page.locator('dialog[open] .offers [data-picks]', { hasText: text }).first().click();
}

test('points are passed on once, and a tier is asked for', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const giver = await first(page);
  await page.goto('/members');
  const other = (await page.locator('.list tbody tr.row:nth-child(2) a').first().innerText()).trim();
  const getter = await page.locator('.list tbody tr.row:nth-child(2) a').first().getAttribute('href');
  await page.goto(getter);
  const had = whole(await page.locator('.figures b').first().innerText());
  await page.goto(giver);
  await page.waitForSelector('.figures b');
  const before = whole(await page.locator('.figures b').first().innerText());
  await page.click('[data-opens=transfer]');
  await pick(page, '#transfer-who', other);
  await page.fill('#transfer-points', '0');
  await page.click('#transfer button.go');
  await page.waitForSelector('#transfer .told .notice');
  await page.fill('#transfer-points', '7');
  // the answer gets lost on the way, and the form is sent once more
  const form = await page.evaluate(() => Object.fromEntries(new FormData(document.querySelector('#transfer form'))));
  await page.click('#transfer button.go');
  await page.waitForFunction((left) => Number(document.querySelector('.figures b').innerText.replaceAll(',', '')) === left, before - 7);
  const again = await page.request.post(`${giver}/transfer`, { form });
  assert.equal(again.status(), 200);
  await page.goto(getter);
  assert.equal(whole(await page.locator('.figures b').first().innerText()), had + 7, 'once');
  await page.click('[data-opens=tier]');
  await page.selectOption('#tier-key', 'platinum');
  await page.fill('#tier-until', await page.evaluate(() => `${Number(document.querySelector('#tier-until').min.slice(0, 4)) + 1}-12-31`));
  await page.fill('#tier-reason', 'From another club');
  await page.click('#tier button.go');
  await page.click('.side a[href="/members/adjustments"]');
  await page.waitForURL('**/members/adjustments');
  assert.match(await page.locator('tbody tr', { hasText: 'From another club' }).innerText(), /Platinum/);
  assert.deepEqual(wrong, []);
  await close();
});

test('an order is called off, and what is no referral says why', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const member = await first(page);
  const name = (await page.innerText('h1')).trim();
  const before = whole(await page.locator('.figures b').first().innerText());
  await page.click('[data-opens=redeem]');
  await page.locator('#redeem input[type=radio]:not([disabled])').first().check();
  await page.click('#redeem button.go');
  await page.waitForFunction((had) => Number(document.querySelector('.figures b').innerText.replaceAll(',', '')) < had, before);
  await page.goto('/members/orders');
  const row = page.locator('tbody tr', { hasText: name }).first();
  await row.locator('[data-opens^=cancel-]').click();
  await page.click('dialog[open] button.grave');
  await page.waitForSelector('.said [role=status]');
  await page.goto(member);
  await page.waitForSelector('.figures b');
  assert.equal(whole(await page.locator('.figures b').first().innerText()), before, 'the points came back');
  const code = (await page.locator('.side code, .side .code').first().innerText()).trim();
  await page.goto('/members/referrals');
  await page.click('[data-opens=refer]');
  await page.fill('#refer-code', 'NOBODY');
  await pick(page, '#refer-who', name);
  await page.click('#refer button.go');
  await page.waitForSelector('#refer .told .notice');
  await page.fill('#refer-code', code);
  await page.click('#refer button.go');
  await page.waitForSelector('.said [role=status]');
  assert.match(await page.locator('tbody tr', { hasText: name }).first().innerText(), /is the referrer/);
  assert.deepEqual(wrong, []);
  await close();
});

test('roles have limits, and terms that somebody else has changed are not overwritten', async () => {
  const { page, context, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/members/programme');
  const other = await context.newPage();
  await other.goto('/members/programme');
  const field = page.getByLabel('Sales consultant', { exact: true });
  const limit = await field.inputValue();
  await field.fill('many');
  await page.click('form[action="/members/programme"] button.go');
  await page.waitForSelector('.notice.bad');
  assert.equal(await field.inputValue(), 'many');
  await field.fill('2,500');
  await page.click('form[action="/members/programme"] button.go');
  await page.waitForSelector('.said [role=status]');
  assert.equal(await field.inputValue(), '2500');
  await other.fill('#grace', '31');
  await other.click('form[action="/members/programme"] button.go');
  await other.waitForSelector('.notice.bad');
  assert.equal(await other.inputValue('#grace'), '31', 'what was typed is still there');
  await other.close();
  await field.fill(limit);
  await page.click('form[action="/members/programme"] button.go');
  await page.waitForFunction((value) => [...document.querySelectorAll('input[name^="limit."]')].some((one) => one.defaultValue === value), limit);
  assert.deepEqual(wrong, []);
  await close();
});
