// Every dialog of the product, and what becomes of one with which a page came: without
// scripts it is a page of its own, and once our code is there it goes on as if that had
// opened it.
import type { Locator, Page } from '@playwright/test';
import { changeConnection, connectAs, connectedButton, expectHidden, keyField, openIntegrations, saveKey } from '../support/connection';
import { createRotation } from '../support/rotations';
import { signInAs, signInWithoutJavaScript } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

const PANEL = '/settings/integrations';

/** What opens a dialog, its title, and what has the focus in it at first. */
interface Example {
  path: string;
  opener: (page: Page) => Locator;
  title: string;
  focused: (dialog: Locator) => Locator;
  /** The opener is an entry of this button's menu. */
  menu?: (page: Page) => Locator;
}

const cancel = (dialog: Locator): Locator => dialog.getByRole('button', { name: 'Cancel' });
const heading = (dialog: Locator): Locator => dialog.getByRole('heading', { level: 2 });
const button = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true });

const BEFORE_CONNECTING: Example[] = [
  { path: PANEL, opener: button('Login using an API Key'), title: 'Login using an API Key', focused: keyField },
  { path: PANEL, opener: button('Login using OAuth 2.0'), title: 'Login using OAuth 2.0', focused: heading },
];

function onceConnected(rotation: string): Example[] {
  // Each dialog is called what the entry is called that opens it.
  const inMenu = (title: string, focused: Example['focused']): Example => {
    const opener = (page: Page) => page.getByRole('menuitem', { name: title });
    return { path: PANEL, opener, title, focused, menu: connectedButton };
  };
  return [
    inMenu('Edit API Key', keyField),
    inMenu('Login using OAuth 2.0', heading),
    inMenu('Disconnect from PagerDuty', cancel),
    { path: `${rotation}/edit`, opener: button('Delete rotation'), title: 'Delete rotation', focused: cancel },
    { path: '/settings/design', opener: button('Open a dialog'), title: 'A question', focused: cancel },
  ];
}

async function open(page: Page, { opener, menu }: Example): Promise<void> {
  await menu?.(page).click();
  await opener(page).click();
}

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false, expectedConsole: /\/pkg\/\S+\.js csp|preloaded using link preload but not used/ });

  async function expectPagesOfTheirOwn(page: Page, examples: Example[]): Promise<void> {
    for (const example of examples) {
      const { path, title, focused } = example;
      await page.goto(path);
      await open(page, example);
      const dialog = page.getByRole('dialog', { name: title });
      for (const closing of [() => cancel(dialog).click(), () => page.keyboard.press('Escape')]) {
        await expect(dialog).toBeVisible();
        expect(new URL(page.url()).searchParams.has('dialog'), title).toBe(true);
        await expect(focused(dialog)).toBeFocused();
        await closing();
        await expect(dialog).toBeHidden();
        await page.reload();
      }
    }
  }

  test('every dialog is a page of its own, with the focus where it begins, and can be left', async ({ page, world }) => {
    test.slow();
    await signInWithoutJavaScript(page, 'Ada Okafor');
    await expectPagesOfTheirOwn(page, BEFORE_CONNECTING);
    await page.goto('/rotations/new');
    await page.getByRole('textbox', { name: 'Name' }).fill('Coffee');
    await page.getByRole('button', { name: 'Create Rotation' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Coffee' })).toBeVisible();
    const rotation = new URL(page.url()).pathname;
    await openIntegrations(page);
    await button('Login using an API Key')(page).click();
    await saveKey(page.getByRole('dialog'), (await world.sandbox.credentials()).pagerduty.api_key);
    await expect(connectedButton(page)).toBeVisible();
    await expectPagesOfTheirOwn(page, onceConnected(rotation));
  });

  test('what a dialog’s page was sent for is told by the page, and the dialog is done with', async ({ page, world }) => {
    const { pagerduty } = await world.sandbox.credentials();
    await signInWithoutJavaScript(page, 'Ada Okafor');
    await page.goto(`${PANEL}?dialog=connect-key`);
    const dialog = page.getByRole('dialog');
    await expectHidden(keyField(dialog));
    await saveKey(dialog, 'u+NoSuchKey_0000');
    await expect(dialog.getByRole('alert')).toContainText('PagerDuty does not accept this key');
    await expect(page).toHaveURL(PANEL);
    await saveKey(dialog, pagerduty.api_key);
    await expect(page.getByText('The key works and was saved')).toBeVisible();
    await changeConnection(page, 'Edit API Key');
    await saveKey(dialog, pagerduty.api_key);
    await expect(page.getByText('The new key works and is in use')).toBeVisible();
    await expect(page).toHaveURL(PANEL);
    await expect(dialog).toHaveCount(0);
  });
});

test('every dialog opens within its page, begins where it should, and gives the focus back', async ({ page, world }) => {
  test.slow();
  await connectAs(page, world);
  const rotation = await createRotation(page, 'Coffee');
  for (const example of onceConnected(rotation)) {
    const { path, opener, title, focused, menu } = example;
    await visit(page, path);
    const dialog = page.getByRole('dialog', { name: title });
    for (const closing of [() => cancel(dialog).click(), () => page.keyboard.press('Escape')]) {
      await open(page, example);
      await expect(dialog).toBeVisible();
      expect(await dialog.evaluate((element) => element.matches(':modal')), title).toBe(true);
      await expect(focused(dialog)).toBeFocused();
      await closing();
      await expect(dialog).toBeHidden();
      await expect((menu ?? opener)(page)).toBeFocused();
    }
    await expect(page).toHaveURL(path);
  }
});

test('a page that came with its dialog open is taken over with what was typed, and its address opens nothing any more', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  let load = (): void => {};
  const wanted = new Promise<void>((resolve) => (load = resolve));
  await page.route('**/pkg/*.wasm', async (route) => {
    await wanted;
    await route.continue();
  });
  await page.goto(PANEL, { waitUntil: 'commit' });
  const opener = button('Login using an API Key')(page);
  await opener.click();
  const dialog = page.getByRole('dialog', { name: 'Login using an API Key' });
  await expect(keyField(dialog)).toBeFocused();
  await expect(page).toHaveURL(`${PANEL}?dialog=connect-key`);
  await page.keyboard.type('half a key');
  load();
  await takenOver(page);
  await expect(page).toHaveURL(PANEL);
  await expect.poll(() => dialog.evaluate((element) => element.matches(':modal'))).toBe(true);
  await expect(keyField(dialog)).toHaveValue('half a key');
  await expect(keyField(dialog)).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
  await page.reload();
  await takenOver(page);
  await expect(dialog).toBeHidden();
});

test('password managers know that a key and a client are none of their business', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  await visit(page, PANEL);
  for (const { opener, title } of BEFORE_CONNECTING) {
    await opener(page).click();
    const dialog = page.getByRole('dialog', { name: title });
    const fields = dialog.getByRole('textbox');
    expect(await fields.count(), title).toBeGreaterThan(0);
    for (const field of await fields.all()) {
      await expect(field).toHaveAttribute('autocomplete', 'off');
      await expect(field).toHaveAttribute('data-form-type', 'other');
      for (const name of ['data-1p-ignore', 'data-lpignore', 'data-bwignore', 'data-protonpass-ignore']) {
        await expect(field).toHaveAttribute(name, 'true');
      }
    }
    await expect(dialog.locator('input[type=password]')).toHaveCount(0);
    await page.keyboard.press('Escape');
  }
});
