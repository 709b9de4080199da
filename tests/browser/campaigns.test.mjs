import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { inEveryLook, open } from './house.mjs';

test('campaigns look right everywhere', async () => {
  const pages = ['', '/calendar', '/groups', '/new', '/early-bird', '/early-bird?tab=effect', '/early-bird?tab=budget', '/early-bird?tab=steps', '/travel-fair?tab=coupons', '/early-bird?tab=decisions', '/early-bird/plan'];
  for (const path of pages) await inEveryLook('owner', `/campaigns${path}`);
});

test('a plan is typed in major units, checked beside its fields, submitted, and waits for another person', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/campaigns');
  await page.keyboard.press('c');
  await page.waitForURL('**/campaigns/new');
  const key = `autumn-${Date.now()}`;
  await page.fill('#f-name', 'Autumn <b>colours</b>');
  await page.fill('#f-key', key);
  await page.fill('#f-purpose', 'Fill the seats of October');
  await page.fill('#f-total', '50');
  await page.waitForSelector('#w-total .doubt');
  const all = await page.locator('#reach b').innerText();
  await page.selectOption('#c-0', 'trips-24m');
  await page.fill('[name="c.0.least"]', '3');
  await page.waitForFunction((all) => document.querySelector('#reach b')?.textContent !== all, all);
  await page.fill('#f-total', '50,000');
  await page.waitForFunction(() => !document.querySelector('#w-total .doubt'));
  await page.selectOption('#f-digest', { index: 1 });
  await page.waitForFunction(() => document.querySelector('[name=set_of]')?.value === document.querySelector('#f-digest')?.value);
  await page.click('.plan-f .acts-f button.go');
  await page.waitForURL('**/campaigns/*-*-*-*-*');
  assert.equal(await page.locator('h1 bdi').innerText(), 'Autumn <b>colours</b>', 'what people write is text');
  const plan = await page.locator('.told-plan').innerText();
  assert.match(plan, /¥50,000/);
  assert.match(plan, /≥ 3/);
  await page.click('[data-opens=submit]');
  await page.click('#submit button.go');
  await page.waitForSelector('h1 .tag.warn');
  assert.equal(await page.locator('[data-opens=approve]').count(), 0, 'nobody approves their own plan');
  assert.deepEqual(wrong, []);
  await close();
});

test('a draft that was left is there again', async () => {
  const { page, wrong, close } = await open('owner');
  await page.goto('/campaigns/new');
  await page.fill('#f-purpose', '秋天卖出十月的团期');
  await page.goto('/campaigns');
  await page.goto('/campaigns/new');
  await page.waitForFunction(() => document.querySelector('#f-purpose')?.value === '秋天卖出十月的团期');
  assert.deepEqual(wrong, []);
  await close();
});

test('somebody else’s plan is approved, a running campaign paused and taken up again by its undo', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/campaigns?state=submitted');
  await page.click('.list tbody tr:last-child a');
  await page.click('[data-opens=approve]');
  await page.click('#approve button.go');
  await page.waitForSelector('h1 .tag.info');
  await page.goto('/campaigns/member-days');
  await page.click('form[action$="/steps/pause"] button');
  await page.waitForSelector('h1 .tag.warn');
  await page.click('.said button');
  await page.waitForSelector('h1 .tag.good');
  await page.click('[data-opens=end]');
  await page.fill('#end-typed', 'something else');
  await page.click('#end button.grave');
  assert.ok(await page.locator('#end').isVisible(), 'ending takes the right word');
  assert.deepEqual(wrong, []);
  await close();
});

test('a change to what is in force waits side by side, and is rejected with a reason', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/campaigns/welcome-back');
  await page.keyboard.press('e');
  await page.waitForURL('**/plan');
  await page.fill('#f-total', '70,000');
  await page.waitForSelector('#checked ins');
  assert.match(await page.locator('#checked').innerText(), /¥70,000/);
  await page.click('.plan-f .acts-f button.go');
  await page.waitForURL('**?tab=amendments');
  assert.match(await page.locator('.beside .then').innerText(), /¥70,000/);
  await page.click('.amend [data-opens^=reject-]');
  await page.fill('.amend textarea', 'Not this quarter');
  await page.click('.amend dialog button.grave');
  await page.waitForSelector('.amend .tag.bad');
  assert.deepEqual(wrong, []);
  await close();
});

test('codes leave once as a file, and each is looked up', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/campaigns/travel-fair?tab=coupons');
  await page.keyboard.press('m');
  await page.fill('#make-label', 'Stand 7');
  await page.fill('#make-count', '3');
  const [saved] = await Promise.all([page.waitForEvent('download'), page.click('#make button.go')]);
  const lines = (await readFile(await saved.path(), 'utf8')).trim().split('\r\n');
  assert.equal(lines.length, 4);
  const code = lines[1].split(',')[0];
  await page.waitForFunction(() => [...document.querySelectorAll('td bdi')].some((one) => one.textContent === 'Stand 7'));
  await page.goto('/campaigns/codes');
  await page.fill('#code', code.toLowerCase().replaceAll('-', ' '));
  await page.keyboard.press('Enter');
  await page.waitForSelector('.kv');
  assert.ok(!page.url().includes(code), 'no code in an address');
  await page.click('[data-opens=revoke-code]');
  await page.click('#revoke-code button.grave');
  await page.waitForSelector('.said [role=status]');
  await page.fill('#code', code);
  await page.keyboard.press('Enter');
  await page.waitForSelector('.tag.bad');
  assert.deepEqual(wrong, []);
  await close();
});
