/** Goal: limits and audit see the client behind a listed proxy; nobody can choose an address. */
import { expect, test } from 'vitest';
import { clientAddress, proxiesOf } from './proxy.ts';

const behind = (said: string) =>
  clientAddress(proxiesOf({ trustedProxies: said }, () => 'cloud.yaml:3:1'));

test('without a list the connection itself is the client, whatever a header says', () => {
  expect(behind('')('203.0.113.7', '198.51.100.1')).toBe('203.0.113.7');
});

test.each([
  ['one proxy', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['an address in front is made up', '127.0.0.1', '6.6.6.6, 198.51.100.1', '198.51.100.1'],
  ['two proxies', '127.0.0.1', '198.51.100.1, 10.2.3.4', '198.51.100.1'],
  ['mapped into IPv6', '::ffff:127.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
  ['IPv6', 'fd00::2', '2001:db8::9', '2001:db8::9'],
  ['no header', '127.0.0.1', undefined, '127.0.0.1'],
  ['a header that is no address', '127.0.0.1', 'unknown', '127.0.0.1'],
  ['a stranger who says he is a proxy', '203.0.113.7', '127.0.0.1', '203.0.113.7'],
  ['nothing but proxies', '127.0.0.1', '10.1.1.1', '10.1.1.1'],
])('%s', (_what, peer, forwardedFor, client) => {
  expect(behind('127.0.0.1, 10.0.0.0/8,fd00::/8')(peer, forwardedFor)).toBe(client);
});

test.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/8/8', 'fd00::/129', '10.0.0.0/x'])(
  '%s is refused with its place',
  (said) => {
    expect(() => behind(`127.0.0.1,${said}`)).toThrow(
      expect.objectContaining({
        code: 'invalid',
        place: 'cloud.yaml:3:1',
        message: expect.stringContaining(`"${said}" is neither an address nor a net`),
      }),
    );
  },
);
