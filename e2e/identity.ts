/** The identity that an agent got at enrolment, and one that nobody gave: for tests of rights. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

const folderOf = (home: string): string => join(home, 'state', 'identity');

/** Points an enrolled, stopped agent at another address of the same broker. */
export function useBroker(home: string, host: string): void {
  const path = join(folderOf(home), 'identity.json');
  const identity = JSON.parse(readFileSync(path, 'utf8')) as { broker: string };
  writeFileSync(path, JSON.stringify({ ...identity, broker: `mqtts://${host}` }));
}

export function identityOf(home: string): TlsIdentity & { readonly ca: string } {
  const read = (file: string): string => readFileSync(join(folderOf(home), file), 'utf8');
  return {
    key: read('key.pem'),
    cert: `${read('cert.pem')}\n${read('chain.pem')}`,
    ca: read('ca.pem'),
  };
}

/** A key and a certificate that says `name`, signed by nobody that the cloud knows. */
export function strangerIdentity(name: string): TlsIdentity {
  const folder = mkdtempSync(join(tmpdir(), 'stranger-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = `/CN=${name}`;
    const san = `subjectAltName=URI:urn:fieldloop:device:${name}`;
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const made = ['-days', '1', '-subj', subject, '-addext', san, '-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509'].concat(curve, made), { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
