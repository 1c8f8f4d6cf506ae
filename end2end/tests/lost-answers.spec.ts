// Requests that nobody answers, and answers that are lost after the deed was done: the page
// says what is known, its form can be used again, and nothing is done twice.
import type { Page, Route } from '@playwright/test';
import { furnish, pages } from '../support/pages';
import { addMember, change, createRotation, names } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

/** As long as the page waits, and a busy machine takes. */
const LIMIT = { timeout: 30_000 };
const ROTATE = '**/rpc/rotate';

const onDuty = (page: Page) => names(page, 'On duty now');
const rotate = (page: Page) => page.getByRole('button', { name: /^Rotat(e|ing…)$/ });
const mayBeDone = (page: Page) => page.getByRole('alert').filter({ hasText: 'it may have been done' });

async function press(page: Page): Promise<void> {
  const answered = page.waitForResponse(ROTATE);
  await rotate(page).click();
  await (await answered).finished();
}

/** Opens a rotation by hand in which two people take turns, and nobody is on duty yet. */
async function openTurns(page: Page): Promise<string> {
  await signInAs(page, 'Ada Okafor');
  const path = await createRotation(page, 'Coffee');
  for (const name of ['Leila Haddad', 'Wei Zhang']) await addMember(page, name);
  await visit(page, path);
  return path;
}

test.describe('an answer that is lost', () => {
  test.use({ expectedConsole: /rpc\/rotate/ });

  test('after the deed was done is said, and pressing again does not do it twice', async ({ page }) => {
    await openTurns(page);
    await page.route(ROTATE, async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    await rotate(page).click();
    await expect(mayBeDone(page)).toBeVisible();
    await expect(onDuty(page)).toHaveText(['Leila Haddad']);
    await page.unroute(ROTATE);
    await press(page);
    await expect(mayBeDone(page)).toHaveCount(0);
    await expect(onDuty(page)).toHaveText(['Leila Haddad']);
    await press(page);
    await expect(onDuty(page)).toHaveText(['Wei Zhang']);
  });

  test('before the deed was done is said, and pressing again does it', async ({ page }) => {
    await openTurns(page);
    await page.route(ROTATE, (route) => route.abort('connectionrefused'));
    await rotate(page).click();
    await expect(mayBeDone(page)).toBeVisible();
    await expect(onDuty(page)).toHaveCount(0);
    await page.unroute(ROTATE);
    await press(page);
    await expect(onDuty(page)).toHaveText(['Leila Haddad']);
  });

  for (const [what, answer] of Object.entries({
    'a proxy’s page with 502': { status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' },
    'a network’s own page with 200': { status: 200, contentType: 'text/html', body: '<h1>Accept the terms</h1>' },
    'nothing at all': { status: 200, contentType: 'application/json', body: '' },
    'a network’s own data with 200': { status: 200, contentType: 'application/json', body: '{"ok":true}' },
    'half an answer': { status: 200, contentType: 'application/json', body: '{"Do' },
  })) {
    test(`because something between answers with ${what} is said`, async ({ page }) => {
      await openTurns(page);
      await page.route(ROTATE, async (route) => {
        await route.fetch();
        await route.fulfill(answer);
      });
      await rotate(page).click();
      await expect(mayBeDone(page)).toBeVisible();
      await page.unroute(ROTATE);
      await press(page);
      await expect(mayBeDone(page)).toHaveCount(0);
      await expect(onDuty(page)).toHaveText(['Leila Haddad']);
    });
  }
});

test.describe('an answer that is lost in a list that is drawn anew meanwhile', () => {
  test.use({ expectedConsole: /rpc\/move_member/ });

  test('leaves the change the same one, which is not done twice', async ({ page }) => {
    await openTurns(page);
    await addMember(page, 'Kenji Sato');
    const moveUp = () => change(page, 'Move up', 'Kenji Sato');
    const order = ['Leila Haddad', 'Kenji Sato', 'Wei Zhang'];
    await page.route('**/rpc/move_member', async (route) => {
      await route.fetch();
      await route.abort('connectionreset');
    });
    await moveUp();
    await expect(names(page, 'Members')).toHaveText(order);
    await expect(mayBeDone(page)).toBeVisible();
    await page.unroute('**/rpc/move_member');
    const again = page.waitForResponse('**/rpc/move_member');
    await moveUp();
    await (await again).finished();
    await expect(mayBeDone(page)).toHaveCount(0);
    await expect(names(page, 'Members')).toHaveText(order);
    await moveUp();
    await expect(names(page, 'Members')).toHaveText(['Kenji Sato', 'Leila Haddad', 'Wei Zhang']);
  });
});

test('a change that nobody answers is given up, and its form can be used again', async ({ page }) => {
  test.slow();
  await openTurns(page);
  const waiting: Route[] = [];
  await page.route(ROTATE, async (route) => {
    await route.fetch();
    waiting.push(route);
  });
  await rotate(page).click();
  await expect(rotate(page)).toHaveAttribute('aria-busy', 'true');
  await expect(mayBeDone(page)).toBeVisible(LIMIT);
  await expect(rotate(page)).not.toHaveAttribute('aria-busy', 'true');
  await page.unroute(ROTATE);
  await press(page);
  await expect(onDuty(page)).toHaveText(['Leila Haddad']);
  expect(waiting).toHaveLength(1);
});

test('data that nobody sends is given up, and says so', async ({ page }) => {
  test.slow();
  await signInAs(page, 'Ada Okafor');
  await visit(page, '/settings');
  await page.route('**/rpc/rotations*', () => {});
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Rotations' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Round Robin did not answer' })).toBeVisible(LIMIT);
});

test.describe('an id', () => {
  test('is new with each rendering of a form, on every page', async ({ page, world }) => {
    test.slow();
    const rotation = await furnish(page, world);
    const known = new Set<string>();
    let forms = 0;
    for (const path of pages(rotation)) {
      for (let rendering = 0; rendering < 2; rendering += 1) {
        await visit(page, path);
        const ids = await page.locator('form[action^="/rpc/"][method=post]').evaluateAll((all) =>
          all.map((form) => (form as HTMLFormElement).querySelector<HTMLInputElement>('input[name=change]')!.value),
        );
        forms += ids.length;
        ids.forEach((id) => known.add(id));
      }
    }
    expect(forms).toBeGreaterThan(20);
    expect(known.size).toBe(forms);
  });

  test('stays until the form was answered, and is another one afterwards', async ({ page }) => {
    const path = await openTurns(page);
    const served = await (await page.goto(path))!.text();
    await takenOver(page);
    const id = () => page.locator('form[action="/rpc/rotate"] input[name=change]').inputValue();
    const sent: (string | null)[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/rpc/rotate')) sent.push(new URLSearchParams(request.postData()!).get('change'));
    });
    const before = await id();
    expect(served, 'taking the page over changes nothing').toContain(before);
    await press(page);
    await expect.poll(id).not.toBe(before);
    const after = await id();
    await press(page);
    expect(sent).toEqual([before, after]);
  });
});
