"""Numbers in the PostgreSQL store: a sequence for each world, made when it is first counted in.

Sequences do not wait for other transactions, so numbers disturb nobody.
"""

from __future__ import annotations

# A world's name may be longer than a sequence's.
_NAMED = """CREATE OR REPLACE FUNCTION greenroom.sequence_of(of_world text) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$ SELECT 'greenroom.numbers_' || md5(of_world) $$"""
# Two that made it at once would get in each other's way, in spite of IF NOT EXISTS.
_MADE = """CREATE OR REPLACE FUNCTION greenroom.have_sequence(of_world text) RETURNS regclass
    LANGUAGE plpgsql AS $$
DECLARE
    named text := greenroom.sequence_of(of_world);
BEGIN
    IF to_regclass(named) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(named, 0));
        EXECUTE 'CREATE SEQUENCE IF NOT EXISTS ' || named;
    END IF;
    RETURN named::regclass;
END $$"""
_NEXT = """CREATE OR REPLACE FUNCTION greenroom.next_numbers(of_world text, how_many bigint)
    RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
    numbers regclass := greenroom.have_sequence(of_world);
BEGIN
    RETURN QUERY SELECT nextval(numbers) FROM generate_series(1, how_many);
END $$"""
_LAST = """CREATE OR REPLACE FUNCTION greenroom.last_number(of_world text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM '
        || greenroom.have_sequence(of_world) INTO found;
    RETURN found;
END $$"""
_SET = """CREATE OR REPLACE FUNCTION greenroom.set_number(of_world text, last bigint)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER SEQUENCE %s RESTART WITH %s',
        greenroom.have_sequence(of_world), last + 1);
END $$"""
NUMBERING = (_NAMED, _MADE, _NEXT, _LAST, _SET)
