// The proxy that most people have, with as few settings as they give it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Program } from './program';

/** Passes on what comes to a port of this machine, until it is stopped. */
export async function startNginx(path: string, port: number, behind: string, folder: string): Promise<Program> {
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
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass ${behind};
          proxy_set_header Host $http_host;
        }
      }
    }`;
  const file = join(folder, 'nginx.conf');
  await writeFile(file, settings);
  const program = await Program.start('nginx', path, ['-p', folder, '-c', file, '-e', 'stderr'], process.env, folder);
  await program.waitFor('it answered', () => answers(`http://127.0.0.1:${port}`));
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
