"""Goal: vectors of float16 and uint8 are stored, found and scored as local mode does, which keeps all as float32. Method:
numbers that every type holds exactly (eighths for half precision, whole ones for bytes), and any query; what a type cannot
hold is compared with the rule, which local mode does not know.
"""

import random

from qdrant_client import models

from world import AsyncCase, GrpcAsyncCase, GrpcSyncCase, SyncCase

NAME = "types"
HALF, BYTES = models.Datatype.FLOAT16, models.Datatype.UINT8
DIM = 6


def held(rng, datatype):
    """A vector that the type holds exactly."""
    if datatype == HALF:
        return [rng.randrange(-80, 81) / 8 for _ in range(DIM)]
    return [float(rng.randrange(256)) for _ in range(DIM)]


class Types:
    def create(self, distance, **options):
        named = {
            kind.value: models.VectorParams(size=DIM, distance=distance, datatype=kind, **options) for kind in (HALF, BYTES)
        }
        self.change("create_collection", NAME, vectors_config=named)

    def test_found_as_they_are_kept(self):
        for distance in models.Distance:
            self.create(distance)
            rng = random.Random(distance.value)
            points = []
            for number in range(1, 150):
                vectors = {kind.value: held(rng, kind) for kind in (HALF, BYTES)}
                if number % 5 == 0:
                    del vectors[rng.choice((HALF, BYTES)).value]
                points.append(models.PointStruct(id=number, vector=vectors, payload={"n": number}))
            self.change("upsert", NAME, points=points)
            self.change("delete", NAME, points_selector=[5, 7, 9, 50])
            low = models.Filter(must=[models.FieldCondition(key="n", range=models.Range(lt=60))])
            # Local mode normalises bytes by cosine and does not round halves by cosine: only scores of the first are compared.
            cosine = distance == models.Distance.COSINE
            kinds = (BYTES,) if cosine else (HALF, BYTES)
            for _ in range(8):
                query = [rng.uniform(-3, 9) for _ in range(DIM)]
                for options in ({"with_vectors": not cosine}, {"offset": 4}, {"limit": 20, "query_filter": low}):
                    for kind in kinds:
                        remote, local = self.ask("query_points", NAME, query=query, using=kind.value, **options)
                        self.same_scores(remote.points, local.points, (distance, kind, options))
            given = {point.id: point.vector for point in points}
            for record in self.remote.retrieve(NAME, [1, 2, 60], with_vectors=[BYTES.value]):
                self.assertEqual(record.vector.get(BYTES.value), given[record.id].get(BYTES.value), distance)
            self.change("delete_collection", NAME)

    def test_rounded_and_refused(self):
        self.create(models.Distance.DOT, on_disk=True)
        params = self.remote.get_collection(NAME).config.params.vectors
        self.assertEqual({name: one.datatype.value for name, one in params.items()}, {kind.value: kind.value for kind in (HALF, BYTES)})
        vectors = {HALF.value: [0.1, 2049, 65504, -65504, 1e-9, 0], BYTES.value: [0.9, 7.5, 254.999, 255, 0, 1]}
        self.remote.upsert(NAME, points=[models.PointStruct(id=1, vector=vectors)])
        kept = self.remote.retrieve(NAME, [1], with_vectors=True)[0].vector
        # JSON has as many digits as single precision needs, messages have the number itself.
        self.assertEqual([round(x, 7) for x in kept[HALF.value]], [0.0999756, 2048, 65504, -65504, 0, 0])
        self.assertEqual(kept[BYTES.value], [0, 7, 254, 255, 0, 1])
        for kind, number, says in ((HALF, 65505, "range of float16"), (BYTES, 255.5, "0 to 255"), (BYTES, -1, "range of uint8")):
            point = models.PointStruct(id=2, vector={kind.value: [number] * DIM})
            self.assertIn(says, self.refused(400, lambda: self.remote.upsert(NAME, points=[point])))
        self.assertEqual(self.remote.count(NAME).count, 1)

    def test_multivectors(self):
        for distance in (models.Distance.DOT, models.Distance.EUCLID, models.Distance.MANHATTAN):
            self.create(
                distance, multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
            )
            rng = random.Random(distance.value)
            points = []
            for number in range(1, 80):
                vectors = {kind.value: [held(rng, kind) for _ in range(rng.randrange(1, 4))] for kind in (HALF, BYTES)}
                points.append(models.PointStruct(id=number, vector=vectors))
            self.change("upsert", NAME, points=points)
            for _ in range(6):
                query = [[rng.uniform(-3, 9) for _ in range(DIM)] for _ in range(2)]
                for kind in (HALF, BYTES):
                    remote, local = self.ask("query_points", NAME, query=query, using=kind.value, limit=12)
                    self.same_scores(remote.points, local.points, (distance, kind))
            given = {point.id: point.vector for point in points}
            for record in self.remote.retrieve(NAME, [1, 2, 60], with_vectors=True):
                self.assertEqual(record.vector, given[record.id], distance)
            self.change("delete_collection", NAME)


class TypesSync(Types, SyncCase):
    pass


class TypesAsync(Types, AsyncCase):
    pass


class TypesGrpcSync(Types, GrpcSyncCase):
    pass


class TypesGrpcAsync(Types, GrpcAsyncCase):
    pass
