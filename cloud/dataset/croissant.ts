/**
 * A bundle as Croissant 1.1 says it: each file with its hash, the items as records, the splits, and
 * where the version comes from in the words of PROV. http://mlcommons.org/croissant/1.1
 */
import type { Json } from '@fieldloop/core';
import type { Split } from '@fieldloop/learning';
import type { DatasetVersion } from './dataset.ts';

const names = [
  'citeAs',
  'column',
  'equivalentProperty',
  'extract',
  'field',
  'fileProperty',
  'fileObject',
  'fileSet',
  'format',
  'includes',
  'isLiveDataset',
  'jsonPath',
  'key',
  'md5',
  'parentField',
  'path',
  'recordSet',
  'references',
  'regex',
  'repeated',
  'replace',
  'separator',
  'source',
  'subField',
  'transform',
];

const context: Json = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/1.0',
  dct: 'http://purl.org/dc/terms/',
  prov: 'http://www.w3.org/ns/prov#',
  sc: 'https://schema.org/',
  conformsTo: 'dct:conformsTo',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  examples: { '@id': 'cr:examples', '@type': '@json' },
  ...Object.fromEntries(names.map((name) => [name, `cr:${name}`])),
};

export interface CroissantFile {
  readonly name: string;
  readonly sha256: string;
  readonly sizeBytes?: number;
}

const splitUrls: Readonly<Record<Split, string>> = {
  train: 'cr:TrainingSplit',
  calibration: 'cr:ValidationSplit',
  test: 'cr:TestSplit',
  regression: 'cr:TestSplit',
};

/** Field, type, and where its value stands in a line of items.ndjson. */
const itemFields: readonly (readonly [string, string, string])[] = [
  ['label', 'sc:Text', '$.label'],
  ['label_sha256', 'sc:Text', '$.labelSha256'],
  ['file', 'sc:Text', '$.file'],
  ['topic', 'sc:Text', '$.topic'],
  ['start_ns', 'sc:Text', '$.range.startNs'],
  ['end_ns', 'sc:Text', '$.range.endNs'],
  ['type', 'sc:Text', '$.type'],
  ['class', 'sc:Text', '$.class'],
  ['body', 'sc:Text', '$.body'],
  ['lane', 'sc:Text', '$.selectedBy.lane'],
  ['propensity', 'sc:Float', '$.selectedBy.propensity'],
];

export function croissantOf(
  version: DatasetVersion,
  of: {
    readonly description: string | undefined;
    readonly files: readonly CroissantFile[];
    readonly splits: readonly Split[];
  },
): Json {
  const { id, dataset, manifest } = version;
  const published = new Date(version.createdAt).toISOString();
  return {
    '@context': context,
    '@type': 'sc:Dataset',
    '@id': `urn:sha256:${id}`,
    name: dataset,
    description: of.description ?? `Version ${version.n} of ${dataset}.`,
    conformsTo: 'http://mlcommons.org/croissant/1.1',
    url: `urn:sha256:${id}`,
    version: `${version.n}.0.0`,
    datePublished: published,
    license: manifest.licences.length === 0 ? ['unstated'] : [...manifest.licences],
    creator: { '@type': 'sc:Organization', name: 'fieldloop' },
    isLiveDataset: false,
    ...(manifest.parent === null
      ? {}
      : { 'prov:wasDerivedFrom': { '@id': `urn:sha256:${manifest.parent}` } }),
    'prov:wasGeneratedBy': {
      '@type': 'prov:Activity',
      '@id': `urn:fieldloop:build:${id}`,
      'prov:endedAtTime': published,
      'prov:used': [
        { '@id': `urn:sha256:${manifest.ontologySha256}` },
        { '@id': `urn:sha256:${manifest.itemsSha256}` },
      ],
    },
    distribution: of.files.map(({ name, sha256, sizeBytes }) => ({
      '@type': 'cr:FileObject',
      '@id': name,
      name,
      contentUrl: name,
      encodingFormat: formatOf(name),
      sha256,
      ...(sizeBytes === undefined ? {} : { contentSize: `${sizeBytes} B` }),
    })),
    recordSet: recordSets(of.splits),
  };
}

const recordSets = (splits: readonly Split[]): Json => [
  {
    '@type': 'cr:RecordSet',
    '@id': 'splits',
    name: 'splits',
    dataType: 'cr:Split',
    key: { '@id': 'splits/name' },
    field: [
      { '@type': 'cr:Field', '@id': 'splits/name', name: 'name', dataType: 'sc:Text' },
      { '@type': 'cr:Field', '@id': 'splits/url', name: 'url', dataType: 'sc:URL' },
    ],
    data: splits.map((split) => ({
      'splits/name': split,
      'splits/url': splitUrls[split],
    })),
  },
  {
    '@type': 'cr:RecordSet',
    '@id': 'items',
    name: 'items',
    description: 'One labelled moment each.',
    key: { '@id': 'items/label' },
    field: [
      ...itemFields.map(([name, dataType, jsonPath]) => ({
        '@type': 'cr:Field',
        '@id': `items/${name}`,
        name,
        dataType,
        source: { fileObject: { '@id': 'items.ndjson' }, extract: { jsonPath } },
      })),
      {
        '@type': 'cr:Field',
        '@id': 'items/split',
        name: 'split',
        dataType: 'sc:Text',
        references: { field: { '@id': 'splits/name' } },
        source: {
          fileObject: { '@id': 'items.ndjson' },
          extract: { jsonPath: '$.split' },
        },
      },
    ],
  },
];

function formatOf(name: string): string {
  if (name.endsWith('.mcap')) return 'application/octet-stream';
  if (name.endsWith('.ndjson')) return 'application/jsonlines';
  return name.endsWith('.json') ? 'application/json' : 'text/plain';
}
