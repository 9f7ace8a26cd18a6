// The API client, made of what the platform's code says of itself; made again only when that has changed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const root = new URL('..', import.meta.url).pathname;
const python = process.env.CONSOLE_PYTHON ?? `${root}.venv/bin/python`;
const document = 'build/openapi.json';

mkdirSync('build', { recursive: true });
execFileSync(python, ['-m', 'launcher.describing', `console/${document}`], { cwd: root, stdio: 'inherit', env: { ...process.env, PYTHONPATH: root } });
const made = 'build/openapi.made.json';
if (!existsSync('src/api/sdk.gen.ts') || !existsSync(made) || readFileSync(document, 'utf8') !== readFileSync(made, 'utf8')) {
  execFileSync('node_modules/.bin/openapi-ts', ['--silent'], { stdio: 'inherit' });
  writeFileSync(made, readFileSync(document));
}
