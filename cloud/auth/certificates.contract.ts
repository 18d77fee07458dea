/**
 * Goal: the cloud knows of every certificate it gave out whether it may still speak.
 * Method: certificates of two devices through the store, ended and asked for again.
 */
import { expect, test } from 'vitest';
import type { OpenStore } from '../store/store.contract.ts';
import { certificateStore } from './certificates.ts';

const issued = (n: number) => ({
  pem: `pem ${n}`,
  fingerprint: String(n).padStart(64, '0'),
  serial: `serial ${n}`,
  notBefore: 1000,
  notAfter: 9000 + n,
});
const key = (n: number): string => String(n).padStart(64, 'a');

export function certificateStoreContract(name: string, open: OpenStore): void {
  test(`${name}: a certificate is found by its fingerprint and is active`, async () => {
    await using world = await open();
    const certificates = certificateStore(world.db);
    await certificates.add('amr-01', key(1), issued(1), 5);
    expect(await certificates.get(issued(1).fingerprint)).toEqual({
      fingerprint: issued(1).fingerprint,
      device: 'amr-01',
      keySha256: key(1),
      state: 'active',
      pem: 'pem 1',
      notAfter: 9001,
    });
    expect(await certificates.get(issued(2).fingerprint)).toBeUndefined();
  });

  test(`${name}: the newest certificate of a key is the one that is given again`, async () => {
    await using world = await open();
    const certificates = certificateStore(world.db);
    await certificates.add('amr-01', key(1), issued(1), 5);
    await certificates.add('amr-01', key(1), issued(2), 6);
    await certificates.add('amr-01', key(2), issued(3), 7);
    expect((await certificates.forKey('amr-01', key(1)))?.pem).toBe('pem 2');
    expect(await certificates.forKey('amr-02', key(1))).toBeUndefined();
  });

  test(`${name}: ending ends what is active of that device, and nothing twice`, async () => {
    await using world = await open();
    const certificates = certificateStore(world.db);
    await certificates.add('amr-01', key(1), issued(1), 5);
    await certificates.end('amr-01', 'superseded', 6);
    await certificates.add('amr-01', key(2), issued(2), 7);
    await certificates.add('amr-02', key(3), issued(3), 7);
    await certificates.end('amr-01', 'revoked', 8);
    const states = await Promise.all(
      [1, 2, 3].map(async (n) => (await certificates.get(issued(n).fingerprint))?.state),
    );
    expect(states).toEqual(['superseded', 'revoked', 'active']);
  });

  test(`${name}: a fingerprint or a serial is given once, and only to a known device`, async () => {
    await using world = await open();
    const certificates = certificateStore(world.db);
    await certificates.add('amr-01', key(1), issued(1), 5);
    await expect(certificates.add('amr-02', key(2), issued(1), 5)).rejects.toThrow();
    await expect(certificates.add('nobody', key(2), issued(2), 5)).rejects.toThrow();
  });
}
