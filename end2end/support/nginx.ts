// The proxy that most people have, with as few settings as they give it.
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Program } from './program';

/** Seen from the folder of the tests, in which they run. */
const DOCUMENTED = join('..', 'docs', 'operating', 'nginx.conf');

/** As few settings as may be: what comes to `port` is passed on. */
export function bare(port: number, behind: string): string {
  return `
    server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass ${behind};
        proxy_set_header Host $http_host;
      }
    }`;
}

/** The settings that the documentation gives, with addresses and a certificate of this machine. */
export async function documented(ports: { https: number; http: number }, behind: string, folder: string): Promise<string> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  await promisify(execFile)('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', certificate]);
  const settings = await readFile(DOCUMENTED, 'utf8');
  return replaced(settings, [
    [/server 127\.0\.0\.1:3000;/, `server ${new URL(behind).host};`],
    [/listen 443 /, `listen 127.0.0.1:${ports.https} `],
    [/listen \[::\]:443 .*;/, ''],
    [/listen 80;/, `listen 127.0.0.1:${ports.http};`],
    [/listen \[::\]:80;/, ''],
    [/ssl_certificate .*;/, `ssl_certificate ${certificate};`],
    [/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`],
  ]);
}

/** Fails where there is nothing to replace: the test would run something else than what is documented. */
function replaced(text: string, replacements: [RegExp, string][]): string {
  return replacements.reduce((text, [what, by]) => {
    if (!what.test(text)) throw new Error(`the documented settings have no ${what}`);
    return text.replace(what, by);
  }, text);
}

/** Runs with these servers, until it is stopped; `url` is one of theirs. */
export async function startNginx(path: string, folder: string, servers: string, url: string): Promise<Program> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  await mkdir(join(folder, 'logs'), { recursive: true });
  // What its master may reach its workers have to as well.
  const user = process.getuid?.() === 0 ? 'user root root;' : '';
  const settings = `
    daemon off;
    ${user}
    pid ${join(folder, 'nginx.pid')};
    error_log stderr;
    events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n      ')}
      ${servers}
    }`;
  const file = join(folder, 'nginx.conf');
  await writeFile(file, settings);
  const program = await Program.start('nginx', path, ['-p', folder, '-c', file, '-e', 'stderr'], process.env, folder);
  await program.waitFor('it answered', () => answers(url));
  return program;
}

async function answers(url: string): Promise<true | undefined> {
  try {
    await fetch(url, { signal: AbortSignal.timeout(2_000), redirect: 'manual' });
    return true;
  } catch {
    return undefined;
  }
}
