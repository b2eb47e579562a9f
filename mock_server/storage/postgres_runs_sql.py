"""Runs in the PostgreSQL store: brought up to date now and then, so that no writer waits for one.

A writer adds a row to `moves` for every entry that it makes or removes, which disturbs nobody; a
counter would be held by each writer until its commit. Moves are folded into runs later, by one at
a time. Whoever counts adds the moves that are not folded yet. The run of level 0 is a whole group.
"""

from __future__ import annotations

from collections.abc import Sequence

from mock_server.storage.runs import SIZES

# Before and after every entry there can be.
_START = "(-9223372036854775808, ''::bytea)"
_END_ORDER = "9223372036854775807"

TABLES = (
    """CREATE TABLE greenroom.runs (idx text COLLATE "C" NOT NULL, key bytea NOT NULL,
       level int NOT NULL, ord bigint NOT NULL, id bytea NOT NULL, n bigint NOT NULL,
       PRIMARY KEY (idx, key, level, ord, id)) WITH (fillfactor = 50)""",
    """CREATE TABLE greenroom.moves (idx text COLLATE "C" NOT NULL, key bytea NOT NULL,
       ord bigint NOT NULL, id bytea NOT NULL, n int NOT NULL)""",
    "CREATE INDEX moves_of_group ON greenroom.moves (idx, key, ord, id)",
)

# All of it in one place, so that the statements below can be read.
_RUNS_OF_GROUP = (
    "SELECT r.ord, r.id, r.n FROM greenroom.runs r WHERE r.idx = of_idx AND r.key = of_key"
)
_MOVES_OF_GROUP = """SELECT coalesce(sum(m.n), 0) FROM greenroom.moves m
    WHERE m.idx = of_idx AND m.key = of_key"""
_HIGHEST = """SELECT coalesce(max(r.level), 0) FROM greenroom.runs r
    WHERE r.idx = of_idx AND r.key = of_key"""

# The position, and how many entries before it, of the entry that `skip` newer ones precede.
_LOCATE = f"""CREATE OR REPLACE FUNCTION greenroom.locate(of_idx text, of_key bytea,
    INOUT skip bigint, OUT ord bigint, OUT id bytea) LANGUAGE plpgsql STABLE AS $$
DECLARE
    run record;
    size bigint;
    moving boolean := EXISTS (
        SELECT FROM greenroom.moves m WHERE m.idx = of_idx AND m.key = of_key);
    highest int := ({_HIGHEST});
BEGIN
    ord := {_END_ORDER};
    id := '';
    FOR lvl IN REVERSE highest..1 LOOP
        FOR run IN {_RUNS_OF_GROUP} AND r.level = lvl
            AND (r.ord, r.id) < (locate.ord, locate.id) ORDER BY r.ord DESC, r.id DESC
        LOOP
            size := run.n;
            IF moving THEN
                size := size + ({_MOVES_OF_GROUP} AND (m.ord, m.id) >= (run.ord, run.id)
                    AND (m.ord, m.id) < (locate.ord, locate.id));
            END IF;
            EXIT WHEN skip < size;
            skip := skip - size;
            ord := run.ord;
            id := run.id;
        END LOOP;
    END LOOP;
END $$"""

_COUNT_UNTIL = f"""CREATE OR REPLACE FUNCTION greenroom.count_until(of_idx text, of_key bytea,
    until bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    highest int := ({_HIGHEST});
    low record;
    high record;
    counted bigint := 0;
BEGIN
    SELECT * INTO low FROM (VALUES {_START}) s (ord, id);
    FOR lvl IN REVERSE highest..1 LOOP
        SELECT h.* INTO high FROM ({_RUNS_OF_GROUP} AND r.level = lvl AND r.ord <= until
            ORDER BY r.ord DESC, r.id DESC LIMIT 1) h;
        counted := counted + (SELECT coalesce(sum(h.n), 0) FROM ({_RUNS_OF_GROUP} AND r.level = lvl
            AND (r.ord, r.id) >= (low.ord, low.id) AND (r.ord, r.id) < (high.ord, high.id)) h);
        low := high;
    END LOOP;
    RETURN counted + ({_MOVES_OF_GROUP} AND (m.ord, m.id) < (low.ord, low.id))
        + (SELECT count(*) FROM greenroom.entries e WHERE e.idx = of_idx AND e.key = of_key
            AND (e.ord, e.id) >= (low.ord, low.id) AND e.ord <= until);
END $$"""

# Cut what a run holds into runs of about half the size that a run may have.
_CUT = f"""CREATE OR REPLACE FUNCTION greenroom.cut(run greenroom.runs, half bigint)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    fin record;
BEGIN
    SELECT r.ord, r.id INTO fin FROM greenroom.runs r
        WHERE r.idx = run.idx AND r.key = run.key AND r.level = run.level
            AND (r.ord, r.id) > (run.ord, run.id) ORDER BY r.ord, r.id LIMIT 1;
    IF NOT FOUND THEN
        SELECT {_END_ORDER}, ''::bytea INTO fin.ord, fin.id;
    END IF;
    INSERT INTO greenroom.runs
        SELECT run.idx, run.key, run.level,
            CASE piece WHEN 0 THEN run.ord ELSE (array_agg(p.ord ORDER BY p.ord, p.id))[1] END,
            CASE piece WHEN 0 THEN run.id ELSE (array_agg(p.id ORDER BY p.ord, p.id))[1] END,
            sum(p.n)
        FROM (
            SELECT h.*, div(sum(h.n) OVER (ORDER BY h.ord, h.id) - h.n, half) AS piece FROM (
                SELECT e.ord, e.id, 1 AS n FROM greenroom.entries e
                    WHERE run.level = 1 AND e.idx = run.idx AND e.key = run.key
                        AND (e.ord, e.id) >= (run.ord, run.id) AND (e.ord, e.id) < (fin.ord, fin.id)
                UNION ALL SELECT r.ord, r.id, r.n FROM greenroom.runs r
                    WHERE run.level > 1 AND r.idx = run.idx AND r.key = run.key
                        AND r.level = run.level - 1
                        AND (r.ord, r.id) >= (run.ord, run.id) AND (r.ord, r.id) < (fin.ord, fin.id)
            ) h
        ) p GROUP BY piece
    ON CONFLICT (idx, key, level, ord, id) DO UPDATE SET n = excluded.n;
END $$"""

# An empty run is of no use, unless it is the first or one of the level above begins there.
_DROP_EMPTY = f"""CREATE OR REPLACE FUNCTION greenroom.drop_empty(run greenroom.runs)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR lvl IN REVERSE run.level..1 LOOP
        DELETE FROM greenroom.runs r WHERE r.idx = run.idx AND r.key = run.key AND r.level = lvl
            AND r.ord = run.ord AND r.id = run.id AND r.n = 0 AND (r.ord, r.id) <> {_START}
            AND NOT EXISTS (SELECT FROM greenroom.runs a WHERE a.idx = run.idx AND a.key = run.key
                AND a.level = lvl + 1 AND a.ord = run.ord AND a.id = run.id);
    END LOOP;
END $$"""

# The levels a group has are those that its size asks for.
_LEVEL = """CREATE OR REPLACE FUNCTION greenroom.level(run greenroom.runs, sizes bigint[])
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kept int := (SELECT max(r.level) FROM greenroom.runs r
        WHERE r.idx = run.idx AND r.key = run.key);
    wanted int := (SELECT count(*) FROM unnest(sizes) s (size) WHERE run.n > s.size);
BEGIN
    FOR lvl IN kept + 1..wanted LOOP
        run.level := lvl;
        INSERT INTO greenroom.runs SELECT run.*;
        PERFORM greenroom.cut(run, sizes[lvl] / 2);
    END LOOP;
    IF run.n = 0 THEN
        DELETE FROM greenroom.runs r WHERE r.idx = run.idx AND r.key = run.key;
    ELSIF kept > wanted THEN
        DELETE FROM greenroom.runs r
            WHERE r.idx = run.idx AND r.key = run.key AND r.level > wanted;
    END IF;
END $$"""


def _fold(sizes: Sequence[int]) -> str:
    return f"""CREATE OR REPLACE FUNCTION greenroom.fold() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    sizes bigint[] := ARRAY{list(sizes)};
    run greenroom.runs;
BEGIN
    FOR run IN
        WITH folded AS (DELETE FROM greenroom.moves RETURNING *), whole AS (
            INSERT INTO greenroom.runs
                SELECT m.idx, m.key, 0, s.ord, s.id, sum(m.n)
                FROM folded m CROSS JOIN (VALUES {_START}) s (ord, id)
                GROUP BY m.idx, m.key, s.ord, s.id
            ON CONFLICT (idx, key, level, ord, id) DO UPDATE SET n = runs.n + excluded.n
            RETURNING *
        ), parts AS (
            UPDATE greenroom.runs r SET n = r.n + s.n FROM (
                SELECT h.idx, h.key, h.level, h.ord, h.id, sum(m.n) AS n FROM folded m
                CROSS JOIN LATERAL (
                    SELECT max(r.level) AS level FROM greenroom.runs r
                    WHERE r.idx = m.idx AND r.key = m.key
                ) highest
                CROSS JOIN LATERAL generate_series(1, highest.level) l (level)
                CROSS JOIN LATERAL (
                    SELECT r.* FROM greenroom.runs r
                    WHERE r.idx = m.idx AND r.key = m.key AND r.level = l.level
                        AND (r.ord, r.id) <= (m.ord, m.id)
                    ORDER BY r.ord DESC, r.id DESC LIMIT 1
                ) h GROUP BY h.idx, h.key, h.level, h.ord, h.id
            ) s
            WHERE r.idx = s.idx AND r.key = s.key AND r.level = s.level
                AND r.ord = s.ord AND r.id = s.id
            RETURNING r.*
        ), touched AS (
            SELECT * FROM parts p WHERE p.n = 0 OR p.n > sizes[p.level]
            UNION ALL SELECT * FROM whole w WHERE w.n = 0 OR w.n > sizes[1] OR EXISTS (
                SELECT FROM greenroom.runs r WHERE r.idx = w.idx AND r.key = w.key AND r.level = 1)
        )
        -- Runs are cut before those that are made of them.
        SELECT * FROM touched t ORDER BY t.level = 0, t.level
    LOOP
        IF run.level = 0 THEN
            PERFORM greenroom.level(run, sizes);
        ELSIF run.n > 0 THEN
            PERFORM greenroom.cut(run, sizes[run.level] / 2);
        ELSE
            PERFORM greenroom.drop_empty(run);
        END IF;
    END LOOP;
END $$"""


def functions(sizes: Sequence[int] = SIZES) -> tuple[str, ...]:
    """Return the statements that make the functions, for runs of these sizes."""
    return (_LOCATE, _COUNT_UNTIL, _CUT, _DROP_EMPTY, _LEVEL, _fold(sizes))
