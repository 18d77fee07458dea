/** A service manager for tests: a real datagram socket, and the real systemd-notify. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Why it cannot be tried here. */
export const noNotify: string | undefined = !existsSync('/usr/bin/systemd-notify')
  ? 'systemd-notify is not here (Debian: systemd)'
  : spawnSync('python3', ['--version']).status !== 0
    ? 'python3 is not here: Node opens no unix datagram socket to listen on'
    : undefined;

const program = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('ready', flush=True)
while True:
    data, fds, _, _ = socket.recv_fds(s, 4096, 8)
    for fd in fds: os.close(fd)
    if b'BARRIER=1' not in data: print(repr(data.decode()), flush=True)
`;

export interface Listener extends AsyncDisposable {
  readonly path: string;
  /** Datagrams so far, each as its assignments. */
  readonly heard: readonly (readonly string[])[];
  /** Resolves with the first one, from `from` on, that has this assignment. */
  next(word: string, from?: number): Promise<number>;
}

export async function openListener(): Promise<Listener> {
  const folder = mkdtempSync(join(tmpdir(), 'fl-notify-'));
  const path = join(folder, 'notify.sock');
  const child: ChildProcess = spawn('python3', ['-c', program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const heard: string[][] = [];
  let wake: (() => void)[] = [];
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  const ready = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      if (line === 'ready') resolve();
      else heard.push(line.slice(1, -1).split('\\n').filter(Boolean));
      for (const one of wake.splice(0)) one();
    });
  });
  await ready;
  return {
    path,
    heard,
    async next(word, from = 0) {
      for (;;) {
        const at = heard.findIndex((words, i) => i >= from && words.includes(word));
        if (at >= 0) return at;
        await new Promise<void>((resolve) => wake.push(resolve));
      }
    },
    async [Symbol.asyncDispose]() {
      wake = [];
      const gone = new Promise((resolve) => child.on('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}
