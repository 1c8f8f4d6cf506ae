// What the server counts, for those who run it.
import type { Environment, Server } from './server';

const TOKEN = 'metrics-token';

/** Settings of a server that tells. */
export const METRICS: Environment = { ROUNDROBIN_METRICS_TOKEN: TOKEN };

/** How often pages said that they are not live, by the cause: `broken 2`. */
export async function takeoverFailures(server: Server): Promise<string[]> {
  const answer = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
  const counted = (await answer.text()).matchAll(/takeover_failures_total\{cause="(\w+)"\} (\d+)/g);
  return Array.from(counted, ([, cause, count]) => `${cause} ${count}`);
}
