// Overrides of rotations' own schedules, and absences, by those who make them.
import type { Page } from '@playwright/test';
import { done } from '../support/calls';
import { arrangeRotation, change, mode, names, openAddition } from '../support/rotations';
import { signInAs, signInWithoutJavaScript } from '../support/sign-in';
import { visit } from '../support/takeover';
import { expect, test } from '../support/world';

/** A rotation in which Ada is on duty by its schedule, and Wei is next. */
async function arrangeTurns(page: Page): Promise<string> {
  const path = await arrangeRotation(page, 'Ops', ['Ada Okafor', 'Wei Zhang']);
  const id = path.split('/').pop()!;
  await done(page, '/rpc/rotate', { id });
  // Years from now.
  await done(page, '/rpc/set_schedule', {
    id,
    mode: 'scheduled',
    'rota[kind]': 'monthly',
    'rota[day]': '1',
    'rota[times]': '09:00',
    'rota[zone]': 'UTC',
    'rota[starts_on]': '2099-01-01',
  });
  return path;
}

/** As a field for a moment has it, in UTC. */
function inHours(hours: number): string {
  return new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 16);
}

test('an override is previewed, relieves at once, and ends', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await arrangeTurns(page);
  await visit(page, path);
  await expect(names(page, 'On duty')).toHaveText(['Ada Okafor']);
  await page.getByRole('link', { name: 'Override or ask for cover' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Override in Ops');
  await page.getByLabel('In the place of').selectOption('Ada Okafor');
  await page.getByLabel('Until', { exact: true }).fill(inHours(-2));
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByLabel('On duty instead', { exact: true })).toHaveAccessibleDescription(/Choose a person/);
  await expect(page.getByLabel('Until', { exact: true })).toHaveAccessibleDescription(/is over already|ends before/);
  await page.getByLabel('On duty instead', { exact: true }).selectOption('Wei Zhang');
  await page.getByLabel('Until', { exact: true }).fill(inHours(2));
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('status').getByText('Wei Zhang instead of Ada Okafor')).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(names(page, 'On duty')).toHaveText(['Wei Zhang']);
  await expect(page.getByRole('region', { name: 'Overrides' })).toContainText('in place of Ada Okafor');
  await expect(page.getByRole('list', { name: 'What the patterns mean' })).toContainText('Override');
  await page.getByRole('button', { name: 'End now Wei Zhang' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('What changes in Ops');
  await expect(page.getByText('Shifts that somebody loses')).toBeVisible();
  await page.getByRole('button', { name: 'End override' }).click();
  await expect(names(page, 'On duty')).toHaveText(['Ada Okafor']);
  const history = page.getByRole('region', { name: 'History' });
  await expect(history).toContainText('override in place of Ada Okafor, made by Ada Okafor');
});

test('a cover that was taken is told as one, in words and by a pattern', async ({ page, openBrowser }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await arrangeTurns(page);
  await done(page, '/rpc/make_override', {
    rotation: path.split('/').pop()!,
    kind: 'cover',
    'span[from]': inHours(-1),
    'span[until]': inHours(2),
  });
  const other = await openBrowser();
  await signInAs(other, 'Wei Zhang');
  await visit(other, path);
  await other.getByRole('button', { name: 'Take it Ada Okafor' }).click();
  await expect(other.getByRole('heading', { level: 1 })).toHaveText('What changes in Ops');
  await other.getByRole('button', { name: 'Take it', exact: true }).click();
  await expect(names(other, 'On duty')).toHaveText(['Wei Zhang']);
  await expect(other.getByRole('region', { name: 'Overrides' })).toContainText('Wei Zhang covers for Ada Okafor');
  await expect(other.getByRole('region', { name: 'History' })).toContainText('covers for Ada Okafor');
  await expect(other.getByRole('option', { name: /Wei Zhang.*covers for Ada Okafor/ })).toBeVisible();
  await expect(other.getByRole('list', { name: 'What the patterns mean' })).toContainText('Covers for somebody');
});

test('whoever notes an absence is passed over until it is removed', async ({ page }) => {
  await signInAs(page, 'Ada Okafor');
  const path = await arrangeTurns(page);
  await visit(page, '/settings/absences');
  await page.getByLabel('Until', { exact: true }).fill(inHours(48));
  await page.getByLabel('Note').fill('On holiday');
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(page.getByRole('status').getByText('Shifts that somebody gains')).toBeVisible();
  await page.getByRole('button', { name: 'Note absence' }).click();
  await expect(page.getByRole('region', { name: 'Your absences' })).toContainText('On holiday');
  await expect(page.getByLabel('Until', { exact: true }), 'pressed again, it is not noted twice').toHaveValue('');
  await visit(page, path);
  await expect(names(page, 'On duty')).toHaveText(['Wei Zhang']);
  await expect(page.getByRole('region', { name: 'Overrides' })).toContainText('Ada Okafor is away');
  await visit(page, '/settings/absences');
  const without = /without the absence from .+ until .+ for all rotations$/i;
  await page.getByRole('button', { name: without }).click();
  await expect(page.getByRole('region', { name: without })).toBeVisible();
  await page.getByRole('button', { name: 'Preview', exact: true }).click();
  await expect(page.getByRole('region', { name: without }), 'it is gone with the next answer').toHaveCount(0);
  await page.getByRole('button', { name: 'End now' }).click();
  await expect(page.getByRole('region', { name: 'Your absences' })).toHaveCount(0);
  await visit(page, path);
  await expect(names(page, 'On duty')).toHaveText(['Ada Okafor']);
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false, expectedConsole: /\/pkg\/\S+\.js csp|preloaded using link preload but not used/ });

  test('an override that was refused keeps what was filled in', async ({ page }) => {
    await signInWithoutJavaScript(page, 'Ada Okafor');
    const path = await arrangeTurns(page);
    await page.goto(`${path}/override`);
    await page.getByLabel('In the place of').selectOption('Ada Okafor');
    await page.getByLabel('On duty instead', { exact: true }).selectOption('Wei Zhang');
    await page.getByLabel('Until', { exact: true }).fill(inHours(-2));
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('This is over already.').or(page.getByText('It ends before it begins.'))).toBeVisible();
    await page.getByLabel('Until', { exact: true }).fill(inHours(2));
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(names(page, 'On duty')).toHaveText(['Wei Zhang']);
  });

  test('members of a schedule change and it becomes Manual, each after it was shown', async ({ page }) => {
    await signInWithoutJavaScript(page, 'Ada Okafor');
    const path = await arrangeTurns(page);
    await page.goto(path);
    const addition = await openAddition(page);
    await addition.getByRole('checkbox', { name: 'Leila Haddad', exact: true }).check();
    await addition.getByRole('button', { name: /^Add / }).click();
    await expect(page.getByText('Added to the end of the order: Leila Haddad.')).toBeVisible();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await expect(names(page, 'Members')).toHaveText(['Ada Okafor', 'Wei Zhang', 'Leila Haddad']);
    await change(page, 'Move up', 'Leila Haddad');
    await page.getByRole('button', { name: 'Move up', exact: true }).click();
    await expect(names(page, 'Members')).toHaveText(['Ada Okafor', 'Leila Haddad', 'Wei Zhang']);
    await change(page, 'Remove', 'Wei Zhang');
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await expect(names(page, 'Members')).toHaveText(['Ada Okafor', 'Leila Haddad']);
    const told = page.getByRole('status').filter({ hasText: 'Wei Zhang was removed.' });
    await expect(told.getByRole('button', { name: 'Undo' })).toBeVisible();
    await page.goto(`${path}/change?what=manual`);
    await page.getByRole('button', { name: 'Make it Manual' }).click();
    await expect(mode(page)).toHaveText('Manual');
  });
});
