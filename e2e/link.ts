/** A TCP link that tests can cut, mend and slow down: it stands between an agent and the broker. */
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Link extends AsyncDisposable {
  readonly host: string;
  /** Closes every connection and refuses new ones. */
  cut(): void;
  mend(): void;
  /** Connections that were accepted so far. */
  accepted(): number;
}

export interface LinkSpeed {
  /** Bytes a second from the agent to the broker, as it is then; no limit when absent. */
  readonly upBytesPerSecond?: number;
}

/** Listens on a free loopback port and forwards to `target` (`host:port`). */
export async function openLink(target: string, speed: LinkSpeed = {}): Promise<Link> {
  const [host = '127.0.0.1', port = '0'] = target.split(':');
  const sockets = new Set<Socket>();
  let isCut = false;
  let accepted = 0;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    accepted += 1;
    const far = connect(Number(port), host);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    void forward(near, far, speed);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP address');
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: `127.0.0.1:${address.port}`,
    cut,
    mend: () => {
      isCut = false;
    },
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function forward(near: Socket, far: Socket, speed: LinkSpeed): Promise<void> {
  if (speed.upBytesPerSecond === undefined) {
    near.pipe(far);
    return;
  }
  try {
    for await (const part of near) {
      const bytes = part as Buffer;
      far.write(bytes);
      await delay((bytes.length / (speed.upBytesPerSecond ?? Number.POSITIVE_INFINITY)) * 1000);
    }
    far.end();
  } catch {
    // A socket that was cut: its other half is closed by the close handler.
    far.destroy();
  }
}
