// What both measurements need to know of the browser and of the one who is signed
// in; `cargo xtask bench page` names it in the environment.

export const url = needed('ROUNDROBIN_URL');
// Those that were taken back have no value.
export const cookies = needed('ROUNDROBIN_COOKIE').split('; ').flatMap((pair) => {
  const [name, value] = pair.split('=', 2);
  return value ? [{ name, value, url }] : [];
});
export const chromium = process.env.ROUNDROBIN_CHROMIUM;
// Chromium's own sandbox refuses to run as root.
export const flags = ['--disable-background-networking', '--disable-component-update', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** The middle one of an odd number of values. */
export function median(values) {
  return [...values].sort((a, b) => a - b)[(values.length - 1) / 2];
}
