// What the documentation tells operators to write does what it says.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documented, startNginx } from '../support/nginx';
import { addMember, createRotation, names } from '../support/rotations';
import { freePort } from '../support/server';
import { signInAs } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

test.use({ ignoreHTTPSErrors: true });

test('behind the documented nginx people sign in, and pages follow what happens elsewhere', async ({ page, world }, testInfo) => {
  const nginx = process.env.ROUNDROBIN_NGINX;
  test.skip(nginx === undefined, 'there is no nginx');
  const ports = { https: await freePort(testInfo.parallelIndex), http: await freePort(testInfo.parallelIndex) };
  const url = `https://127.0.0.1:${ports.https}`;
  const folder = await mkdtemp(join(tmpdir(), 'roundrobin-nginx-'));
  const settings = await documented(ports, world.server.url, folder);
  // The plain one leads to the other: it answers without a certificate that Node would have to know.
  const proxy = await startNginx(nginx!, folder, settings, `http://127.0.0.1:${ports.http}`);
  try {
    await world.server.restart('SIGTERM', { ROUNDROBIN_PUBLIC_URL: url, ROUNDROBIN_TRUSTED_PROXIES: '127.0.0.1' });
    await signInAs(page, 'Ada Okafor');
    expect(page.url()).toContain(url);
    const path = await createRotation(page, 'Coffee');
    for (const name of ['Leila Haddad', 'Kenji Sato']) await addMember(page, name);

    const other = await page.context().newPage();
    await visit(page, path);
    await visit(other, path);
    await other.getByRole('button', { name: 'Rotate' }).click();
    await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
  } finally {
    // An open page goes on asking, and would complain of a proxy that has ended.
    for (const open of page.context().pages()) await open.goto('about:blank');
    await proxy.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
