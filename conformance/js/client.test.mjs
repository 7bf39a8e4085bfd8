// Goal: the unmodified JavaScript client works over REST. Method: each of its calls that an application makes, answers
// compared with what was written.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { QdrantClient } from '@qdrant/js-client-rest';

const UUID = '936da01f-9abd-4d9d-80c7-02af85c822a8';
let server, folder, client;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ruvector-conformance-'));
  const options = ['serve', '--http-port', '0', '--grpc-port', '0', '--storage', join(folder, 'data')];
  server = spawn(process.env.RUVECTOR_PROGRAM, options, { stdio: ['ignore', 'pipe', 'ignore'] });
  let url;
  for await (const line of createInterface({ input: server.stdout })) {
    url ??= line.match(/REST\s+(http:\/\/\S+)/)?.[1];
    if (line.startsWith('Stop with')) break;
  }
  client = new QdrantClient({ url });
});

after(async () => {
  const ended = new Promise((done) => server.once('exit', done));
  server.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true });
});

const point = (n) => ({ id: n, vector: [n, 1, 0], payload: { n, even: n % 2 === 0, word: `number ${n}` } });

async function filled(name) {
  assert.equal(await client.createCollection(name, { vectors: { size: 3, distance: 'Dot' } }), true);
  const points = [...Array(20).keys()].map((n) => point(n + 1));
  const written = await client.upsert(name, { wait: true, points });
  assert.equal(written.status, 'completed');
}

const refused = async (call, status) =>
  assert.rejects(call, (error) => {
    assert.equal(error.status, status, String(error));
    return true;
  });

test('collections come, are described and go', async () => {
  await filled('life');
  assert.equal((await client.collectionExists('life')).exists, true);
  const names = (await client.getCollections()).collections.map((one) => one.name);
  assert.ok(names.includes('life'));
  const info = await client.getCollection('life');
  assert.equal(info.points_count, 20);
  assert.equal(info.config.params.vectors.size, 3);
  assert.equal(await client.updateCollection('life', { optimizers_config: { deleted_threshold: 0.3 } }), true);
  await refused(client.createCollection('life', { vectors: { size: 3, distance: 'Dot' } }), 409);
  assert.equal(await client.recreateCollection('life', { vectors: { size: 2, distance: 'Cosine' } }), true);
  assert.equal(await client.deleteCollection('life'), true);
  await refused(client.getCollection('life'), 404);
});

test('aliases lead to a collection', async () => {
  await filled('aliased');
  const actions = [{ create_alias: { collection_name: 'aliased', alias_name: 'other name' } }];
  assert.equal(await client.updateCollectionAliases({ actions }), true);
  assert.equal((await client.count('other name')).count, 20);
  const listed = [{ collection_name: 'aliased', alias_name: 'other name' }];
  assert.deepEqual((await client.getCollectionAliases('aliased')).aliases, listed);
  assert.deepEqual((await client.getAliases()).aliases, listed);
});

test('points are written, read and deleted', async () => {
  await filled('points');
  await client.upsert('points', { wait: true, batch: { ids: [30, UUID], vectors: [[1, 2, 3], [4, 5, 6]] } });
  const read = await client.retrieve('points', { ids: [3, UUID], with_vector: true });
  assert.deepEqual(read.map((one) => one.id).sort(), [3, UUID].sort());
  assert.deepEqual(read.find((one) => one.id === UUID).vector, [4, 5, 6]);
  assert.deepEqual(read.find((one) => one.id === 3).payload, point(3).payload);
  await client.setPayload('points', { wait: true, payload: { late: true }, points: [1, 2] });
  await client.overwritePayload('points', { wait: true, payload: { only: 1 }, points: [3] });
  await client.deletePayload('points', { wait: true, keys: ['word'], points: [4] });
  await client.clearPayload('points', { wait: true, points: [5] });
  const payloads = (await client.retrieve('points', { ids: [1, 3, 4, 5] })).map((one) => one.payload);
  assert.deepEqual(payloads, [{ ...point(1).payload, late: true }, { only: 1 }, { n: 4, even: true }, {}]);
  await client.updateVectors('points', { wait: true, points: [{ id: 6, vector: [7, 7, 7] }] });
  assert.deepEqual((await client.retrieve('points', { ids: [6], with_vector: true }))[0].vector, [7, 7, 7]);
  const operations = [{ delete: { points: [7] } }, { upsert: { points: [point(40)] } }];
  assert.equal((await client.batchUpdate('points', { wait: true, operations })).length, 2);
  await client.delete('points', { wait: true, filter: { must: [{ key: 'even', match: { value: true } }] } });
  const left = await client.scroll('points', { limit: 100 });
  assert.deepEqual(left.points.map((one) => one.id), [1, 3, 5, 9, 11, 13, 15, 17, 19, 30, UUID]);
  assert.equal((await client.count('points', { exact: true })).count, 11);
});

test('searches and queries answer alike', async () => {
  await filled('search');
  const nearest = [20, 19, 18];
  const vector = [1, 0, 0];
  const scored = await client.query('search', { query: vector, limit: 3 });
  assert.deepEqual(scored.points.map((one) => [one.id, one.score]), nearest.map((id) => [id, id]));
  const queried = await client.query('search', { query: vector, limit: 3, with_payload: true });
  assert.deepEqual(queried.points.map((one) => one.payload.n), nearest);
  const filter = { must: [{ key: 'n', range: { lte: 10 } }], must_not: [{ has_id: [10] }] };
  const filtered = await client.query('search', { query: vector, filter, limit: 2 });
  assert.deepEqual(filtered.points.map((one) => one.id), [9, 8]);
  const batch = await client.queryBatch('search', { searches: [{ query: vector, limit: 1 }, { query: 3, limit: 1 }] });
  assert.deepEqual(batch.map((one) => one.points[0].id), [20, 20]);
  const like = await client.query('search', { query: { recommend: { positive: [1], negative: [2] } }, limit: 3 });
  assert.equal(like.points.length, 3);
  const stages = { prefetch: [{ query: vector, limit: 5 }, { query: [0, 1, 0], limit: 5 }], query: { fusion: 'rrf' } };
  assert.equal((await client.query('search', { ...stages, limit: 4 })).points.length, 4);
});

test('payload indexes, facets and order', async () => {
  await filled('indexes');
  await client.createPayloadIndex('indexes', { wait: true, field_name: 'n', field_schema: 'integer' });
  await client.createPayloadIndex('indexes', { wait: true, field_name: 'even', field_schema: 'bool' });
  const page = await client.scroll('indexes', { order_by: { key: 'n', direction: 'desc' }, limit: 3 });
  assert.deepEqual(page.points.map((one) => one.id), [20, 19, 18]);
  const facets = await client.facet('indexes', { key: 'even' });
  assert.deepEqual(facets.hits.map((one) => one.count), [10, 10]);
  assert.ok('n' in (await client.getCollection('indexes')).payload_schema);
  await client.deletePayloadIndex('indexes', 'n', { wait: true });
  assert.ok(!('n' in (await client.getCollection('indexes')).payload_schema));
});

test('errors carry the status and the text', async () => {
  await filled('errors');
  await refused(client.query('errors', { query: [1], limit: 3 }), 400);
  await refused(client.query('absent', { query: [1], limit: 3 }), 404);
  await refused(client.upsert('errors', { points: [{ id: -1, vector: [1, 2, 3] }] }), 400);
});

test('vectors are added to a collection in use and removed from it', async () => {
  await filled('fields');
  const dense = { dense: { size: 2, distance: 'Dot' } };
  assert.equal((await client.createVectorName('fields', 'more', dense, { wait: true })).status, 'completed');
  await client.createVectorName('fields', 'words', { sparse: { modifier: 'idf' } });
  const search = () => client.query('fields', { query: [1, 0], using: 'more', limit: 5 });
  assert.deepEqual((await search()).points, []);
  const points = [2, 7].map((id) => ({ id, vector: { more: [id, 0] } }));
  await client.updateVectors('fields', { wait: true, points });
  assert.deepEqual((await search()).points.map((one) => one.id), [7, 2]);
  const params = (await client.getCollection('fields')).config.params;
  assert.equal(params.vectors.more.size, 2);
  assert.equal(params.sparse_vectors.words.modifier, 'idf');
  await refused(client.createVectorName('fields', 'more', { dense: { size: 3, distance: 'Dot' } }), 400);
  assert.equal((await client.deleteVectorName('fields', 'more', { wait: true })).status, 'completed');
  await refused(search(), 400);
  assert.equal((await client.count('fields', { exact: true })).count, 20);
});
