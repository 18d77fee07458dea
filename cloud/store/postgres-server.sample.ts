/**
 * A real PostgreSQL server for tests: Debian's programs, a folder of its own, a free port of this
 * machine. The server refuses to run as root, so then it runs as an unprivileged account. It ends
 * with the process that started it, however that dies: a shell in front of it reads our pipe.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const debian = '/usr/lib/postgresql';

/** The folder with `initdb` and `postgres`, the newest first; undefined when there is none. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  return [
    ...versions.toSorted((a, b) => Number(b) - Number(a)).map((name) => join(debian, name, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ].find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))));
}

export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** As its superuser, who needs no password, or as `user:password`. */
  url(database: string, user?: string): string;
  /** `fast` ends its connections and stops; `immediate` is a crash. */
  stop(how: 'fast' | 'immediate'): Promise<void>;
  /** After a stop: on the same folder and port. */
  start(): Promise<void>;
}

/** Settings such as `max_connections=5`. */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('no PostgreSQL server is installed');
  const user = account();
  const folder = await mkdtemp(join(tmpdir(), 'fieldloop-postgres-'));
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const options = { cwd: folder, ...user };
  const asked = ['-D', join(folder, 'data'), '-A', 'trust', '-U', 'fieldloop', '-E', 'UTF8'];
  const plain = ['--no-sync', '--no-instructions', '--locale=C.UTF-8'];
  await promisify(execFile)(join(programs, 'initdb'), [...asked, ...plain], options);
  const rules = join(folder, 'hba.conf');
  await writeFile(rules, hba);
  const port = await freePort();
  const program = join(programs, 'postgres');
  const args = ['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', ''];
  const all = [...fast, `hba_file=${rules}`, ...settings].flatMap((setting) => ['-c', setting]);
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn('sh', ['-c', shell, program, ...args, ...all], {
      ...options,
      env: { ...process.env, FIELDLOOP_POSTGRES_FOLDER: folder },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    await ready(child);
    // The process may end while its server runs: the pipe tells the shell.
    child.unref();
    for (const stream of [child.stdin, child.stderr]) (stream as Socket | null)?.unref();
  };
  const stop = async (how: 'fast' | 'immediate'): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    const ended = once(running, 'exit');
    running.ref();
    running.stdin?.end(how === 'fast' ? 'INT\n' : 'QUIT\n');
    await ended;
  };
  await start();
  return {
    port,
    url: (database, user = 'fieldloop') => `postgresql://${user}@127.0.0.1:${port}/${database}`,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop('immediate');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Who may come without a password. */
const hba = `host all fieldloop 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
`;

/** `$0` is the program. A line on our pipe ends the server; its end alone removes the folder too. */
const shell = `"$0" "$@" & server=$!
read how; kill -"\${how:-QUIT}" $server; wait $server
[ -n "$how" ] || rm -rf "$FIELDLOOP_POSTGRES_FOLDER"`;

/** What a test loses when the machine does is a test. */
const fast = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'shared_buffers=64MB',
  'max_connections=100',
  'jit=off',
];

async function ready(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    if (line.includes('ready to accept connections')) {
      child.stderr?.resume();
      return;
    }
    said.push(line);
  }
  throw new Error(`PostgreSQL did not start: ${said.slice(-5).join('\n')}`);
}

/** Undefined when this process may run the server itself. */
function account(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const found =
    lines.find((line) => line.startsWith('postgres:')) ??
    lines.find((line) => line.startsWith('nobody:'));
  const [, , uid, gid] = (found ?? '::65534:65534').split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
