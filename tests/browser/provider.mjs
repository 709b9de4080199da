// A provider of sign-ins (OpenID Connect) for the tests, on an address of this machine: `node provider.mjs ACCOUNTS`, where accounts are JSON, by what
// somebody types as their login. It says where it listens, and ends with its standard input.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const accounts = JSON.parse(process.argv[2]);
const client = {
  client_id: 'posthouse',
  client_secret: 'a secret of the tests',
  redirect_uris: ['http://127.0.0.1/sign-in/provider/back'],
  response_types: ['code'],
  grant_types: ['authorization_code'],
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [client],
    cookies: { keys: ['a key of the tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    pkce: { required: () => true },
    findAccount: (_, login) => {
      const known = accounts[login];
      return known && { accountId: login, claims: () => ({ sub: login, ...known }) };
    },
    // nobody is asked whether this server may know who they are
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
  });
  // the tests serve on any port
  provider.Client.prototype.redirectUriAllowed = (uri) => new URL(uri).hostname === '127.0.0.1' && new URL(uri).pathname === '/sign-in/provider/back';
  const answer = provider.callback();
  server.on('request', async (request, response) => {
    // what somebody's account is from now on: `PUT /accounts/LOGIN`
    const [, login] = request.method === 'PUT' ? request.url.split('/accounts/') : [];
    if (!login) return answer(request, response);
    let body = '';
    for await (const part of request) body += part;
    accounts[login] = JSON.parse(body);
    response.end();
  });
  console.log(`listening on ${issuer}`);
});

process.stdin.on('end', () => process.exit(0)).resume();
