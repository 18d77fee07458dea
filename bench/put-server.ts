/**
 * The rival of the upload bench: an HTTPS server that takes a PUT and does with its bytes what the
 * cloud does: part, hash, sync, rename, synced folder, one committed row, then the answer.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { migrate, openCa, openDiskBlobs, openSqlite } from '@fieldloop/cloud';
import { systemClock } from '@fieldloop/core/system';

const folder = process.argv[2] ?? '.';
const ca = await openCa({ folder: join(folder, 'ca'), clock: systemClock });
const blobs = await openDiskBlobs(folder);
const db = openSqlite(join(folder, 'put.db'));
await migrate(db, systemClock);

const server = createServer(
  { ...(await ca.serverIdentity(['127.0.0.1'])), minVersion: 'TLSv1.3' },
  (request, response) => {
    void (async () => {
      const sha256 = (request.url ?? '').slice(1);
      const part = await blobs.begin({ owner: 'put', sha256 });
      let sizeBytes = 0;
      for await (const piece of request) {
        const bytes = piece as Buffer;
        sizeBytes += bytes.length;
        await part.append([bytes]);
      }
      const outcome = await part.commit();
      const row = { sha256, size_bytes: sizeBytes, stored_at: systemClock.now() };
      await db.insertInto('blob').values(row).execute();
      response.writeHead(outcome === 'committed' ? 201 : 422).end();
    })();
  },
);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `https://127.0.0.1:${port}`, ca: ca.rootPem })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
