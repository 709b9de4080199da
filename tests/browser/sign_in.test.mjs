import assert from 'node:assert/strict';
import test from 'node:test';
import { inEveryLook, open, people, signIn } from './house.mjs';

test('the door is there for everybody, and says nothing of who is known', async () => {
  await inEveryLook(undefined, '/sign-in');
  const { page, close } = await open();
  const refusals = [];
  for (const email of [people.owner[0], 'nobody@silkroad.example']) {
    await page.goto('/sign-in');
    await page.fill('#email', email);
    await page.fill('#password', 'not the password');
    await page.click('button.go');
    refusals.push(await page.locator('[role=alert]').innerText());
    assert.equal(await page.inputValue('#email'), email, 'what was typed is still there');
  }
  assert.equal(refusals[0], refusals[1]);
  await close();
});

test('whoever comes to a page signs in first and gets there', async () => {
  const { page, close } = await open(undefined, { language: 'en' });
  await page.goto('/customers?q=li');
  assert.match(page.url(), /\/sign-in\?next=/);
  await page.fill('#email', people.sales[0]);
  await page.fill('#password', people.sales[1]);
  await page.click('button.go');
  await page.waitForURL('**/customers?q=li');
  await close();
});

test('signing out ends it, here and in other windows', async () => {
  const { page, context, close } = await open();
  await signIn(page, 'owner');
  const other = await context.newPage();
  await other.goto('/customers');
  await page.click('[popovertarget=who-menu]');
  await page.click('form[action="/sign-out"] button');
  await page.waitForURL('**/sign-in');
  await other.goto('/customers');
  assert.match(other.url(), /\/sign-in/);
  await close();
});

test('a session that ends under an open page loses nothing that was typed', async () => {
  const { page, context, wrong, close } = await open();
  await signIn(page, 'owner');
  await page.goto('/customers');
  await context.clearCookies();
  await page.fill('#customers-q', '李');
  await page.waitForSelector('#again[open]');
  await page.fill('#again-password', people.owner[1]);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/customers?q=*');
  await page.waitForSelector('#again:not([open])', { state: 'attached' });
  assert.equal(await page.inputValue('#customers-q'), '李');
  assert.deepEqual(wrong, []);
  await close();
});

test('language and theme are chosen by a person and stay', async () => {
  const { page, close } = await open('sales', { language: 'zh-CN' });
  await page.goto('/customers');
  await page.click('[popovertarget=who-menu]');
  await Promise.all([page.waitForEvent('load'), page.selectOption('#me-language', 'en')]);
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await page.click('[popovertarget=who-menu]');
  await Promise.all([page.waitForEvent('load'), page.selectOption('#me-theme', 'dark')]);
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await page.goto('/customers');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await close();
});
