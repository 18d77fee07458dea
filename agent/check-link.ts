/**
 * Whether the cloud takes this device now: what the agent that runs here says of its connection,
 * or else a connection of its own, which a running agent would lose its own to.
 */
import { faultLine, asFault, type Clock } from '@fieldloop/core';
import type { Finding } from './finding.ts';
import type { Identity } from './enroll/identity.ts';
import { readStatus } from './health/socket.ts';
import type { UplinkFigures } from './health/status.ts';

export interface LinkCheck {
  readonly identity: Identity;
  /** Where the agent answers while it runs. */
  readonly socketPath: string;
  readonly clock: Clock;
}

const about = 'cloud';

export async function checkLink(check: LinkCheck): Promise<Finding> {
  try {
    return told((await readStatus(check.socketPath)).uplink);
  } catch (error) {
    const fault = asFault(error);
    if (fault.details?.['answered'] !== true) return await dial(check);
    const text = `the agent that runs here does not say: ${faultLine(fault)}`;
    return { level: 'warning', about, text };
  }
}

function told({ connected, lastError }: UplinkFigures): Finding {
  if (connected) return { level: 'ok', about, text: 'the agent that runs here is connected' };
  const why = lastError === undefined ? 'it says no reason yet' : lastError;
  return { level: 'warning', about, text: `the agent that runs here is not connected: ${why}` };
}

async function dial({ identity, clock }: LinkCheck): Promise<Finding> {
  const { mqttLinks } = await import('./uplink/mqtt.ts');
  const links = mqttLinks(identity.broker, identity, clock);
  // The bulk connection has no will: nobody hears of a robot that came and went.
  const wish = { kind: 'bulk', subscribe: [], onMessage: () => undefined } as const;
  try {
    const link = await links.connect(wish, new AbortController().signal);
    await link.close();
    return { level: 'ok', about, text: `${identity.broker} takes this device` };
  } catch (error) {
    const fault = asFault(error);
    // A network that is away now is no fault of this robot's set-up: the agent buffers.
    const level = fault.code === 'unavailable' ? 'warning' : 'error';
    return { level, about, text: faultLine(fault) };
  }
}
