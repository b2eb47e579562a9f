"""Every statement the PostgreSQL store sends, as one place to read its questions and changes.

Ids and keys are UTF-8 in `bytea`: their order is that of code points in any locale, and they may
hold U+0000, as may documents, which are JSON in `bytea` for the same reason.
"""

from __future__ import annotations

from functools import cache

from mock_server.domain.entities import KINDS
from mock_server.storage import postgres_feed_sql as feed
from mock_server.storage.indexes import INDEXES
from mock_server.storage.postgres_numbers_sql import NUMBERING
from mock_server.storage.postgres_runs_sql import TABLES as RUNS
from mock_server.storage.postgres_runs_sql import functions
from mock_server.storage.postgres_wire import Statement, statement
from mock_server.storage.related import COUNTS, MEMBERS

# "grnr": the name space of our advisory locks, and the lock of the whole store.
NAMESPACE = 0x67726E72

SCHEMA = (
    "CREATE SCHEMA IF NOT EXISTS greenroom",
    # The links stand beside the document, so that one statement can follow them.
    """CREATE TABLE greenroom.entities (kind text COLLATE "C" NOT NULL, id bytea NOT NULL,
       doc bytea NOT NULL, user_id bytea, room_id bytea, preset_id bytea,
       PRIMARY KEY (kind, id))""",
    # Read backwards, the primary key is a group's newest-first order; `ord` is in microseconds.
    """CREATE TABLE greenroom.entries (kind text COLLATE "C" NOT NULL,
       idx text COLLATE "C" NOT NULL, key bytea NOT NULL, ord bigint NOT NULL, id bytea NOT NULL,
       PRIMARY KEY (idx, key, ord, id))""",
    "CREATE INDEX entries_of_entity ON greenroom.entries (kind, id)",
    *RUNS,
    *NUMBERING,
    *feed.TABLES,
    "CREATE TABLE greenroom.meta (name text PRIMARY KEY, value text NOT NULL)",
    *functions(),
)

BEGIN_READING = statement("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
# Every statement sees what was committed before it began, so those after a lock see what the
# lock's last holder left.
BEGIN_WRITING = statement("BEGIN ISOLATION LEVEL READ COMMITTED")

LOCK_STORE = statement(f"SELECT pg_advisory_xact_lock({NAMESPACE})")
SHARE_STORE = statement(f"SELECT pg_advisory_xact_lock_shared({NAMESPACE})")
_HASH = f"hashtextextended(%(kind)s::text || encode({{id}}, 'hex'), {NAMESPACE})"


COMMIT = statement("COMMIT")
ROLLBACK = statement("ROLLBACK")


@cache
def lock_statement(column: str | None, *, shared: bool) -> Statement:
    """Return the statement that locks `kind` `id`, or what `column` of the entity `of` `id` names.

    It gives a row where there was something to lock.
    """
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    if column is None:
        return statement(f"SELECT {function}({_HASH.format(id='%(id)s::bytea')})")
    hashed = _HASH.format(id=column)
    return statement(
        f"SELECT {function}({hashed}) FROM greenroom.entities "
        "WHERE kind = %(of)s::text AND id = %(id)s::bytea"
    )


_GROUP = "idx = %(idx)s::text AND key = %(key)s::bytea"
# What is brought along is made of few rows, which the limits tell a planner that has no statistics
# yet: for as many as it would guess it makes room beforehand, half a millisecond's worth of it.
_BROUGHT = " ".join(
    f"""UNION ALL (SELECT '{index.kind.__name__}', m.id FROM greenroom.entries m
        WHERE e.kind = '{kind.__name__}' AND m.idx = '{index.name}' AND m.key = e.id LIMIT 2)"""
    for kind, index in MEMBERS
)
# OFFSET 0 keeps the look-ups one by one: while a table is small it is cheaper to go over all of an
# index, and that plan would be kept when it has grown.
_FACTS = " ".join(
    [
        f"""UNION ALL SELECT '{index.name}', m.key, m.id, m.ord FROM wanted w
            CROSS JOIN LATERAL (SELECT * FROM greenroom.entries m
                WHERE m.idx = '{index.name}' AND m.key = w.id OFFSET 0) m
            WHERE w.kind = '{kind.__name__}'"""
        for kind, index in MEMBERS
    ]
    + [
        f"""UNION ALL SELECT '{index.name}', c.key, NULL, c.n FROM wanted w
            CROSS JOIN LATERAL (SELECT * FROM greenroom.{table} c
                WHERE c.idx = '{index.name}' AND c.key = w.id {folded} OFFSET 0) c
            WHERE w.kind = '{kind.__name__}'"""
        for kind, index in COUNTS
        for table, folded in (("runs", "AND c.level = 0"), ("moves", ""))
    ]
)
# From some entities to all that belong to them, with the answers that are asked of them. Rows are
# (kind, id, document or null, 0), (index, key, member, its order), (index, key, null, its count).
_GATHER = f"""wanted (kind, id) AS (
        SELECT kind, id FROM seed
        UNION
        SELECT r.kind, r.id FROM wanted w
        CROSS JOIN LATERAL (SELECT * FROM greenroom.entities e
            WHERE e.kind = w.kind AND e.id = w.id LIMIT 1) e
        CROSS JOIN LATERAL (
            SELECT 'User', e.user_id UNION ALL SELECT 'Room', e.room_id
            UNION ALL SELECT 'Preset', e.preset_id {_BROUGHT}
        ) r (kind, id) WHERE r.id IS NOT NULL
    )
    SELECT w.kind, w.id, e.doc, 0::bigint AS n FROM wanted w
    LEFT JOIN greenroom.entities e ON e.kind = w.kind AND e.id = w.id
    {_FACTS}"""
GATHER = statement(f"""WITH RECURSIVE seed AS (
        SELECT * FROM unnest(%(kinds)s::text[], %(ids)s::bytea[]) s (kind, id)
    ), {_GATHER}""")
_SIZE = f"""(SELECT coalesce(sum(n), 0) FROM greenroom.runs WHERE {_GROUP} AND level = 0)
    + (SELECT coalesce(sum(n), 0) FROM greenroom.moves WHERE {_GROUP})"""


def _page(begin: str, skip: str) -> Statement:
    """Return GATHER with the page as rows ('', id, null, its place) and the group's size as its
    last row.
    """
    return statement(f"""WITH RECURSIVE place AS MATERIALIZED (
        SELECT * FROM greenroom.locate(%(idx)s::text, %(key)s::bytea, %(offset)s::bigint)
    ), page AS (
        SELECT id, row_number() OVER () AS place FROM (
            SELECT id FROM greenroom.entries WHERE {_GROUP} {begin}
            ORDER BY ord DESC, id DESC LIMIT %(limit)s::bigint OFFSET {skip}
        ) cut
    ), seed AS (SELECT %(kind)s::text AS kind, id FROM page), {_GATHER}
    UNION ALL SELECT '', id, NULL, place FROM page
    UNION ALL SELECT 'total', ''::bytea, NULL, ({_SIZE})::bigint""")


PAGE = _page("", "%(offset)s::bigint")
DEEP_PAGE = _page(
    "AND (ord, id) < ((SELECT ord FROM place), (SELECT id FROM place))", "(SELECT skip FROM place)"
)
COUNT = statement(f"SELECT ({_SIZE})::bigint")
COUNT_SMALL = statement(f"SELECT count(*) FROM greenroom.entries WHERE {_GROUP}")
COUNT_UNTIL = statement(
    "SELECT greenroom.count_until(%(idx)s::text, %(key)s::bytea, %(until)s::bigint)"
)
NUMBERS = statement("SELECT * FROM greenroom.next_numbers(%(world)s::text, %(how_many)s::bigint)")

_SMALL = ", ".join(f"'{index.name}'" for index in INDEXES if index.small)
# Everything a transaction changed, in one statement: documents and links, the entries that go and
# those that come, and both as moves for whoever counts.
_APPLY = f"""WITH changed AS (
        SELECT * FROM unnest(%(kinds)s::text[], %(ids)s::bytea[], %(docs)s::bytea[],
            %(users)s::bytea[], %(rooms)s::bytea[], %(presets)s::bytea[])
            c (kind, id, doc, user_id, room_id, preset_id)
    ), places AS (
        SELECT * FROM unnest(%(of)s::text[], %(indexes)s::text[], %(keys)s::bytea[],
            %(orders)s::bigint[], %(members)s::bytea[]) p (kind, idx, key, ord, id)
    ), removed AS (
        DELETE FROM greenroom.entities e USING changed c
        WHERE c.doc IS NULL AND e.kind = c.kind AND e.id = c.id
    ), written AS (
        INSERT INTO greenroom.entities SELECT * FROM changed WHERE doc IS NOT NULL
        ON CONFLICT (kind, id) DO UPDATE SET doc = excluded.doc, user_id = excluded.user_id,
            room_id = excluded.room_id, preset_id = excluded.preset_id
    ), gone AS (
        DELETE FROM greenroom.entries e USING changed c
        WHERE e.kind = c.kind AND e.id = c.id AND NOT EXISTS (
            SELECT FROM places p
            WHERE p.idx = e.idx AND p.key = e.key AND p.ord = e.ord AND p.id = e.id)
        RETURNING e.idx, e.key, e.ord, e.id
    ), come AS (
        INSERT INTO greenroom.entries SELECT * FROM places
        ON CONFLICT (idx, key, ord, id) DO NOTHING RETURNING idx, key, ord, id
    )
    INSERT INTO greenroom.moves SELECT * FROM (
        SELECT idx, key, ord, id, -1 FROM gone UNION ALL SELECT idx, key, ord, id, 1 FROM come
    ) moved WHERE idx NOT IN ({_SMALL})"""
APPLY = statement(_APPLY)
# The same, and what is told of it.
APPLY_AND_EMIT = statement(_APPLY.replace("WITH ", f"WITH told AS ({feed.EMITTING}), ", 1))
# One state of everything throughout, which must not be older than the last folding: a lock of a
# table, other than a SELECT, is waited for before that state is chosen.
BEGIN_FOLDING = statement("BEGIN ISOLATION LEVEL REPEATABLE READ")
LOCK_FOLDING = statement("LOCK TABLE greenroom.meta IN SHARE UPDATE EXCLUSIVE MODE")
FOLD = statement(f"SELECT greenroom.fold() WHERE pg_try_advisory_xact_lock_shared({NAMESPACE})")
# Rows that were folded are still in the index, where every count would go over them.
VACUUM = statement("VACUUM (SKIP_LOCKED, TRUNCATE false) greenroom.moves")
_KINDS = ", ".join(f"'{kind.__name__}'" for kind in KINDS)
_INDEXES = ", ".join(f"'{index.name}'" for index in INDEXES)
# A world's ids and keys are a range (`postgres_answers.Partition`).
_IDS = f"kind IN ({_KINDS}) AND id >= %(first)s::bytea AND id < %(end)s::bytea"
_KEYS = f"idx IN ({_INDEXES}) AND key >= %(first)s::bytea AND key < %(end)s::bytea"
# DELETE and not TRUNCATE: transactions that are reading go on seeing the world they began with.
ERASE = (
    statement(f"DELETE FROM greenroom.entities WHERE {_IDS}"),
    *(
        statement(f"DELETE FROM greenroom.{table} WHERE {_KEYS}")
        for table in ("entries", "runs", "moves")
    ),
)
RESTART = statement("SELECT greenroom.set_number(%(world)s::text, 0)")
WORLDS = statement("SELECT id FROM greenroom.entities WHERE kind = 'World'")


def _moved(column: str) -> str:
    return f"%(new)s::bytea || substr({column}, length(%(first)s::bytea) + 1)"


COPY = (
    statement(f"""INSERT INTO greenroom.entities SELECT kind, {_moved("id")}, doc,
        {_moved("user_id")}, {_moved("room_id")}, {_moved("preset_id")}
        FROM greenroom.entities WHERE {_IDS}"""),
    statement(f"""INSERT INTO greenroom.entries
        SELECT kind, idx, {_moved("key")}, ord, {_moved("id")} FROM greenroom.entries
        WHERE {_KEYS}"""),
    # The position before all entries of a group has an empty id, in every world.
    statement(f"""INSERT INTO greenroom.runs SELECT idx, {_moved("key")}, level, ord,
        CASE WHEN id = '' THEN id ELSE {_moved("id")} END, n FROM greenroom.runs WHERE {_KEYS}"""),
    statement(f"""INSERT INTO greenroom.moves
        SELECT idx, {_moved("key")}, ord, {_moved("id")}, n FROM greenroom.moves WHERE {_KEYS}"""),
)
COPY_NUMBER = statement(
    "SELECT greenroom.set_number(%(new)s::text, greenroom.last_number(%(old)s::text))"
)
