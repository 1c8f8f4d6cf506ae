// The page on which a rotation's schedule is chosen, in all of its states.
import { connectAs, connectWithApiKey } from '../support/connection';
import { addMember, chooseSchedule, createRotation, makeBoundRotation, makePrivate, mode, names } from '../support/rotations';
import { signInAs } from '../support/sign-in';
import { takenOver, visit } from '../support/takeover';
import { expect, test } from '../support/world';

test('is there before PagerDuty has answered, and can be left and saved without it', async ({ page, world }) => {
  await connectAs(page, world);
  const path = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
  let answer = () => {};
  const answered = new Promise<void>((resolve) => (answer = resolve));
  await page.route(/rpc\/(search_schedules|preview_schedule)/, async (route) => {
    await answered;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Edit schedule' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Schedule of Platform on-call' })).toBeVisible();
  await expect(page.getByText('Searching…')).toBeVisible();
  const spent = page.getByRole('progressbar', { name: /Seconds that the search has taken/ });
  await expect.poll(() => spent.evaluate((bar: HTMLProgressElement) => bar.value)).toBeGreaterThan(1);
  await expect(page.getByRole('radio', { name: 'PagerDuty' })).toBeChecked();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page).toHaveURL(path);

  await page.getByRole('button', { name: 'Edit schedule' }).click();
  const byHand = page.getByRole('radio', { name: 'Manual' });
  await expect(byHand).toHaveAccessibleDescription(/whoever is on duty stay as they are now/);
  await byHand.check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(mode(page)).toHaveText('Manual');
  const said = page.getByRole('log', { name: 'What was done' });
  await expect(said).toContainText('The rotation is Manual. Its members and whoever is on duty stayed as they were.');
  answer();
});

test('begins with the schedule of today, however it is opened', async ({ page, world }) => {
  await connectAs(page, world);
  const path = await makeBoundRotation(page, 'Platform on-call', 'Platform Secondary');
  const today = page.getByRole('radio', { name: 'Platform Secondary', exact: true });
  await page.getByRole('button', { name: 'Edit schedule' }).click();
  await expect(today).toBeChecked();
  await visit(page, `${path}/schedule`);
  await expect(today).toBeChecked();
  await expect(page.getByRole('heading', { level: 3, name: 'Platform Secondary' })).toBeVisible();
  await page.getByRole('link', { name: 'Back to the rotation' }).click();
  await expect(page).toHaveURL(path);
});

test('is one step of the history, however much was searched and chosen', async ({ page, world }) => {
  await connectAs(page, world);
  const path = await createRotation(page, 'Platform on-call');
  await chooseSchedule(page, 'Platform Secondary');
  await chooseAnother(page);
  await page.reload();
  await takenOver(page);
  await expect(page.getByRole('radio', { name: 'Storefront', exact: true })).toBeChecked();
  await page.goBack();
  await expect(page).toHaveURL(path);
  await page.goForward();
  await expect(page.getByRole('radio', { name: 'Storefront', exact: true })).toBeChecked();

  async function chooseAnother(at: typeof page): Promise<void> {
    await at.getByRole('searchbox', { name: 'Search schedules' }).fill('Storefront');
    await at.getByRole('radio', { name: 'Storefront', exact: true }).check();
    await expect(at.getByRole('heading', { level: 3, name: 'Storefront' })).toBeVisible();
  }
});

test('says what is missing, each time anew, and saves nothing', async ({ page, world }) => {
  await connectAs(page, world);
  const path = await createRotation(page, 'Platform on-call');
  await page.getByRole('button', { name: 'Edit schedule' }).click();
  await page.getByRole('radio', { name: 'PagerDuty' }).check();
  const refusal = page.getByRole('alert').filter({ hasText: 'Search for a schedule and choose one' });
  for (const attempt of ['first', 'second']) {
    await page.evaluate(() => document.querySelector('[role=alert]')?.setAttribute('data-seen', ''));
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(refusal, attempt).toBeVisible();
    await expect(refusal, `${attempt}, said anew`).not.toHaveAttribute('data-seen', '');
  }
  await expect(page.getByRole('log', { name: 'What was done' }).locator('.toast')).toHaveText(['The rotation was created.']);
  await visit(page, path);
  await expect(mode(page)).toHaveText('Manual');
});

for (const way of ['from the rotation', 'by its address']) {
  test(`opened ${way}, offers PagerDuty as soon as somebody has connected it`, async ({ page, openBrowser, world }) => {
    const { pagerduty } = await world.sandbox.credentials();
    await signInAs(page, 'Ada Okafor');
    const path = await createRotation(page, 'Platform on-call');
    if (way === 'by its address') await visit(page, `${path}/schedule`);
    else await page.getByRole('button', { name: 'Edit schedule' }).click();
    await expect(page.getByText('PagerDuty is not connected.')).toBeVisible();
    await expect(page.getByRole('radio', { name: 'PagerDuty' })).toHaveCount(0);
    const other = await openBrowser();
    await signInAs(other, 'Ada Okafor');
    await connectWithApiKey(other, pagerduty.api_key);
    await page.getByRole('radio', { name: 'PagerDuty' }).check();
    await page.getByRole('radio', { name: 'Platform Primary' }).check();
    await expect(page.getByText('PagerDuty is not connected.')).toHaveCount(0);
  });
}

test('asks PagerDuty once more when Search is pressed, though nothing else was typed', async ({ page, world }) => {
  await connectAs(page, world);
  await createRotation(page, 'Platform on-call');
  await world.sandbox.disturbPagerDuty({ status: 503 });
  await page.getByRole('button', { name: 'Edit schedule' }).click();
  await page.getByRole('radio', { name: 'PagerDuty' }).check();
  const schedules = page.getByRole('group', { name: 'Schedules' }).getByRole('radio');
  await expect(page.getByText(/try again|Try again/).first()).toBeVisible();
  await expect(schedules).toHaveCount(0);
  await world.sandbox.clearFaults();
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(schedules.first()).toBeVisible();
});

test.describe('those who may not change the rotation', () => {
  test.use({ expectedConsole: /status of 404/ });

  test('are told so, get no form, and cost PagerDuty nothing', async ({ page, openBrowser, world }) => {
    await connectAs(page, world);
    const path = await makeBoundRotation(page, 'Platform on-call', 'Platform Primary');
    const secret = await createRotation(page, 'Surprise party');
    await addMember(page, 'Leila Haddad');
    await makePrivate(page);

    // A page that asked PagerDuty would wait for it.
    await world.sandbox.disturbPagerDuty({ delay_ms: 60_000 });
    const timeout = 8_000;
    const asked = '/schedule?search=platform&schedule=PPLATS2';
    for (const name of ['Kenji Sato', 'Sam Carter']) {
      const reader = await openBrowser();
      await signInAs(reader, name);
      const answer = await reader.goto(`${path}${asked}`, { timeout });
      expect(answer!.status(), name).toBe(200);
      await takenOver(reader);
      await expect(reader.getByText("Only the rotation's owners and workspace admins may change it")).toBeVisible();
      await expect(reader.getByRole('radio')).toHaveCount(0);
      await expect(reader.getByRole('button', { name: 'Save' })).toHaveCount(0);
      await reader.getByRole('link', { name: 'Back to the rotation' }).click();
      await expect(names(reader, 'On duty now')).toHaveText(['Tomás Herrera']);
      for (const nothing of [secret, '/rotations/no-such-rotation', '/rotations/new']) {
        expect((await reader.goto(`${nothing}${asked}`, { timeout }))!.status(), nothing).toBe(404);
        await takenOver(reader);
        await expect(reader.getByRole('heading', { level: 1, name: 'Page not found' })).toBeVisible();
        await expect(reader.getByText('Surprise party')).toHaveCount(0);
      }
    }
  });
});
