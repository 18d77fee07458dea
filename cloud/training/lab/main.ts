/**
 * The laboratory: a process that loads a model by ONNX Runtime, as robots do, and says what it
 * gives for labelled units. Its one argument is the path of its job. A model that ends the process
 * ends nothing else.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { examine } from './examine.ts';
import type { LabJob } from './report.ts';

const job = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as LabJob;
const report = await examine(job);
await writeFile(`${job.report}.new`, JSON.stringify(report));
await rename(`${job.report}.new`, job.report);
