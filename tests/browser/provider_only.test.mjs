// Where the provider asks for a second factor itself (oidc.second-factor), and whoever has come by it uses no password any more (oidc.password).
import assert from 'node:assert/strict';
import test from 'node:test';
import { byProvider, open, people } from './house.mjs';

async function typesPassword(page) {
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await page.fill('#email', people.sales[0]);
  await page.fill('#password', people.sales[1]);
  await page.click('button.go');
  await page.waitForLoadState();
}

test('a password opens nothing once its owner has come by the provider', async () => {
  const { page, close } = await open(undefined, { language: 'en' });
  await typesPassword(page);
  await page.waitForURL((url) => url.pathname === '/');
  await page.context().clearCookies();
  await byProvider(page, 'sales');
  assert.equal(new URL(page.url()).pathname, '/');
  await typesPassword(page);
  assert.equal(await page.locator('[role=alert]').count(), 1);
  await page.goto('/customers');
  assert.match(page.url(), /\/sign-in/);
  await close();
});

test('whoever comes by a provider that asks for a second factor is asked for none here', async () => {
  const owner = await open('owner', { language: 'en' });
  const [{ value: token }] = (await owner.context.cookies()).filter(({ name }) => name === 'posthouse');
  const headers = { authorization: `Bearer ${token}` };
  const wanted = await owner.context.request.patch('/api/v1/agency', { headers, data: { second_factor_needed: true } });
  assert.equal(wanted.status(), 200, await wanted.text());
  await owner.page.goto('/customers');
  assert.equal(new URL(owner.page.url()).pathname, '/me/second-factor', 'who came by a password');
  await owner.close();
  const { page, close } = await open(undefined, { language: 'en' });
  await byProvider(page, 'sales', '/sign-in?next=%2Fcustomers');
  assert.equal(new URL(page.url()).pathname, '/customers');
  await close();
});
