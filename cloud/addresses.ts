/** By which names and addresses robots and people reach the listeners of this process. */
import { hostname } from 'node:os';
import type { CloudConfig } from './config.ts';
import type { ListenAddress } from './http/serve.ts';

const everywhere = ['0.0.0.0', '::'];

/** How robots call a listener of this machine. */
export function calledBy(
  config: Pick<CloudConfig, 'publicHost'>,
  { host }: Pick<ListenAddress, 'host'>,
): string {
  const name = config.publicHost ?? (everywhere.includes(host) ? hostname() : host);
  return name.includes(':') ? `[${name}]` : name;
}

/** Every name that the listeners' certificates must hold. */
export function namesOf(config: CloudConfig): readonly string[] {
  const hosts = [config.broker.host, config.enrol.host].filter(
    (host) => !everywhere.includes(host),
  );
  const own = config.publicHost === undefined ? [hostname()] : [config.publicHost];
  return [...new Set(['127.0.0.1', 'localhost', ...hosts, ...own])];
}
