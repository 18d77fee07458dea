/**
 * The built-in trainer: dense layers with ReLU between, or a new head on the base model. It is a
 * trainer like any other: a command whose last argument is the path of its job.json.
 */
import { readFile } from 'node:fs/promises';
import { faultLine, asFault, sha256Hex } from '@fieldloop/core';
import { outNames, type Job } from '../contract-names.ts';
import { openOut } from './out.ts';
import { trainJob } from './train.ts';

try {
  const job = JSON.parse(await readFile(process.argv.at(-1) ?? '', 'utf8')) as Job;
  const out = openOut(job.outDir);
  await out.beat();
  const { onnx, result } = await trainJob(job, out);
  await out.file(outNames.onnx, onnx);
  await out.file(outNames.result, JSON.stringify({ ...result, sha256: sha256Hex(onnx) }));
} catch (error) {
  const fault = asFault(error);
  const bug = fault.code === 'internal' && fault.cause instanceof Error ? fault.cause.stack : '';
  process.stderr.write(`${faultLine(fault)}\n${bug ?? ''}\n`);
  process.exitCode = 1;
}
