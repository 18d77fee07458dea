/**
 * Goal: what goes out to another tool and comes back says the same, or is listed as left out.
 * Method: files in the forms that CVAT and Label Studio publish, written by hand, and round trips.
 */
import { expect, test } from 'vitest';
import type { LabelValue } from './annotation.ts';
import { sampleOntology } from './annotation.sample.ts';
import { readCvat, writeCvat } from './cvat.ts';
import type { ExchangeItem } from './interchange.ts';
import { readLabelStudio, writeLabelStudio } from './label-studio.ts';
import type { Ontology } from './ontology.ts';
import type { TaskType } from './task.ts';

const task = `tsk_${'0'.repeat(25)}1`;
const other = `tsk_${'0'.repeat(25)}2`;
const ontology: Ontology = { ...sampleOntology, sha256: 'a', n: 1, createdBy: 'x', createdAt: 1 };
const known = (): Ontology => ontology;
const size = { width: 640, height: 480 };

const item = (type: TaskType, value: LabelValue, of = task): ExchangeItem => ({
  task: of,
  place: '',
  type,
  startNs: 1_717_171_717_123_456_789n,
  value,
});

const box = {
  class: 'left',
  x: 10.5,
  y: 20.25,
  w: 100.1,
  h: 33.3,
  atNs: '1717171717200000000',
  occluded: true,
  zOrder: 2,
  attributes: { sharp: true },
};

/** As the XML annotation format page of CVAT has it, with all that a box can have. */
const cvatFile = `<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><task><id>7</id><name>wall</name><mode>annotation</mode></task></meta>
  <image id="0" name="job/${task}/1717171717200000000.jpg" width="640" height="480">
    <box label="left" source="manual" occluded="1" xtl="10.50" ytl="20.25" xbr="110.60" ybr="53.55" rotation="12.5" z_order="2" group_id="4">
      <attribute name="sharp">true</attribute>
    </box>
    <polygon label="left" source="manual" occluded="0" points="1,2;3,4;5,6" z_order="0"></polygon>
    <box label="right" source="auto" occluded="0" xtl="0" ytl="0" xbr="5" ybr="6" z_order="0"/>
  </image>
  <image id="1" name="${other}/5.png" width="640" height="480">
    <tag label="forward" source="manual"></tag>
  </image>
  <image id="2" name="cat.jpg" width="640" height="480"/>
</annotations>`;

test('a file of CVAT is read, and what we have no words for is listed', () => {
  const { items, dropped } = readCvat(cvatFile, known);
  expect(items).toEqual([
    {
      task,
      place: `image job/${task}/1717171717200000000.jpg`,
      type: 'boxes',
      startNs: 1717171717200000000n,
      value: {
        boxes: [box, { class: 'right', x: 0, y: 0, w: 5, h: 6, atNs: '1717171717200000000' }],
      },
    },
    {
      task: other,
      place: `image ${other}/5.png`,
      type: 'classification',
      startNs: 5n,
      value: { class: 'forward' },
    },
  ]);
  expect(dropped).toEqual([
    { what: 'group of a box', n: 1 },
    { what: 'image "cat.jpg" of no task', n: 1 },
    { what: 'polygon', n: 1 },
    { what: 'rotation of a box', n: 1 },
  ]);
});

test('what is written for CVAT comes back the same', () => {
  const items = [
    item('boxes', { boxes: [box] }),
    item('classification', { class: 'left', attributes: { sharp: false } }, other),
  ];
  const written = writeCvat(items, { ontology, size });
  expect(written.dropped).toEqual([]);
  const back = readCvat(written.content, known);
  expect(back.items.map(({ task: of, type, value }) => ({ of, type, value }))).toEqual(
    items.map(({ task: of, type, value }) => ({ of, type, value })),
  );
  expect(back.dropped).toEqual([]);
  const lossy = [
    item('boxes', { boxes: [{ ...box, track: 'a', topic: '/b', share: 1 }] }),
    item('segments', { segments: [] }),
  ];
  expect(writeCvat(lossy, { ontology, size }).dropped).toEqual([
    { what: 'label of type segments', n: 1 },
    { what: 'share of a box', n: 1 },
    { what: 'topic of a box', n: 1 },
    { what: 'track of a box', n: 1 },
  ]);
});

test('a file of another form, or with entities of its own, is refused with its place', () => {
  const fault = { code: 'invalid', place: '/body/content' };
  const wrong = (text: string) => () => readCvat(text, known);
  expect(wrong('<annotations>\n<version>')).toThrow(expect.objectContaining(fault));
  expect(wrong('<a/>')).toThrow('the root is <a>');
  expect(wrong('<annotations><version>1.0</version></annotations>')).toThrow('the version is 1.0');
  const laughs = `<!DOCTYPE a [<!ENTITY l "ha">]><annotations><version>&l;</version></annotations>`;
  expect(wrong(laughs)).toThrow(expect.objectContaining(fault));
  expect(() => readLabelStudio('{"a":1}', known)).toThrow(expect.objectContaining(fault));
});

/** As the task format page of Label Studio has it. */
const studioFile = JSON.stringify([
  {
    id: 1,
    project: 83,
    data: { image: `https://example.com/${task}.jpg` },
    annotations: [
      {
        id: 1001,
        completed_by: 10,
        was_cancelled: false,
        ground_truth: false,
        lead_time: 4.288,
        result: [
          {
            id: 'Dx_aB91ISN',
            from_name: 'tag',
            to_name: 'img',
            type: 'rectanglelabels',
            original_width: 600,
            original_height: 400,
            image_rotation: 0,
            value: {
              x: 50.8,
              y: 5.75,
              width: 12.4,
              height: 10.5,
              rotation: 0,
              rectanglelabels: ['left'],
            },
          },
          {
            id: 'b1',
            from_name: 'brush',
            to_name: 'img',
            type: 'brushlabels',
            value: { rle: [1] },
          },
        ],
      },
      { id: 1002, completed_by: 11, was_cancelled: true, result: [] },
    ],
    predictions: [{ model_version: 'm1', result: [] }],
  },
]);

test('a file of Label Studio is read: percents of the image become pixels', () => {
  const { items, dropped } = readLabelStudio(studioFile, known);
  expect(items).toMatchObject([
    {
      task,
      type: 'boxes',
      annotator: '10',
      seconds: 4.288,
      value: { boxes: [{ class: 'left', x: 304.8, y: 23, w: 74.4, h: 42 }] },
    },
  ]);
  expect(dropped).toEqual([
    { what: 'brushlabels', n: 1 },
    { what: 'prediction', n: 1 },
    { what: 'skipped annotation', n: 1 },
  ]);
});

test('what is written for Label Studio comes back the same', () => {
  const { occluded: _hidden, zOrder: _order, ...plainBox } = box;
  const segment = {
    class: 'left',
    startNs: '1717171717123456790',
    endNs: '1717171719999999999',
    attributes: { sharp: true },
  };
  const items = [
    item('boxes', { boxes: [plainBox, { class: 'right', x: 1, y: 2, w: 3, h: 4 }] }),
    item('classification', { class: 'left', attributes: { sharp: false } }),
    item('segments', { segments: [segment] }),
    item('segments', { segments: [] }),
    item('text', { text: 'a "quoted" <text> & more' }),
  ];
  const written = writeLabelStudio(items, { size });
  expect(written.dropped).toEqual([]);
  const back = readLabelStudio(written.content, known);
  expect(back.dropped).toEqual([]);
  expect(back.items.map(({ type, value, startNs }) => ({ type, value, startNs }))).toEqual(
    items.map(({ type, value, startNs }) => ({ type, value, startNs })),
  );
  const lossy = [item('boxes', { boxes: [box] })];
  expect(writeLabelStudio(lossy, { size }).dropped).toEqual([
    { what: 'occluded of a box', n: 1 },
    { what: 'zOrder of a box', n: 1 },
  ]);
});
