"""Documents that are named by an id, in three spellings, and what becomes of texts with ids."""

from hashlib import sha256

import pytest

from gateway.execution.engine import Engine, Question, RefusedError, Stage
from gateway.execution.manifests import read_manifest
from gateway.execution.persisted import PersistedDocuments, trusted_texts

TEXT, OTHER = "query Partners { partners { code } }", "query Coverage { partners { name } }"
HASH = sha256(TEXT.encode()).hexdigest()


@pytest.fixture
def build(schema):
    return lambda *texts, **options: Engine(schema, documents=PersistedDocuments(*texts, **options))


def apollo(text_hash, version=1):
    return {"persistedQuery": {"version": version, "sha256Hash": text_hash}}


def refused(engine, *arguments, **options):
    with pytest.raises(RefusedError) as caught:
        engine.prepare(Question(*arguments, **options))
    assert caught.value.stage is Stage.REQUEST
    [code] = caught.value.codes
    return code


@pytest.mark.parametrize(
    "named",
    [
        pytest.param({"document_id": f"sha256:{HASH}"}, id="graphql-over-http"),
        pytest.param({"document_id": f"sha256:{HASH.upper()}"}, id="upper-case"),
        pytest.param({"document_id": "relay-7"}, id="custom"),
        pytest.param({"document_id": HASH}, id="relay-sha256"),
        pytest.param({"extensions": apollo(HASH)}, id="apollo"),
        pytest.param({"document_id": f"sha256:{HASH}", "extensions": apollo(HASH)}, id="twice"),
    ],
)
def test_a_known_document_is_found_by_its_id(build, named):
    engine = build({"relay-7": TEXT})

    assert engine.prepare(Question(**named)).name == "Partners"


@pytest.mark.parametrize(
    "named", [{"document_id": "nobody"}, {"extensions": apollo("0" * 64)}], ids=["id", "hash"]
)
def test_b15_an_unknown_id_is_told_as_apollo_clients_know_it(build, named):
    engine = build()

    with pytest.raises(RefusedError) as caught:
        engine.prepare(Question(**named))

    assert caught.value.codes == {"PERSISTED_QUERY_NOT_FOUND"}
    assert caught.value.errors[0].message == "PersistedQueryNotFound"


@pytest.mark.parametrize("options", [{}, {"registers": True}, {"only_trusted": True}])
def test_b15_a_text_under_another_ones_hash_is_refused_and_not_kept(build, options):
    engine = build({"known": TEXT}, **options)
    lie = sha256(b"{ something }").hexdigest()

    assert refused(engine, OTHER, extensions=apollo(lie)) == "PERSISTED_QUERY_MISMATCH"
    assert refused(engine, extensions=apollo(lie)) == "PERSISTED_QUERY_NOT_FOUND"
    assert refused(engine, OTHER, document_id="known") == "PERSISTED_QUERY_MISMATCH"
    assert refused(engine, OTHER, document_id=f"sha256:{HASH}") == "PERSISTED_QUERY_MISMATCH"
    assert engine.prepare(Question(document_id="known")).name == "Partners"


def test_a_text_with_its_hash_is_kept_where_clients_may_register(build):
    engine = build(registers=True)

    assert refused(engine, extensions=apollo(HASH)) == "PERSISTED_QUERY_NOT_FOUND"
    assert engine.prepare(Question(TEXT, extensions=apollo(HASH)))
    assert engine.prepare(Question(extensions=apollo(HASH))).name == "Partners"


def test_elsewhere_it_is_answered_and_not_kept(build):
    engine = build()

    assert engine.prepare(Question(TEXT, extensions=apollo(HASH)))
    assert refused(engine, extensions=apollo(HASH)) == "PERSISTED_QUERY_NOT_FOUND"


def test_a_text_that_cannot_be_run_is_not_kept(build):
    engine = build(registers=True)
    bad = "{ nonsense }"
    named = apollo(sha256(bad.encode()).hexdigest())

    with pytest.raises(RefusedError):
        engine.prepare(Question(bad, extensions=named))

    assert refused(engine, extensions=named) == "PERSISTED_QUERY_NOT_FOUND"


def test_a_text_cannot_be_registered_under_a_name_of_ones_own(build):
    engine = build(registers=True)

    assert refused(engine, TEXT, document_id="mine") == "PERSISTED_QUERY_MISMATCH"


def test_what_clients_register_is_bounded(build):
    engine = build(registers=True, most_registered=2)
    texts = [f"{{ partners {{ a{n}: code }} }}" for n in range(3)]
    names = [apollo(sha256(text.encode()).hexdigest()) for text in texts]
    for text, name in zip(texts, names, strict=True):
        engine.prepare(Question(text, extensions=name))

    assert refused(engine, extensions=names[0]) == "PERSISTED_QUERY_NOT_FOUND"
    assert engine.prepare(Question(extensions=names[2]))


def test_where_only_known_documents_are_trusted_no_other_is_answered(build):
    engine = build({"relay-7": TEXT}, only_trusted=True, registers=True)
    other = apollo(sha256(OTHER.encode()).hexdigest())

    assert refused(engine, OTHER) == "PERSISTED_QUERY_REQUIRED"
    assert refused(engine, OTHER, extensions=other) == "PERSISTED_QUERY_REQUIRED"
    assert refused(engine, extensions=other) == "PERSISTED_QUERY_NOT_FOUND"
    assert engine.prepare(Question(document_id="relay-7"))
    assert engine.prepare(Question(TEXT))  # its text is as good as its id


@pytest.mark.parametrize(
    "named",
    [
        {"extensions": {"persistedQuery": "x"}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": apollo("x" * 64)},
        {"extensions": apollo(HASH, version=2)},
        {"extensions": apollo(HASH), "document_id": "other"},
        {"document_id": ""},
        {"document_id": "x" * 300},
    ],
)
def test_an_id_that_can_be_none_is_the_clients_mistake(build, named):
    assert refused(build(), **named) == "BAD_USER_INPUT"


def test_registered_documents_are_read_at_the_start_and_bad_ones_told(build):
    engine = build({"good": TEXT, "old": "{ fieldOfLastYear }"})

    assert set(engine.unusable) == {"old"}
    assert engine.prepare(Question(document_id="good"))
    with pytest.raises(RefusedError) as caught:
        engine.prepare(Question(document_id="old"))
    assert caught.value.codes == {"GRAPHQL_VALIDATION_FAILED"}


def test_an_id_that_means_two_texts_means_neither():
    manifests = [
        read_manifest("app", b'{"1": "{ a }", "2": "{ b }"}'),
        read_manifest("site", b'{"1": "{ c }", "2": "{ b }"}'),
    ]

    assert trusted_texts(manifests) == ({"2": "{ b }"}, ["1"])
