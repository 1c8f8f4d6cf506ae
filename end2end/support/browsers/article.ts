// The help article, walked through from signing in to disconnecting, by whoever sits at
// whichever browser. Where scripts run, dialogs open within the page, keep to themselves
// what was typed and give the focus back; where none do, each is a page of its own.
import type { World } from '../world';
import type { Role, Visitor } from './visitor';

export interface Walk {
  visitor: Visitor;
  world: World;
  /** Whether the browser runs scripts. */
  scripts: boolean;
  /** Whether menus come and go; otherwise they stand open. */
  popovers: boolean;
}

const KEY_BUTTON = 'Login using an API Key';
const KEY_TITLE = KEY_BUTTON;
const MENU = 'Connected to PagerDuty';
const ROTATION = 'Platform on-call';
const ON_DUTY = 'Tomás Herrera';

export async function walkThroughTheArticle(walk: Walk): Promise<void> {
  await signIn(walk);
  await openIntegrations(walk);
  await connectWithKey(walk);
  await bindRotation(walk);
  await openIntegrations(walk);
  await disconnect(walk, '1 rotation reverted to Manual.');
  await connectWithOauth(walk);
  await disconnect(walk, 'No rotation was bound, so none reverted to Manual.');
  await deleteRotation(walk);
}

async function signIn({ visitor, world }: Walk): Promise<void> {
  await visitor.goTo(`${world.server.url}/`);
  await visitor.use('link', 'Sign in with Slack');
  await visitor.use('button', 'Ada Okafor – Primary Owner');
  await visitor.use('button', 'Allow');
  await visitor.sees('Nobody takes turns yet');
}

async function openIntegrations({ visitor }: Walk): Promise<void> {
  await visitor.use('link', 'Settings');
  await visitor.use('link', 'Integrations (Manage & Connect)');
  await visitor.sees('Round Robin only reads from PagerDuty.');
}

async function connectWithKey(walk: Walk): Promise<void> {
  const { visitor, world } = walk;
  const { pagerduty } = await world.sandbox.credentials();
  await opens(walk, 'button', KEY_BUTTON, KEY_TITLE);
  await visitor.isAt('API Key');
  await visitor.type('API Key', 'half a key');
  await leave(walk, KEY_BUTTON);
  await opens(walk, 'button', KEY_BUTTON, KEY_TITLE);
  expectThat((await visitor.value('API Key')) === '', 'a dialog that is opened again holds no secret');
  expectThat(await visitor.hides('API Key'), 'a key is hidden as it is typed');
  if (walk.scripts) {
    await visitor.use('button', 'Show');
    await visitor.type('API Key', 'shown');
    expectThat(!(await visitor.hides('API Key')), 'a key is shown on request');
    await visitor.press('Escape');
    await visitor.seesNoDialog();
    await visitor.isAt(KEY_BUTTON);
    await opens(walk, 'button', KEY_BUTTON, KEY_TITLE);
    expectThat(await visitor.hides('API Key'), 'nor does a dialog go on showing one');
  }
  await visitor.type('API Key', 'u+NoSuchKey_0000');
  await visitor.use('button', 'Save');
  await visitor.sees('PagerDuty does not accept this key');
  await leave(walk, KEY_BUTTON);
  await opens(walk, 'button', KEY_BUTTON, KEY_TITLE);
  await visitor.type('API Key', pagerduty.api_key);
  await visitor.press('Enter');
  await visitor.sees('The key works and was saved.');
  await visitor.seesNoDialog();
  await visitor.sees('••••K7Qa');

  await opens(walk, 'menuitem', 'Edit API Key', 'Edit API Key', () => visitor.use('button', MENU));
  await visitor.type('API Key', pagerduty.api_key);
  await visitor.use('button', 'Save');
  await visitor.sees('The new key works and is in use.');
  await visitor.seesNoDialog();
}

async function bindRotation({ visitor, scripts }: Walk): Promise<void> {
  await visitor.use('link', 'Rotations');
  await visitor.use('link', 'New rotation');
  await visitor.type('Name', ROTATION);
  await visitor.use('button', 'Create Rotation');
  await visitor.use('button', 'Edit schedule');
  await visitor.use('radio', 'PagerDuty');
  await visitor.type('Search schedules', 'platform');
  // The schedule stands in the page before the search as well.
  if (!scripts) await visitor.leaves('button', 'Search');
  await visitor.use('radio', 'Platform Primary');
  // What the schedule holds comes by itself, above the button.
  if (scripts) await visitor.sees('4 of 4 linked to Slack');
  await visitor.use('button', 'Save');
  await visitor.sees('Bound to Platform Primary');
  await visitor.sees(ON_DUTY);
}

async function disconnect(walk: Walk, reverted: string): Promise<void> {
  const { visitor, popovers } = walk;
  const entry = 'Disconnect from PagerDuty';
  const ask = () => opens(walk, 'menuitem', entry, entry, () => visitor.use('button', MENU));
  await ask();
  await visitor.isAt('Cancel');
  await leave(walk, popovers ? MENU : entry);
  await ask();
  await visitor.use('button', 'Confirm');
  await visitor.sees(`PagerDuty is disconnected. ${reverted}`);
  await visitor.seesNoDialog();
}

async function connectWithOauth(walk: Walk): Promise<void> {
  const { visitor, world } = walk;
  const { pagerduty } = await world.sandbox.credentials();
  await opens(walk, 'button', 'Login using OAuth 2.0', 'Login using OAuth 2.0');
  await visitor.sees('/api/integrations/pagerduty/login/callback');
  await visitor.type('Client ID', pagerduty.client_id);
  await visitor.type('Client Secret', pagerduty.client_secret);
  expectThat(await visitor.hides('Client Secret'), 'a client secret is hidden as it is typed');
  await visitor.use('button', 'Save');
  // PagerDuty suggests the account's first admin.
  await visitor.use('button', 'Allow');
  await visitor.sees('The login works and was saved.');
  await visitor.sees('OAuth as Ada Okafor');
}

async function deleteRotation(walk: Walk): Promise<void> {
  const { visitor } = walk;
  await visitor.use('link', 'Rotations');
  await visitor.use('link', ROTATION);
  await visitor.sees('1 on duty at once');
  await visitor.sees(ON_DUTY);
  await visitor.use('link', 'Edit');
  await visitor.sees('Edit rotation');
  await opens(walk, 'button', 'Delete rotation', 'Delete rotation');
  await visitor.isAt('Cancel');
  await leave(walk, 'Delete rotation');
  await opens(walk, 'button', 'Delete rotation', 'Delete rotation');
  await visitor.use('button', 'Confirm');
  await visitor.sees('Nobody takes turns yet');
}

async function opens({ visitor, scripts }: Walk, role: Role, name: string, title: string, before?: () => Promise<void>): Promise<void> {
  if (scripts) return visitor.opensInPlace(role, name, title, before);
  await before?.();
  await visitor.use(role, name);
  await visitor.seesDialog(title);
}

/** Leaves the dialog in front by its own button. */
async function leave({ visitor, scripts }: Walk, opener: string): Promise<void> {
  await visitor.use('button', 'Cancel');
  await visitor.seesNoDialog();
  if (scripts) await visitor.isAt(opener);
}

function expectThat(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`It does not hold that ${promise}.`);
}
