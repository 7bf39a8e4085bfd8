"""Random points and filters, the same for the same seed. Never talks to a client.

What local mode and the server are known to see differently is kept out here, with the reason beside it.
"""

import random
import uuid

from qdrant_client import models

DIM = 8
CITIES = ["Berlin", "London", "Paris", "Rome", "Oslo", "San Marino"]
WORDS = ["swift", "hare", "long", "eared", "mammal", "bird", "small", "flight", "noted", "rapid"]
TAGS = ["red", "green", "blue", "black", "white"]


def point_id(number):
    """Numbers and UUIDs in turn; local mode knows no other ids, the server does."""
    return number if number % 3 else str(uuid.UUID(int=number * 7919 + 1))


def vector(rng, dim=DIM):
    return [rng.uniform(-1, 1) for _ in range(dim)]


def payload(rng):
    """Every kind of value, also missing, null and empty. Floats have a fraction: the server holds 1 and 1.0 to be
    equal, local mode does not (docs/api/rest.md, Numbers)."""
    found = {"city": rng.choice(CITIES), "n": rng.randrange(50), "x": rng.randrange(1000) / 10 + 0.05}
    found["tags"] = rng.sample(TAGS, rng.randrange(4))
    found["flag"] = rng.random() < 0.5
    found["when"] = f"20{rng.randrange(10, 30)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}T10:20:30Z"
    found["place"] = {"lon": rng.uniform(-20, 30), "lat": rng.uniform(30, 60)}
    found["text"] = " ".join(rng.choices(WORDS, k=6))
    found["deep"] = {"a": {"b": rng.randrange(5)}}
    found["uid"] = str(uuid.UUID(int=rng.randrange(20)))
    found["parts"] = [
        {"kind": rng.choice(["a", "b", "c"]), "size": rng.randrange(10)} for _ in range(rng.randrange(4))
    ]
    found["maybe"] = rng.choice([None, [], 3, "x", [None, 1]])
    for key in rng.sample(sorted(found), rng.randrange(3)):
        del found[key]
    return found


def points(seed, count=300):
    rng = random.Random(seed)
    return [models.PointStruct(id=point_id(n), vector=vector(rng), payload=payload(rng)) for n in range(1, count + 1)]


def field(key, **condition):
    return models.FieldCondition(key=key, **condition)


def conditions(rng):
    """One of each condition that the client can express."""
    lon, lat = rng.uniform(-15, 25), rng.uniform(35, 55)
    low = rng.randrange(40)
    center = models.GeoPoint(lon=lon, lat=lat)
    ring = [(lon - 6, lat - 5), (lon + 6, lat - 5), (lon + 4, lat + 5), (lon - 6, lat - 5)]
    hole = [(lon - 1, lat - 2), (lon + 1, lat - 2), (lon, lat), (lon - 1, lat - 2)]
    lines = [models.GeoLineString(points=[models.GeoPoint(lon=x, lat=y) for x, y in line]) for line in (ring, hole)]
    box = models.GeoBoundingBox(
        top_left=models.GeoPoint(lon=lon - 5, lat=lat + 5), bottom_right=models.GeoPoint(lon=lon + 5, lat=lat - 5)
    )
    year = rng.randrange(2010, 2028)
    inner = models.Filter(
        must=[field("kind", match=models.MatchValue(value=rng.choice("abc"))), field("size", range=models.Range(gte=4))]
    )
    return [
        field("city", match=models.MatchValue(value=rng.choice(CITIES))),
        field("n", match=models.MatchValue(value=low)),
        field("flag", match=models.MatchValue(value=rng.random() < 0.5)),
        field("tags", match=models.MatchValue(value=rng.choice(TAGS))),
        field("deep.a.b", match=models.MatchValue(value=rng.randrange(5))),
        field("uid", match=models.MatchValue(value=str(uuid.UUID(int=rng.randrange(20))))),
        field("parts[].kind", match=models.MatchValue(value="a")),
        field("city", match=models.MatchAny(any=rng.sample(CITIES, 2))),
        field("n", match=models.MatchAny(any=[low, low + 1, low + 7])),
        field("city", match=models.MatchExcept(**{"except": rng.sample(CITIES, 2)})),
        field("n", match=models.MatchExcept(**{"except": [low, low + 3]})),
        field("city", match=models.MatchPrefix(prefix=rng.choice(CITIES)[:2])),
        field("text", match=models.MatchText(text=" ".join(rng.sample(WORDS, 2)))),
        field("text", match=models.MatchTextAny(text_any=" ".join(rng.sample(WORDS, 2)))),
        field("text", match=models.MatchPhrase(phrase=" ".join(rng.sample(WORDS, 2)))),
        field("n", range=models.Range(gte=low, lt=low + 12)),
        field("x", range=models.Range(gt=low, lte=low + 30)),
        field(rng.choice(["n", "x", "when"]), range=models.Range()),
        field("when", range=models.DatetimeRange(gte=f"{year}-01-01T00:00:00Z", lt=f"{year + 3}-06-01T00:00:00Z")),
        field("place", geo_radius=models.GeoRadius(center=center, radius=900_000.0)),
        field("place", geo_bounding_box=box),
        field("place", geo_polygon=models.GeoPolygon(exterior=lines[0], interiors=[lines[1]])),
        field("tags", values_count=models.ValuesCount(gte=1, lt=3)),
        field("parts", values_count=models.ValuesCount(gt=1)),
        field("tags", values_count=models.ValuesCount()),
        field("maybe", is_empty=True),
        field("maybe", is_null=True),
        models.IsEmptyCondition(is_empty=models.PayloadField(key=rng.choice(["tags", "maybe", "city"]))),
        models.IsNullCondition(is_null=models.PayloadField(key="maybe")),
        models.HasIdCondition(has_id=[point_id(rng.randrange(1, 400)) for _ in range(40)]),
        models.HasVectorCondition(has_vector=""),
        models.NestedCondition(nested=models.Nested(key="parts", filter=inner)),
    ]


def random_filter(rng, depth=2):
    """Conditions joined by every clause."""

    def some(count):
        picked = rng.sample(conditions(rng), count)
        if depth and rng.random() < 0.3:
            picked.append(random_filter(rng, depth - 1))
        return picked

    clauses = {}
    if rng.random() < 0.6:
        clauses["must"] = some(1)
    if rng.random() < 0.6:
        clauses["should"] = some(3)
    if rng.random() < 0.4:
        clauses["must_not"] = some(1)
    if rng.random() < 0.3:
        clauses["min_should"] = models.MinShould(conditions=some(4), min_count=2)
    return models.Filter(**clauses)
