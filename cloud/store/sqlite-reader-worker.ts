/** A reader's thread: one read-only connection, behind typed messages. */
import { parentPort, workerData } from 'node:worker_threads';
import { wordsOf } from './fault-words.ts';
import { openSqliteReader } from './sqlite.ts';
import type { ReaderAnswer, ReaderQuestion } from './sqlite-readers.ts';

const { path } = workerData as { readonly path: string };
const port = parentPort;
const reader = openSqliteReader(path);

function answer({ id, text, values }: ReaderQuestion): ReaderAnswer {
  try {
    return { id, ...reader.ask(text, values) };
  } catch (error) {
    return { id, fault: wordsOf(error) };
  }
}

port?.on('message', (question: ReaderQuestion | 'close') => {
  if (question === 'close') {
    reader.close();
    port.close();
    return;
  }
  port.postMessage(answer(question));
});
