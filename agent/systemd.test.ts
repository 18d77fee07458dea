/**
 * Goal: the unit that a robot installs is one that systemd takes whole, and that sees little.
 * Method: systemd's own judgement, offline; the program is stood in for by one that is here.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const unit = new URL('../deploy/systemd/fieldloop-agent.service', import.meta.url);
const found = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
const isHere = found.status === 0;
const why = isHere ? '' : ' (systemd-analyze is not here)';

/** Exposure from 0 to 10; what is left is the network, and a Node that compiles at run time. */
const mostExposed = 2;

test.skipIf(!isHere)(`exposed at most ${mostExposed} of 10 by systemd's own count${why}`, () => {
  const path = unit.pathname;
  const args = [
    'security',
    '--offline=true',
    `--threshold=${mostExposed * 10}`,
    '--no-pager',
    path,
  ];
  const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  const score = /exposure level for [^:]+: ([\d.]+)/.exec(stdout)?.[1];
  process.stdout.write(`systemd-analyze security: ${score}\n`);
  expect(Number(score)).toBeLessThanOrEqual(mostExposed);
  expect(status).toBe(0);
});

test.skipIf(!isHere)(`systemd knows every word of it${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'fl-unit-'));
  const path = join(folder, 'fieldloop-agent.service');
  const text = readFileSync(unit, 'utf8').replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true');
  writeFileSync(path, text);
  const { stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  // Systemd before 254 does not know these two, ignores them and says so.
  const known = /RestartSteps|RestartMaxDelaySec/;
  const said = stderr.split('\n').filter((line) => line.includes(folder) && !known.test(line));
  expect(said).toEqual([]);
});

test('it feeds a watchdog, leaves the robot first, and starts again', () => {
  const text = readFileSync(unit, 'utf8');
  for (const line of [
    'Type=notify',
    'NotifyAccess=all',
    'WatchdogSec=60',
    'Restart=always',
    'User=fieldloop',
    'StateDirectory=fieldloop',
    'ProtectSystem=strict',
    'NoNewPrivileges=true',
    // Without netlink Node cannot list the addresses of the machine (EAFNOSUPPORT).
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'PrivateTmp=true',
    'CapabilityBoundingSet=',
    'CPUWeight=20',
    'IOWeight=20',
    'Nice=10',
    'OOMScoreAdjust=500',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).toMatch(/^MemoryMax=\d+M$/m);
  expect(text).toMatch(/^SystemCallFilter=@system-service$/m);
});
