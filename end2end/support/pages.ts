// Every page that there is, with something on it.
import type { Page } from '@playwright/test';
import { connectAs } from './connection';
import { addMember, createRotation, makeBoundRotation } from './rotations';
import type { World } from './world';

/** Every page that an admin can open, where `rotation` is the path of a bound rotation. */
export function pages(rotation: string): string[] {
  return [
    '/',
    '/week',
    '/week?weeks=4&view=list',
    '/week?from=banana',
    '/rotations',
    '/rotations?show=attention&sort=change',
    '/rotations?search=nothing-has-this-name',
    '/rotations/new',
    rotation,
    `${rotation}?weeks=4`,
    `${rotation}/schedule?search=platform&schedule=PPLATS2`,
    `${rotation}/edit`,
    `${rotation}/override`,
    `${rotation}/change?what=manual`,
    `${rotation}/slack`,
    '/settings',
    '/settings/integrations',
    '/settings/integrations?link=PROBING',
    '/settings/integrations/syncs',
    '/settings/audit',
    '/settings/calendars',
    '/settings/notifications',
    '/settings/slack',
    '/settings/absences',
    '/settings/holidays',
    '/settings/background',
  ];
}

/** Signs Ada in, connects PagerDuty, makes a rotation by hand and a bound one, and gives the path of the latter. */
export async function furnish(page: Page, world: World): Promise<string> {
  await connectAs(page, world);
  await createRotation(page, 'Coffee');
  await addMember(page, 'Leila Haddad');
  return makeBoundRotation(page, 'Platform on-call', 'Platform Secondary');
}
