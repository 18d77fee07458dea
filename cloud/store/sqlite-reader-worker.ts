/** A reader's thread: one read-only connection, behind typed messages. */
import { parentPort, workerData } from 'node:worker_threads';
import { wordsOf } from './fault-words.ts';
import { openSqliteReader, type SqliteReader } from './sqlite-file.ts';
import type { ReaderAnswer, ReaderQuestion } from './sqlite-readers.ts';

const { path } = workerData as { readonly path: string };
const port = parentPort;
const reader = openOrEnd();

/** A thread that cannot open the file says why, and ends. */
function openOrEnd(): SqliteReader | undefined {
  try {
    return openSqliteReader(path);
  } catch (error) {
    port?.postMessage({ id: 0, fault: wordsOf(error) } satisfies ReaderAnswer);
    port?.close();
    return undefined;
  }
}

function answer(from: SqliteReader, { id, text, values }: ReaderQuestion): ReaderAnswer {
  try {
    return { id, ...from.ask(text, values) };
  } catch (error) {
    return { id, fault: wordsOf(error) };
  }
}

if (reader !== undefined) {
  port?.on('message', (question: ReaderQuestion | 'close') => {
    if (question === 'close') {
      reader.close();
      port.close();
      return;
    }
    port.postMessage(answer(reader, question));
  });
}
