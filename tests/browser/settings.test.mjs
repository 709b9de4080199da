import assert from 'node:assert/strict';
import test from 'node:test';
import { base, inEveryLook, open } from './house.mjs';

const PASSWORD = 'seventh camel on the road';

/** Somebody new, with a page of their own. */
async function newcomer(role) {
  const owner = await open('owner', { language: 'en' });
  const email = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6)}@silk.example`;
  await owner.page.goto('/team');
  await owner.page.click('[data-opens=invite]');
  await owner.page.fill('#invite-email', email);
  await owner.page.selectOption('#invite-role', role);
  await owner.page.click('#invite button.go');
  await owner.page.waitForSelector('#link');
  const link = (await owner.page.locator('#link').innerText()).trim();
  await owner.close();
  const theirs = await open(null, { language: 'en' });
  await theirs.page.goto(link);
  await theirs.page.fill('input[name=password]', PASSWORD);
  await theirs.page.keyboard.press('Enter');
  await theirs.page.waitForURL((url) => url.pathname === '/');
  return { ...theirs, email };
}

test('settings look right everywhere', async () => {
  await inEveryLook('owner', '/settings');
  await inEveryLook('sales', '/settings');
  await inEveryLook('owner', '/settings/agency');
  await inEveryLook('owner', '/settings/attributes');
});

test('everybody chooses language and look for themselves', async () => {
  const { page, wrong, close } = await newcomer('guide');
  await page.goto('/');
  await page.keyboard.press('g');
  await page.keyboard.press(',');
  await page.waitForURL('**/settings');
  await page.waitForSelector('#own-language');
  assert.equal(await page.locator('.tabs').count(), 0, 'nothing but their own page');
  await page.selectOption('#own-language', 'zh-CN');
  await page.selectOption('#own-theme', 'dark');
  await page.click('form:has(#own-language) button.go');
  await page.waitForFunction(() => document.documentElement.lang === 'zh-CN' && document.documentElement.dataset.theme === 'dark');
  await page.selectOption('#own-language', 'device');
  await page.click('form:has(#own-language) button.go');
  await page.waitForFunction(() => document.documentElement.lang === 'en');
  assert.deepEqual(wrong, []);
  await close();
});

test('a password is changed, and other sessions end', async () => {
  const { page, wrong, email, close } = await newcomer('guide');
  const other = await open(null, { language: 'en' });
  await other.page.goto('/sign-in');
  await other.page.fill('#email', email);
  await other.page.fill('#password', PASSWORD);
  await other.page.keyboard.press('Enter');
  await other.page.waitForURL((url) => url.pathname === '/');
  await page.goto('/settings');
  assert.equal(await page.locator('section:has(form[action="/settings/sessions"]) tbody tr').count(), 2);
  await page.fill('#present', 'not this one');
  await page.fill('#new', 'another camel entirely');
  await page.click('form[action="/settings/password"] button.go');
  await page.waitForSelector('form[action="/settings/password"] .told .notice');
  assert.match(await page.locator('form[action="/settings/password"] .told').innerText(), /present password is not right/);
  assert.equal(await page.inputValue('#new'), 'another camel entirely', 'what was typed stays');
  await page.fill('#present', PASSWORD);
  await page.click('form[action="/settings/password"] button.go');
  await page.waitForSelector('.said [role=status]');
  await other.page.goto('/');
  assert.match(other.page.url(), /\/sign-in/);
  await page.goto('/settings');
  assert.equal(await page.locator('tbody tr').count(), 1, 'here they stay');
  // and one of several is ended
  await other.page.fill('#email', email);
  await other.page.fill('#password', 'another camel entirely');
  await other.page.keyboard.press('Enter');
  await other.page.waitForURL((url) => url.pathname === '/');
  await page.goto('/settings');
  await page.click('tbody form button');
  await page.waitForFunction(() => document.querySelectorAll('#main tbody tr').length === 1);
  await other.page.goto('/');
  assert.match(other.page.url(), /\/sign-in/);
  assert.deepEqual(wrong, []);
  await other.close();
  await close();
});

test('the agency gets another name', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/settings/agency');
  const before = await page.inputValue('#agency-name');
  for (const name of ['Jade Gate Travel', before]) {
    await page.fill('#agency-name', name);
    await page.click('form[action="/settings/agency"] button.go');
    await page.waitForFunction((name) => document.querySelector('#rail .brand bdi')?.textContent === name, name);
  }
  // an agency with customers is lent none
  assert.equal(await page.locator('form[action="/settings/samples"]').count(), 0);
  assert.deepEqual(wrong, []);
  await close();
});

test('a field of customers is added, changed and deleted', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const key = `card-${Date.now().toString(36)}`;
  await page.goto('/settings/attributes');
  await page.keyboard.press('n');
  await page.fill('#zh', '会员卡级别');
  await page.fill('#en', 'Card level');
  // the customer's own fields keep their names
  await page.fill('#key', 'gender');
  await page.click('#new-attribute button.go');
  await page.waitForSelector('#new-attribute .told .notice');
  assert.equal(await page.inputValue('#en'), 'Card level', 'what was typed stays');
  await page.fill('#key', key);
  await page.click('#new-attribute button.go');
  await page.waitForSelector(`#main code:has-text("attr.${key}")`);
  await page.click(`tr:has-text("attr.${key}") [data-opens^=attribute]`);
  await page.fill('dialog[open] input[name=en]', 'Loyalty card');
  await page.check('dialog[open] input[value=ordinary]');
  await page.click('dialog[open] button.go');
  await page.waitForSelector(`tr:has-text("Loyalty card")`);
  assert.match(await page.locator(`tr:has-text("attr.${key}")`).innerText(), /Any rule/);
  await page.click(`tr:has-text("attr.${key}") [data-opens^=drop]`);
  await page.click('dialog[open] button.grave');
  await page.waitForFunction((key) => !document.querySelector('#main').textContent.includes(key), key);
  assert.deepEqual(wrong, []);
  await close();
});

test('what is settled for all is not for everybody', async () => {
  const { page, close } = await open('sales');
  for (const path of ['/settings/agency', '/settings/attributes']) {
    assert.equal((await page.context().request.get(`${base}${path}`)).status(), 403, path);
  }
  await close();
});
