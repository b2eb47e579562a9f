"""The tables of feeds in the PostgreSQL store, and how events get their ids."""

from __future__ import annotations

from mock_server.domain.events import BACKLOG
from mock_server.storage.postgres_wire import statement

# One at a time gives ids, or takes a feed away. The first number is `postgres_sql.NAMESPACE`.
NUMBERING_LOCK = f"pg_advisory_xact_lock({0x67726E72}, 2)"

# Each statement of the function sees what was committed before it, so those after the lock see what
# its last holder left.
_NUMBER = f"""CREATE OR REPLACE FUNCTION greenroom.number_events() RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM greenroom.emitted) THEN
        RETURN;
    END IF;
    PERFORM {NUMBERING_LOCK};
    WITH taken AS (
        DELETE FROM greenroom.emitted RETURNING seq, world, doc
    ), counted AS (
        SELECT world, count(*) AS n FROM taken GROUP BY world
    ), feed AS (
        INSERT INTO greenroom.feeds
        SELECT world, substr(md5(world || clock_timestamp()::text || random()::text), 1, 8), n
        FROM counted ORDER BY world
        ON CONFLICT (world) DO UPDATE SET newest = feeds.newest + excluded.newest
        RETURNING world, newest
    )
    INSERT INTO greenroom.events
        SELECT t.world,
            f.newest - c.n + row_number() OVER (PARTITION BY t.world ORDER BY t.seq), t.doc
        FROM taken t JOIN counted c ON c.world = t.world JOIN feed f ON f.world = t.world;
    DELETE FROM greenroom.events e USING greenroom.feeds f
        WHERE e.world = f.world AND e.id <= f.newest - {BACKLOG};
END $$"""
TABLES = (
    """CREATE TABLE greenroom.emitted (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
       world text COLLATE "C" NOT NULL, doc bytea NOT NULL)""",
    """CREATE TABLE greenroom.events (world text COLLATE "C" NOT NULL, id bigint NOT NULL,
       doc bytea NOT NULL, PRIMARY KEY (world, id))""",
    """CREATE TABLE greenroom.feeds (world text COLLATE "C" PRIMARY KEY, name text NOT NULL,
       newest bigint NOT NULL)""",
    _NUMBER,
)

EMITTING = """INSERT INTO greenroom.emitted (world, doc) SELECT %(world)s::text, doc
    FROM unnest(%(events)s::bytea[]) WITH ORDINALITY each (doc, place) ORDER BY place"""
EMIT = statement(EMITTING)
NUMBER_EVENTS = statement("SELECT greenroom.number_events()")
VACUUM_EMITTED = statement("VACUUM (SKIP_LOCKED, TRUNCATE false) greenroom.emitted")
FEED = statement("SELECT name, newest FROM greenroom.feeds WHERE world = %(world)s::text")
FEEDS = statement("SELECT world, name, newest FROM greenroom.feeds")
NEXT_EVENTS = statement("""SELECT id, doc FROM greenroom.events
    WHERE world = %(world)s::text AND id > %(after)s::bigint ORDER BY id LIMIT %(limit)s::bigint""")
LOCK_NUMBERING = statement(f"SELECT {NUMBERING_LOCK}")
ERASE_FEED = tuple(
    statement(f"DELETE FROM greenroom.{table} WHERE world = %(world)s::text")
    for table in ("emitted", "events", "feeds")
)
