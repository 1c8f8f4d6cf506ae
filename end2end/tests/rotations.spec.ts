// Rotations by hand: who is in them, whose turn it is, who may change them and
// who sees them.
import { post } from '../support/calls';
import { connectWithApiKey } from '../support/connection';
import { addMember, addMembers, addOwners, card, change, createRotation, makeBoundRotation, makePrivate, mode, names, openAddition, openEditor, openMenu, row } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

test('a rotation is made, edited and, after asking, deleted', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await page.getByRole('link', { name: 'Create the first one' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Coffe');
  await page.getByRole('textbox', { name: 'Code' }).fill('brew-1');
  await page.getByRole('button', { name: 'Create Rotation' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Coffe' })).toBeVisible();
  await expect(mode(page)).toHaveText('Manual');
  await expect(page.getByText('BREW-1')).toBeVisible();
  await expect(row(page, 'Owners', 'Ada Okafor')).toContainText('You');
  await expect(page.getByRole('region', { name: 'Members' })).toContainText('Nobody is in this rotation yet');

  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await expect(page.getByRole('textbox', { name: 'Code' })).toHaveValue('BREW-1');
  await page.getByRole('textbox', { name: 'Name' }).fill('Coffee');
  await page.getByRole('textbox', { name: 'Description' }).fill('Beans\nand <milk> & sugar');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Coffee' })).toBeVisible();
  await expect(page.getByText('and <milk> & sugar')).toBeVisible();
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await expect(page.getByRole('textbox', { name: 'Description' })).toHaveValue('Beans\nand <milk> & sugar');

  const dialog = page.getByRole('dialog', { name: 'Delete rotation' });
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await expect(page).toHaveURL('/rotations');
  await expect(page.getByRole('heading', { name: 'Nobody takes turns yet' })).toBeVisible();
});

test('in a large workspace people are searched for, and several join at once', async ({ page, world }) => {
  await world.sandbox.control('seed', { users: 60 });
  await signInAs(page, 'Ada Okafor');
  await createRotation(page, 'Coffee');
  const members = page.getByRole('region', { name: 'Members' });
  const boxes = members.getByRole('checkbox');
  await expect(boxes).toHaveCount(20);
  const search = members.getByRole('searchbox', { name: 'Find people' });
  const asked: (string | null)[] = [];
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname === '/rpc/people') asked.push(searchParams.get('search'));
  });
  // In no time between two letters, however busy this machine is.
  await search.evaluate((field: HTMLInputElement, text) => {
    for (const letter of text) {
      field.value += letter;
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }
  }, 'HADDAD leila');
  const leila = members.getByRole('checkbox', { name: 'Leila Haddad' });
  await expect(boxes).toHaveCount(1);
  expect(asked, 'asked once the typing rests').toEqual(['HADDAD leila']);
  await leila.check();
  await expect(members.getByRole('button', { name: 'Add 1 person' })).toBeVisible();
  await search.fill('kenji.sato@');
  await members.getByRole('checkbox', { name: 'Kenji Sato' }).check();
  await expect(leila, 'whoever was ticked stays').toBeChecked();
  await members.getByRole('button', { name: 'Add 2 people' }).click();
  await expect(names(page, 'Members')).toHaveText(['Leila Haddad', 'Kenji Sato']);
  await expect(page.getByRole('log')).toContainText('Leila Haddad and Kenji Sato were added.');
  // Whoever has joined is no candidate any more, and the search stays.
  await expect(boxes).toHaveCount(0);
  await expect(members.getByText('Nobody else is found')).toBeVisible();
  await expect(members.getByRole('button', { name: 'Add people', exact: true })).toBeVisible();
});

test('one who cannot be added is named and hinders nobody else', async ({ page, openBrowser }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await createRotation(page, 'Coffee');
  const form = await openAddition(page);
  for (const name of ['Wei Zhang', 'Kenji Sato']) await form.getByRole('checkbox', { name }).check();
  // Of what happens elsewhere, this page hears too late.
  let tell = () => {};
  const told = new Promise<void>((resolve) => (tell = resolve));
  await page.route('**/rpc/rotation?**', async (route) => {
    await told;
    await route.continue();
  });
  const other = await openBrowser();
  await signInAs(other, 'Ada Okafor');
  await visit(other, path);
  await addMember(other, 'Wei Zhang');
  await form.getByRole('button', { name: 'Add' }).click();
  tell();
  await expect(page.getByRole('alert').filter({ hasText: 'Wei Zhang was not added. This person is already in the rotation.' })).toBeVisible();
  await expect(names(page, 'Members')).toHaveText(['Wei Zhang', 'Kenji Sato']);
});

test('a change by hand is undone where it is told, and not once something else has changed', async ({ page, openBrowser }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await createRotation(page, 'Coffee');
  await addMembers(page, 'Wei Zhang', 'Leila Haddad', 'Kenji Sato');
  const said = page.getByRole('log', { name: 'What was done' });
  const toast = (text: string) => said.locator('.toast').filter({ hasText: text });
  const rotate = page.getByRole('button', { name: 'Rotate' });
  await rotate.click();
  await expect(toast('Kenji Sato is on duty now.')).toBeVisible();
  await rotate.click();
  await toast('Leila Haddad is on duty now.').getByRole('button', { name: 'Undo' }).click();
  await expect(toast('Undone. Kenji Sato is on duty now.')).toBeVisible();
  await expect(names(page, 'On duty now')).toHaveText(['Kenji Sato']);
  await expect(page.getByRole('main')).toBeFocused();

  await change(page, 'Set on duty', 'Wei Zhang');
  await expect(names(page, 'On duty now')).toHaveText(['Wei Zhang']);
  await change(page, 'Remove', 'Wei Zhang');
  await expect(names(page, 'Members')).toHaveText(['Kenji Sato', 'Leila Haddad']);
  await toast('Wei Zhang was removed and is off duty.').getByRole('button', { name: 'Undo' }).click();
  await expect(names(page, 'Members')).toHaveText(['Kenji Sato', 'Leila Haddad', 'Wei Zhang']);
  await expect(names(page, 'On duty now')).toHaveText(['Wei Zhang']);

  await rotate.click();
  const told = toast('Kenji Sato is on duty now.').last();
  await expect(told).toBeVisible();
  const other = await openBrowser();
  await signInAs(other, 'Ada Okafor');
  await visit(other, path);
  await change(other, 'Set on duty', 'Leila Haddad');
  await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
  await told.getByRole('button', { name: 'Undo' }).click();
  await expect(toast('This rotation has changed since, so nothing was undone.')).toBeVisible();
  await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
});

test('members take turns in their order, and anybody of them can be set on duty', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await createRotation(page, 'Coffee');
  for (const name of ['Wei Zhang', 'Leila Haddad', 'Kenji Sato']) await addMember(page, name);
  await expect(page.getByRole('region', { name: 'On duty now' })).toContainText('Nobody is on duty');

  await change(page, 'Move up', 'Kenji Sato');
  await expect(names(page, 'Members')).toHaveText(['Wei Zhang', 'Kenji Sato', 'Leila Haddad']);
  await change(page, 'Move down', 'Wei Zhang');
  await expect(names(page, 'Members')).toHaveText(['Kenji Sato', 'Wei Zhang', 'Leila Haddad']);

  for (const next of ['Kenji Sato', 'Wei Zhang', 'Leila Haddad', 'Kenji Sato']) {
    await page.getByRole('button', { name: 'Rotate' }).click();
    await expect(names(page, 'On duty now')).toHaveText([next]);
  }
  await change(page, 'Set on duty', 'Leila Haddad');
  await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(names(page, 'On duty now')).toHaveText(['Kenji Sato']);

  await change(page, 'Remove', 'Wei Zhang');
  await expect(names(page, 'Members')).toHaveText(['Kenji Sato', 'Leila Haddad']);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);

  await visit(page, '/rotations');
  await expect(card(page, 'Coffee')).toContainText('Leila Haddad');
  await expect(card(page, 'Coffee')).toContainText('2 members');
  await visit(page, path);
  await expect(names(page, 'Members')).toHaveText(['Kenji Sato', 'Leila Haddad']);

  const menu = await openMenu(page, 'Leila Haddad');
  await expect(menu).toContainText('nobody takes over until somebody rotates');
  await expect(menu.getByRole('menuitem')).toHaveText(['Move up', 'Remove']);
  await menu.getByRole('menuitem', { name: 'Remove' }).click();
  await expect(names(page, 'Members')).toHaveText(['Kenji Sato']);
  const said = page.getByRole('log', { name: 'What was done' });
  await expect(said).toContainText('Leila Haddad was removed and is off duty. Nobody took over by that.');
});

test('addresses in a description are links, and nothing else is', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await createRotation(page, 'Coffee');
  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await page.getByRole('textbox', { name: 'Description' }).fill('ראו https://beans.example/how?to=1.\njavascript:alert(1)');
  await page.getByRole('button', { name: 'Save' }).click();
  const description = page.locator('.description');
  await expect(description).toHaveText(/javascript:alert\(1\)/);
  await expect(description.getByRole('link')).toHaveText(['https://beans.example/how?to=1']);
  const link = description.getByRole('link');
  await expect(link).toHaveAttribute('href', 'https://beans.example/how?to=1');
  await expect(link).toHaveAttribute('rel', 'external noopener noreferrer');
  await page.getByRole('link', { name: 'All rotations' }).click();
  await expect(page).toHaveURL('/rotations');
});

test('a duty size of two puts two people on duty at once', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await visit(page, '/rotations/new');
  await page.getByRole('textbox', { name: 'Name' }).fill('Pairs');
  await page.getByRole('textbox', { name: 'Duty size' }).fill('2');
  await page.getByRole('button', { name: 'Create Rotation' }).click();
  for (const name of ['Wei Zhang', 'Leila Haddad', 'Kenji Sato']) await addMember(page, name);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(names(page, 'On duty now')).toHaveText(['Wei Zhang', 'Leila Haddad']);
});

test('rotating a rotation without members is refused with a sentence', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await createRotation(page, 'Coffee');
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Add a member who is active in Slack first' })).toBeVisible();
  await page.getByRole('button', { name: 'Add people' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Choose a person from the list' })).toBeVisible();
});

test('owners edit, others look, and an owner cannot remove themselves', async ({ page, openBrowser }) => {
  await signInAs(await openBrowser(), 'Ada Okafor');
  await signInAs(page, 'Wei Zhang');
  const path = await createRotation(page, 'Coffee');
  await addMember(page, 'Leila Haddad');
  await expect(row(page, 'Owners', 'Wei Zhang').getByRole('button')).toHaveCount(0);

  const other = await openBrowser();
  await signInAs(other, 'Kenji Sato');
  await visit(other, path);
  await expect(other.getByText("Only the rotation's owners and workspace admins may change it")).toBeVisible();
  for (const name of ['Rotate', 'Delete', 'Edit schedule', 'Change', 'Remove', 'Add']) {
    await expect(other.getByRole('main').getByRole('button', { name })).toHaveCount(0);
  }
  const id = path.split('/').at(-1)!;
  for (const [call, form] of [
    ['rotate', {}],
    ['delete_rotation', {}],
    ['set_on_duty', { member: 'slack:U13LEILAHA' }],
    ['add_owners', { 'people[0]': 'U12KENJISA' }],
    ['set_schedule', { mode: 'manual' }],
    ['edit_rotation', { 'input[name]': 'Tea' }],
  ] as const) {
    expect((await post(other, `/rpc/${call}`, { id, ...form })).status(), call).toBe(403);
  }

  await openEditor(page);
  await addOwners(page, 'Kenji Sato', 'Tomás Herrera');
  await expect(other.getByRole('button', { name: 'Rotate' })).toBeVisible();
  await row(page, 'Owners', 'Tomás Herrera').getByRole('button', { name: 'Remove' }).click();
  await row(page, 'Owners', 'Kenji Sato').getByRole('button', { name: 'Remove' }).click();
  await expect(names(page, 'Owners')).toHaveText(['Wei Zhang']);
  await expect(row(page, 'Owners', 'Wei Zhang').getByRole('button')).toHaveCount(0);
  await page.getByRole('link', { name: 'Cancel' }).click();
  await expect(other.getByRole('button', { name: 'Rotate' })).toHaveCount(0);
  await expect(names(page, 'Members'), 'an owner is not thereby a member').toHaveText(['Leila Haddad']);
  const themselves = await post(page, '/rpc/remove_owner', { id, person: 'U07WEIZHAN' });
  expect(await themselves.text()).toContain('CannotRemoveYourself');
});

test.describe('a private rotation', () => {
  test.use({ expectedConsole: /status of 404/ });

  test('is for its members, its owners and workspace admins only', async ({ page, openBrowser }) => {
    const admin = await openBrowser();
    await signInAs(admin, 'Ada Okafor');
    await signInAs(page, 'Wei Zhang');
    const path = await createRotation(page, 'Surprise party');
    await addMember(page, 'Leila Haddad');
    await makePrivate(page);

    const stranger = await openBrowser();
    await signInAs(stranger, 'Kenji Sato');
    await expect(stranger.getByRole('heading', { name: 'Nobody takes turns yet' })).toBeVisible();
    expect((await stranger.goto(path))!.status()).toBe(404);
    await expect(stranger.getByText('Surprise party')).toHaveCount(0);
    expect((await post(stranger, '/rpc/rotate', { id: path.split('/').at(-1)! })).status()).toBe(404);

    const member = await openBrowser();
    await signInAs(member, 'Leila Haddad');
    for (const insider of [member, admin]) {
      await visit(insider, '/rotations');
      await expect(card(insider, 'Surprise party')).toContainText('Private');
      await visit(insider, path);
      await expect(insider.getByRole('heading', { level: 1, name: 'Surprise party' })).toBeVisible();
    }
  });
});

test('search and filter narrow the list, stay in the address and survive a reload', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await connectWithApiKey(page, pagerduty.api_key);
  await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await createRotation(page, 'Coffee');
  await createRotation(page, '100%25 coffee & beans');

  await visit(page, '/rotations');
  const cards = page.getByRole('main').getByRole('heading', { level: 2 });
  await expect(cards).toHaveCount(3);
  const search = page.getByRole('searchbox', { name: 'Search rotations' });
  await search.fill('COFFEE');
  await expect(cards).toHaveText(['100%25 coffee & beans', 'Coffee']);
  await expect(page).toHaveURL('/rotations?search=COFFEE');
  await page.getByLabel('Mode').selectOption('Following PagerDuty');
  await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
  await search.fill('');
  await expect(cards).toHaveText(['Platform on-call']);

  await page.reload();
  await takenOver(page);
  await expect(page.getByLabel('Mode')).toHaveValue('pagerduty');
  await expect(cards).toHaveText(['Platform on-call']);
  await page.getByLabel('Mode').selectOption('Rotated by hand');
  await expect(cards).toHaveText(['100%25 coffee & beans', 'Coffee']);

  // What looks like an escape is none.
  await search.fill('100%25 coffee &');
  await expect(cards).toHaveText(['100%25 coffee & beans']);
  await page.reload();
  await takenOver(page);
  await expect(search).toHaveValue('100%25 coffee &');
  await expect(cards).toHaveText(['100%25 coffee & beans']);
});

test('a guest reads rotations and creates none', async ({ page, openBrowser }) => {
  const admin = await openBrowser();
  await signInAs(admin, 'Ada Okafor');
  await createRotation(admin, 'Coffee');
  await signInAs(page, 'Sam Carter');
  await expect(card(page, 'Coffee')).toBeVisible();
  await expect(page.getByRole('link', { name: 'New rotation' })).toHaveCount(0);
  await visit(page, '/rotations/new');
  await expect(page.getByText('Guests of the Slack workspace may not create rotations')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Create Rotation' })).toHaveCount(0);
  expect((await post(page, '/rpc/create_rotation', { 'input[name]': 'Tea' })).status()).toBe(403);
});

test('a bound rotation leaves members and turns to PagerDuty, and the rest to its owners', async ({ page, world }) => {
  const { pagerduty } = await world.sandbox.credentials();
  await signInAs(page, 'Ada Okafor');
  await createRotation(page, 'Coffee');
  await expect(page.getByRole('region', { name: 'Schedule' })).toBeVisible();
  await page.getByRole('button', { name: 'Edit schedule' }).click();
  await expect(page.getByText('PagerDuty is not connected. Connect it under Settings')).toBeVisible();
  await expect(page.getByRole('radio', { name: 'PagerDuty' })).toHaveCount(0);

  await connectWithApiKey(page, pagerduty.api_key);
  const path = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  await expect(page.getByRole('region', { name: 'On duty now' })).toContainText('PagerDuty decides who is in this rotation');
  for (const name of ['Rotate', 'Change']) {
    await expect(page.getByRole('main').getByRole('button', { name })).toHaveCount(0);
  }
  await expect(page.getByText('Add people')).toHaveCount(0);
  const id = path.split('/').at(-1)!;
  for (const [call, form] of [
    ['rotate', {}],
    ['set_on_duty', { member: 'slack:U01ADAOKAF' }],
    ['add_members', { 'people[0]': 'U13LEILAHA' }],
    ['remove_member', { member: 'slack:U01ADAOKAF' }],
    ['move_member', { member: 'slack:U01ADAOKAF', direction: 'up' }],
  ] as const) {
    expect(await (await post(page, `/rpc/${call}`, { id, ...form })).json(), call).toEqual({ Refused: 'Bound' });
  }

  await page.getByRole('link', { name: 'Edit', exact: true }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Platform first line');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Platform first line' })).toBeVisible();
  await expect(page.getByText('Bound to Platform Primary')).toBeVisible();
  await expect(names(page, 'On duty now')).toHaveText(['Tomás Herrera']);
});

test('the audit log says who did what to which rotation', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await createRotation(page, 'Coffee');
  await addMember(page, 'Leila Haddad');
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(names(page, 'On duty now')).toHaveText(['Leila Haddad']);
  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('link', { name: 'Audit log' }).click();
  const rows = page.getByRole('row').filter({ hasText: 'Coffee' });
  await expect(rows).toHaveCount(3);
  for (const [index, action] of ['Rotated', 'Added a member', 'Created a rotation'].entries()) {
    await expect(rows.nth(index)).toContainText('Ada Okafor');
    await expect(rows.nth(index)).toContainText(action);
  }
  await expect(rows.first()).toContainText('Leila Haddad');
});

test('a rotation that somebody points at is loaded ahead, once', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await createRotation(page, 'Coffee');
  await visit(page, '/rotations');
  const asked: string[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/rpc/rotation') asked.push(request.url());
  });
  const ahead = page.waitForResponse((response) => response.url().includes('/rpc/rotation?'));
  await card(page, 'Coffee').hover();
  await (await ahead).finished();
  await card(page, 'Coffee').getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Coffee' })).toBeVisible();
  expect(asked).toHaveLength(1);
});

test('whoever comes back to the list finds it where they left it', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 600 });
  await signInAs(page, 'Ada Okafor');
  for (let number = 1; number <= 9; number++) await createRotation(page, `Team ${number}`);
  await visit(page, '/rotations');
  await card(page, 'Team 8').scrollIntoViewIfNeeded();
  const scrolled = () => page.evaluate(() => window.scrollY);
  const left = await scrolled();
  expect(left).toBeGreaterThan(300);
  await card(page, 'Team 8').getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Team 8' })).toBeVisible();
  await expect.poll(scrolled, 'a new page begins at its top').toBe(0);
  await page.goBack();
  await expect.poll(scrolled).toBe(left);

  await card(page, 'Team 8').getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: 'Team 8' })).toBeVisible();
  await page.getByRole('link', { name: 'Rotations', exact: true }).click();
  await expect(card(page, 'Team 1')).toBeVisible();
  await expect(card(page, 'Team 1'), 'a link leads to the top').toBeInViewport();
  expect(await scrolled()).toBe(0);
});
