import assert from 'node:assert/strict';
import test from 'node:test';
import { base, inEveryLook, open, people } from './house.mjs';

/** What no earlier run has called anybody. */
const fresh = () => Date.now().toString(36) + Math.floor(Math.random() * 1e6).toString(36);

/** Invites somebody as the owner, in English; leaves their page open, with the link. */
async function invite(page, name, email, role) {
  await page.goto('/team');
  await page.keyboard.press('n');
  await page.waitForSelector('#invite[open]');
  await page.fill('#invite-email', email);
  await page.fill('#invite-name', name);
  await page.selectOption('#invite-role', role);
  await page.click('#invite button.go');
  await page.waitForSelector('#link');
  return (await page.locator('#link').innerText()).trim();
}

test('people, roles, branches, keys and the log look right everywhere', async () => {
  await inEveryLook('owner', '/team', (page) => page.waitForSelector('.list tbody tr.row'));
  await inEveryLook('owner', '/team/roles', (page) => page.waitForSelector('.list tbody tr.row'));
  await inEveryLook('owner', '/team/roles/guide');
  await inEveryLook('owner', '/team/new-role?like=sales');
  await inEveryLook('owner', '/team/branches');
  await inEveryLook('owner', '/team/keys', (page) => page.waitForSelector('#main tbody tr'));
  await inEveryLook('owner', '/audit', (page) => page.waitForSelector('#main tbody tr'));
});

test('a colleague is invited, joins, gets another role, and is disabled', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const name = `Zhou ${fresh()}`;
  const email = `${fresh()}@silk.example`;
  // what is not right is said where it was typed
  await page.goto('/team');
  await page.click('[data-opens=invite]');
  await page.fill('#invite-email', people.sales[0]);
  await page.selectOption('#invite-role', 'sales');
  await page.click('#invite button.go');
  await page.waitForSelector('#invite .told:not(:empty)');
  assert.match(await page.locator('#invite .told').innerText(), /is of the staff already/);
  assert.equal(await page.inputValue('#invite-email'), people.sales[0]);
  const link = await invite(page, name, email, 'sales');
  assert.ok(link.startsWith(`${base}/join/`), link);
  assert.match(page.url(), /\/team\/people\//);
  const person = page.url();
  await page.reload();
  assert.equal(await page.locator('#link').count(), 0, 'shown once');

  const theirs = await open(null, { language: 'en' });
  await theirs.page.goto(link);
  assert.equal(await theirs.page.inputValue('#name'), name);
  await theirs.page.fill('input[name=password]', 'seventh camel on the road');
  await theirs.page.keyboard.press('Enter');
  await theirs.page.waitForURL((url) => url.pathname === '/');
  assert.equal(await theirs.page.locator('a[href="/team"]').count(), 0, 'not for sales');

  await page.reload();
  assert.match(await page.locator('.head').innerText(), /Active/);
  await page.selectOption('#person-role', 'crm_specialist');
  await page.click('form:has(#person-role) button.go');
  await page.waitForSelector('.said [role=status]');
  await page.waitForFunction(() => document.querySelector('.side')?.textContent.includes('Campaigns'));
  await theirs.page.goto('/campaigns');
  assert.equal(await theirs.page.locator('h1').count(), 1);
  assert.equal((await theirs.page.goto('/campaigns/new')).status(), 200, 'from the next click on');

  await page.click('[data-opens=disable]');
  assert.match(await page.locator('#disable').innerText(), new RegExp(`Disable ${name}\\?`));
  await page.click('#disable button.grave');
  await page.waitForSelector('.head .tag:has-text("Disabled")');
  await theirs.page.goto('/');
  assert.match(theirs.page.url(), /\/sign-in/);
  await page.click('form[action$="/state"] button.go');
  await page.waitForSelector('.head .tag:has-text("Active")');

  // the log tells of it, and leads back
  await page.click('.side a[href^="/audit?subject="]');
  await page.waitForURL((url) => url.pathname === '/audit');
  await page.waitForSelector('#main tbody tr');
  assert.match(await page.locator('#main tbody').innerText(), /Invited/);
  await page.locator(`#main tbody a[href="${new URL(person).pathname}"]`).first().click();
  await page.waitForURL(person);
  assert.deepEqual([wrong, theirs.wrong], [[], []]);
  await theirs.close();
  await close();
});

test('a role is made from another one, given words, and deleted', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const title = `Desk ${fresh()}`;
  await page.goto('/team/roles/sales');
  await page.click('.head a[href*="like=sales"]');
  await page.waitForSelector('#role-en');
  await page.fill('#role-zh', '前台');
  await page.fill('#role-en', title);
  const ticked = page.locator('input[name=scope]:checked');
  while ((await ticked.count()) > 0) await ticked.first().uncheck();
  await page.click('form:has(#role-en) button.go');
  await page.waitForSelector('#main form .told .notice');
  assert.match(await page.locator('#main form .told').innerText(), /at least one permission/);
  await page.check('input[name=scope][value=read]');
  await page.check('input[name=mask][value=money]');
  await page.check('input[name=rows][value=branch]');
  await page.click('form:has(#role-en) button.go');
  await page.waitForURL('**/team/roles/desk_*');
  await page.waitForSelector('.head [data-opens=drop-role]');
  assert.ok(await page.isChecked('input[name=mask][value=money]'));
  assert.ok(!(await page.isChecked('input[name=scope][value=quotes]')));
  await page.check('input[name=scope][value=quotes]');
  await page.click('form:has(#role-en) button.go');
  // the line of the step before may still stand
  await page.waitForSelector('.said >> text=is saved');
  await page.click('[data-opens=drop-role]');
  await page.click('#drop-role button.grave');
  await page.waitForURL('**/team/roles');
  await page.waitForSelector('.list tbody tr.row');
  assert.ok(!(await page.locator('#main').innerText()).includes(title));
  assert.deepEqual(wrong, []);
  await close();
});

test('a branch is added and renamed', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const [first, second] = [`Jing'an ${fresh()}`, `Xuhui ${fresh()}`];
  await page.goto('/team/branches');
  await page.keyboard.press('n');
  await page.fill('#branch-name', first);
  await page.keyboard.press('Enter');
  await page.waitForSelector(`#main td:has-text("${first}")`);
  await page.click(`tr:has-text("${first}") button[data-opens]`);
  await page.waitForSelector('dialog[open] input[name=name]');
  await page.fill('dialog[open] input[name=name]', second);
  await page.keyboard.press('Enter');
  await page.waitForSelector(`#main td:has-text("${second}")`);
  assert.deepEqual(wrong, []);
  await close();
});

test('a key is made, made again, and revoked, and opens no longer', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  const name = `website ${fresh()}`;
  const opens = async (key) => (await fetch(`${base}/api/v1/customers?limit=1`, { headers: { authorization: `Bearer ${key}` } })).status;
  await page.goto('/team/keys');
  await page.click('[data-opens=new-key]');
  await page.fill('#key-name', name);
  await page.click('#new-key button.go');
  await page.waitForSelector('#new-key .told .notice');
  await page.check('#new-key input[value=read]');
  await page.click('#new-key button.go');
  await page.waitForSelector('#secret');
  const first = await page.locator('#secret').innerText();
  assert.equal(await opens(first), 200);
  await page.click(`tr:has-text("${name}") button[data-opens^=again]`);
  await page.click('dialog[open] button.go');
  await page.waitForFunction((before) => document.querySelector('#secret')?.textContent !== before, first);
  const second = await page.locator('#secret').innerText();
  assert.deepEqual([await opens(first), await opens(second)], [200, 200]);
  // the one before is the lower of the two
  await page.locator(`tr:has-text("${name}")`).last().locator('button[data-opens^=revoke]').click();
  assert.match(await page.locator('dialog[open]').innerText(), new RegExp(`Revoke “${name}”\\?`));
  await page.click('dialog[open] button.grave');
  await page.waitForFunction((name) => [...document.querySelectorAll('#main tbody tr')].filter((row) => row.textContent.includes(name)).length === 1, name);
  assert.deepEqual([await opens(first), await opens(second)], [401, 200]);
  assert.equal(await page.locator('#secret').count(), 0, 'shown once');
  assert.deepEqual(wrong, []);
  await close();
});

test('the log is filtered, verified and taken away, by keyboard alone', async () => {
  const { page, wrong, close } = await open('owner', { language: 'en' });
  await page.goto('/');
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await page.waitForURL('**/team');
  await page.waitForSelector('.tabs a[href="/audit"]');
  await page.locator('.tabs a[href="/audit"]').focus();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/audit');
  await page.waitForSelector('#main tbody tr');
  await page.keyboard.press('v');
  await page.waitForSelector('#verify[open]');
  await page.locator('#verify button.go').focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('.notice.good');
  assert.match(await page.locator('.notice.good').innerText(), /[\d,]+ entries verified\. The log is whole\./);
  const [kept, hash] = (await page.getAttribute('.notice.good [data-copies]', 'data-copies')).split(' ');
  assert.match(hash, /^[0-9a-f]{64}$/);
  // a hash that was kept is compared
  for (const [told, tone] of [[hash, 'good'], ['0'.repeat(64), 'bad']]) {
    await page.click('[data-opens=verify]');
    await page.click('#verify summary');
    await page.fill('#kept-entry', kept);
    await page.fill('#kept-hash', told);
    await page.click('#verify button.go');
    await page.waitForSelector(`#main .notice.${tone}`);
  }
  await page.goto('/audit');
  await page.fill('#audit-from', '2000-01-01');
  await page.fill('#audit-to', '2000-01-02');
  await page.click('form[role=search] button');
  await page.waitForSelector('#main .empty');
  await page.goto('/audit');
  const file = await page.context().request.get(`${base}${await page.getAttribute('a[download]', 'href')}`);
  const lines = (await file.text()).trim().split('\n');
  assert.match(lines[0], /No\.,When,Who,What/);
  assert.ok(lines.length > 10 && lines.at(-1).startsWith('1,'), lines.at(-1));
  assert.deepEqual(wrong, []);
  await close();
});

test('whoever does not look after the team sees nothing of it', async () => {
  const { page, close } = await open('sales');
  await page.goto('/');
  assert.equal(await page.locator('a[href="/team"]').count(), 0);
  for (const path of ['/team', '/team/roles', '/team/branches', '/team/keys', '/audit', '/audit.csv']) {
    assert.equal((await page.context().request.get(`${base}${path}`)).status(), 403, path);
  }
  await close();
});
