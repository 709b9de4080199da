import assert from 'node:assert/strict';
import test from 'node:test';
import { base, byProvider, inEveryLook, looksRight, open, people, signIn } from './house.mjs';
import { code } from './totp.mjs';

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

const PASSWORD = 'seventh camel on the road';

/** Invites somebody, who chooses a password and is let in. */
async function joined(email, look) {
  const owner = await open('owner', look);
  const [{ value: token }] = (await owner.context.cookies()).filter(({ name }) => name === 'posthouse');
  const invited = await owner.context.request.post('/api/v1/staff', {
    headers: { authorization: `Bearer ${token}` },
    data: { email, role: 'sales', name: '周岚' },
  });
  assert.equal(invited.status(), 201);
  const { path, staff } = await invited.json();
  await owner.close();
  const house = await open(undefined, look);
  await house.page.goto(path);
  await house.page.fill('#password', PASSWORD);
  await Promise.all([house.page.waitForURL((url) => url.pathname === '/'), house.page.keyboard.press('Enter')]);
  return { ...house, id: staff.id };
}

/** Types address and password, and comes to the question for a code. */
async function halfway(page, email, next = '') {
  await page.goto(`/sign-in${next}`);
  await page.fill('#email', email);
  await page.fill('#password', PASSWORD);
  await Promise.all([page.waitForURL('**/sign-in/code**'), page.keyboard.press('Enter')]);
}

/** Sets a second factor up by keyboard, and answers its secret and the recovery codes. */
async function enrol(page) {
  await page.goto('/me/second-factor');
  await page.focus('.empty button.go');
  await Promise.all([page.waitForSelector('.qr'), page.keyboard.press('Enter')]);
  const secret = await page.locator('#secret').innerText();
  await page.fill('#code', code(secret));
  await page.keyboard.press('Enter');
  await page.waitForSelector('#codes');
  const codes = await page.locator('#codes code').allInnerTexts();
  assert.equal(codes.length, 10);
  return { secret, codes };
}

test('a second factor is set up, asked for, and opens once', async () => {
  const email = 'zhou.lan@silkroad.example';
  const { page, wrong, close } = await joined(email, { language: 'zh-CN' });
  // the menu leads there
  await page.click('[popovertarget=who-menu]');
  await page.click('#who-menu a[href="/me/second-factor"]');
  await page.waitForSelector('.empty button.go');
  await looksRight(page);
  await page.click('.empty button.go');
  await page.waitForSelector('.qr');
  await looksRight(page);
  // a wrong code confirms nothing, and the picture stays
  await page.fill('#code', '12');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]');
  const secret = await page.locator('#secret').innerText();
  await page.fill('#code', code(secret));
  await page.keyboard.press('Enter');
  await page.waitForSelector('#codes');
  await looksRight(page);
  const codes = await page.locator('#codes code').allInnerTexts();
  await Promise.all([page.waitForURL((url) => url.pathname === '/'), page.click('a.btn.go')]);
  assert.deepEqual(wrong, []);
  await close();

  const other = await open(undefined, { language: 'en', width: 390 });
  await halfway(other.page, email, '?next=%2Fcustomers');
  await looksRight(other.page);
  // halfway in is not in
  await other.page.goto('/customers');
  assert.match(other.page.url(), /\/sign-in\?next=/);
  await other.page.goto('/sign-in/code?next=%2Fcustomers');
  const next = code(secret, 1);
  await other.page.fill('#code', next);
  await Promise.all([other.page.waitForURL('**/customers'), other.page.keyboard.press('Enter')]);
  await other.context.clearCookies();
  // the same code a second time, then a recovery code, which is used up by it
  await halfway(other.page, email);
  await other.page.fill('#code', next);
  await other.page.keyboard.press('Enter');
  await other.page.waitForSelector('[role=alert]');
  await other.page.fill('#code', codes[0]);
  await Promise.all([other.page.waitForURL((url) => url.pathname === '/'), other.page.keyboard.press('Enter')]);
  await other.page.goto('/me/second-factor');
  assert.match(await other.page.locator('#main dl').innerText(), /\b9\b/);
  // a session that ends under an open page asks for it as well
  await other.page.goto('/customers');
  await other.context.clearCookies();
  await other.page.fill('#customers-q', '李');
  await other.page.waitForSelector('#again[open]');
  await other.page.fill('#again-password', PASSWORD);
  await other.page.keyboard.press('Enter');
  await other.page.waitForSelector('#again-code');
  await other.page.fill('#again-code', codes[1]);
  await other.page.keyboard.press('Enter');
  await other.page.waitForSelector('#again:not([open])', { state: 'attached' });
  await other.page.waitForURL('**/customers?q=*');
  // and it is switched off with password and code
  await other.page.goto('/me/second-factor');
  await other.page.click('[data-opens=remove]');
  await other.page.fill('#remove-password', PASSWORD);
  await other.page.fill('#remove-code', codes[2]);
  await other.page.keyboard.press('Enter');
  await other.page.waitForSelector('.empty button.go');
  await other.close();
});

test('too many wrong codes close the door', async () => {
  const email = 'wu.tong@silkroad.example';
  const { page, close } = await joined(email, { language: 'en' });
  const { codes } = await enrol(page);
  await page.context().clearCookies();
  await halfway(page, email);
  let said = '';
  for (let n = 0; n < 6; n++) {
    await page.fill('#code', 'nonsense');
    await Promise.all([page.waitForResponse('**/sign-in/code'), page.keyboard.press('Enter')]);
    said = await page.locator('[role=alert]').innerText();
  }
  assert.match(said, /too many wrong/);
  await page.fill('#code', codes[0]);
  await Promise.all([page.waitForResponse('**/sign-in/code'), page.keyboard.press('Enter')]);
  assert.match(await page.locator('[role=alert]').innerText(), /too many wrong/);
  await close();
});

test('where everybody needs one, nothing else comes first; and who has lost it is helped', async () => {
  const email = 'he.jing@silkroad.example';
  const { page, id, close } = await joined(email, { language: 'en' });
  const owner = await open('owner', { language: 'en' });
  const demand = async (needed) => {
    await owner.page.goto('/me/second-factor');
    await owner.page.click(`button[name=needed][value=${needed}]`);
    await owner.page.waitForSelector(`button[name=needed][value=${!needed}]`);
  };
  await demand(true);
  try {
    await page.goto('/customers');
    assert.equal(new URL(page.url()).pathname, '/me/second-factor');
    assert.equal(await page.locator('#rail a[data-go]').count(), 0, 'no room is offered');
    await enrol(page);
    await Promise.all([page.waitForURL((url) => url.pathname === '/'), page.click('a.btn.go')]);
    await page.goto('/customers');
    assert.equal(new URL(page.url()).pathname, '/customers');
  } finally {
    await demand(false);
  }
  await owner.page.goto(`/team/people/${id}`);
  await owner.page.click('[data-opens=take-factor]');
  await looksRight(owner.page);
  await owner.page.click('#take-factor .btn.grave');
  await owner.page.waitForSelector('[data-opens=take-factor]', { state: 'detached' });
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await page.fill('#email', email);
  await page.fill('#password', PASSWORD);
  await Promise.all([page.waitForURL((url) => url.pathname === '/'), page.keyboard.press('Enter')]);
  await owner.close();
  await close();
});

test('the provider lets in whom the agency knows, and nobody else', async () => {
  const { page, close } = await open(undefined, { language: 'en' });
  await byProvider(page, 'sales', '/sign-in?next=%2Fcustomers');
  assert.equal(new URL(page.url()).pathname, '/customers');
  await close();
  for (const [login, said] of [
    ['stranger', /nobody who can sign in here has the address stranger@/],
    ['unverified', /has not verified your e-mail/],
    ['elsewhere', /nobody who can sign in here/],
  ]) {
    const house = await open(undefined, { language: 'en' });
    await byProvider(house.page, login);
    assert.match(await house.page.locator('[role=alert]').innerText(), said, login);
    await house.page.goto('/customers');
    assert.match(house.page.url(), /\/sign-in/, `${login} is not in`);
    await house.close();
  }
});

test('who was invited and comes by the provider has joined, and stays the same person under another address', async () => {
  const owner = await open('owner', { language: 'en' });
  const [{ value: token }] = (await owner.context.cookies()).filter(({ name }) => name === 'posthouse');
  const headers = { authorization: `Bearer ${token}` };
  const data = { email: 'invited@silkroad.example', role: 'sales', name: '方晴' };
  const invited = await owner.context.request.post('/api/v1/staff', { headers, data });
  const { staff, path } = await invited.json();
  for (const address of ['invited@silkroad.example', 'renamed@silkroad.example']) {
    const house = await open(undefined, { language: 'en' });
    const origin = await byProvider(house.page, 'fang');
    assert.equal(new URL(house.page.url()).pathname, '/', address);
    assert.match(await house.page.locator('#rail .who').innerText(), /方晴/, address);
    const other = { email: 'renamed@silkroad.example', email_verified: false };
    await fetch(`${origin}/accounts/fang`, { method: 'PUT', body: JSON.stringify(other) });
    await house.close();
  }
  const now = await (await owner.context.request.get(`/api/v1/staff/${staff.id}`, { headers })).json();
  assert.equal(now.state, 'active');
  await owner.page.goto(path);
  assert.equal(await owner.page.locator('#password').count(), 0, 'the link is used up');
  // somebody else who has got that address there since is not them
  const other = await open(undefined, { language: 'en' });
  await byProvider(other.page, 'successor');
  assert.match(await other.page.locator('[role=alert]').innerText(), /nobody who can sign in here/);
  await other.close();
  await owner.close();
});

test('what comes back without having been sent is not taken', async () => {
  const { page, context, close } = await open(undefined, { language: 'en' });
  await page.goto('/sign-in/provider/back?code=abc&state=def');
  assert.match(await page.locator('[role=alert]').innerText(), /not begun in this browser/);
  // nor is an answer to another question
  await page.goto('/sign-in');
  await Promise.all([page.waitForURL((url) => url.origin !== base), page.click('a[href^="/sign-in/provider"]')]);
  assert.ok((await context.cookies()).some(({ name, httpOnly }) => name === 'posthouse-errand' && httpOnly));
  await page.goto(`${base}/sign-in/provider/back?code=abc&state=def`);
  assert.match(await page.locator('[role=alert]').innerText(), /not begun in this browser/);
  await close();
});
