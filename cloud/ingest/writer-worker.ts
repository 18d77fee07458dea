/** The writer's thread: ingest's only write connection, behind typed messages. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '@fieldloop/core/system';
import { openWriteConnection } from '../store/database.ts';
import { wordsOf } from '../store/fault-words.ts';
import { openCommitter } from './committer.ts';
import type { WriterAnswer, WriterNote, WriterOptions, WriterQuestion } from './writer.ts';

const { database } = workerData as WriterOptions;
const port = parentPort;
const writer = openCommitter({
  db: openWriteConnection(database),
  clock: systemClock,
  onOtherName: (otherName) => port?.postMessage({ otherName } satisfies WriterNote),
});

async function answer(question: WriterQuestion): Promise<WriterAnswer> {
  const { id } = question;
  try {
    return { id, output: await writer.submit(question.name, question.input) };
  } catch (error) {
    return { id, fault: wordsOf(error) };
  }
}

port?.on('message', (question: WriterQuestion | 'close') => {
  if (question === 'close') {
    void writer[Symbol.asyncDispose]().then(() => port.close());
    return;
  }
  void answer(question).then((one) => port.postMessage(one));
});
