-- The event log in PostgreSQL. Run by the owner of the database; may be run again at every start.

CREATE TABLE IF NOT EXISTS topic (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    partitions smallint NOT NULL CHECK (partitions > 0),
    keep smallint NOT NULL CHECK (keep >= 0)     -- days; 0: the last record of each key
);

-- The next offset of each partition. Its row is changed under the partition's advisory lock only.
CREATE TABLE IF NOT EXISTS counter (
    topic smallint NOT NULL REFERENCES topic,
    partition smallint NOT NULL,
    keep smallint NOT NULL,
    next bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 20);

-- One row is one batch of records with the offsets base … base + n - 1. A partition holds one day of all topics with
-- the same retention, so that retention drops tables and deletes no rows.
CREATE TABLE IF NOT EXISTS batch (
    keep smallint NOT NULL,
    day date NOT NULL,
    topic smallint NOT NULL,
    partition smallint NOT NULL,
    base bigint NOT NULL,
    n integer NOT NULL,
    appended_at timestamptz NOT NULL,
    blob bytea NOT NULL
) PARTITION BY RANGE (keep, day);
CREATE INDEX IF NOT EXISTS batch_order ON batch (topic, partition, base);

-- Compacted topics: the last record of each key, at the offset it was appended at.
CREATE TABLE IF NOT EXISTS state (
    topic smallint NOT NULL,
    partition smallint NOT NULL,
    key bytea NOT NULL,
    at bigint NOT NULL,
    appended_at timestamptz NOT NULL,
    tombstone boolean NOT NULL,
    blob bytea NOT NULL,
    PRIMARY KEY (topic, partition, key)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE UNIQUE INDEX IF NOT EXISTS state_order ON state (topic, partition, at);
CREATE INDEX IF NOT EXISTS state_tombstones ON state (appended_at) WHERE tombstone;

DO $$
BEGIN
    ALTER TABLE batch ALTER COLUMN blob SET COMPRESSION lz4;
    ALTER TABLE state ALTER COLUMN blob SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN   -- a server built without lz4; pglz is too slow
    ALTER TABLE batch ALTER COLUMN blob SET STORAGE EXTERNAL;
    ALTER TABLE state ALTER COLUMN blob SET STORAGE EXTERNAL;
END $$;

-- One row that is written to find out whether writing works.
CREATE TABLE IF NOT EXISTS probe (
    one boolean PRIMARY KEY CHECK (one),
    at timestamptz NOT NULL
) WITH (fillfactor = 20);

-- Membership of reader groups. A crash of the server empties these tables, and the members come back by themselves.
CREATE UNLOGGED TABLE IF NOT EXISTS member (
    reader_group text NOT NULL,
    id uuid NOT NULL,
    topics text[] NOT NULL,
    beat timestamptz NOT NULL,
    PRIMARY KEY (reader_group, id)
);
CREATE UNLOGGED TABLE IF NOT EXISTS lease (
    reader_group text NOT NULL,
    topic text NOT NULL,
    partition smallint NOT NULL,
    member uuid,                                  -- null: free
    position bigint NOT NULL DEFAULT 0,           -- how far the group told it is, for lag figures only
    PRIMARY KEY (reader_group, topic, partition)
);

-- The days that may be written next. Called at start, each hour, and by an appender that met a missing day.
CREATE OR REPLACE FUNCTION log_days() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kept smallint;
    first date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    d date;
    name text;
BEGIN
    PERFORM pg_advisory_xact_lock(-1, 1);
    FOR kept IN SELECT DISTINCT keep FROM topic WHERE keep > 0 LOOP
        FOR d IN SELECT first + i FROM generate_series(0, 2) AS i LOOP
            name := format('batch_%s_%s', kept, to_char(d, 'YYYYMMDD'));
            CONTINUE WHEN to_regclass(format('public.%I', name)) IS NOT NULL;
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF batch FOR VALUES FROM (%s, %L) TO (%s, %L)'
                ' WITH (autovacuum_enabled = off, toast.autovacuum_enabled = off)',   -- written once, dropped whole
                name, kept, d, kept, d + 1);
        END LOOP;
    END LOOP;
END $$;

-- Drops the days older than their retention and tombstones older than `tombstone_days`. Returns how many tables went.
CREATE OR REPLACE FUNCTION log_retention(tombstone_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    old record;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(-1, 1);
    DELETE FROM state WHERE tombstone AND appended_at < clock_timestamp() - make_interval(days => tombstone_days);
    FOR old IN
        SELECT relname FROM (
            SELECT c.relname, regexp_match(c.relname, '^batch_(\d+)_(\d{8})$') AS part
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'public.batch'::regclass
        ) AS days
        WHERE to_date(part[2], 'YYYYMMDD') < (clock_timestamp() AT TIME ZONE 'UTC')::date - part[1]::integer
    LOOP
        EXECUTE format('DROP TABLE %I', old.relname);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

-- Appends batches (sorted by topic, partition), all or none; gives the offset of each one's first record.
-- A batch of a compacted topic has a null blob; its records are the `s_` rows: s_batch says which batch (from 1), s_at
-- the place in it, each key once.
CREATE OR REPLACE FUNCTION log_append(
    b_topic smallint[], b_partition smallint[], b_n integer[], b_blob bytea[], b_news text,
    s_batch integer[], s_at integer[], s_key bytea[], s_tombstone boolean[], s_blob bytea[]
) RETURNS TABLE (base bigint, appended_at double precision)
LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz;
    kept smallint;
    bases bigint[] := '{}';
BEGIN
    -- Held to the commit: without it offsets become visible out of order and readers skip records for ever.
    FOR i IN 1 .. cardinality(b_topic) LOOP
        PERFORM pg_advisory_xact_lock(b_topic[i], b_partition[i]);
    END LOOP;
    moment := clock_timestamp();
    FOR i IN 1 .. cardinality(b_topic) LOOP
        UPDATE counter AS c SET next = c.next + b_n[i] WHERE c.topic = b_topic[i] AND c.partition = b_partition[i]
            RETURNING c.next - b_n[i], c.keep INTO STRICT base, kept;
        IF b_blob[i] IS NOT NULL THEN
            INSERT INTO batch VALUES
                (kept, (moment AT TIME ZONE 'UTC')::date, b_topic[i], b_partition[i], base, b_n[i], moment, b_blob[i]);
        END IF;
        bases := bases || base;
    END LOOP;
    IF cardinality(s_batch) > 0 THEN
        INSERT INTO state AS old (topic, partition, key, at, appended_at, tombstone, blob)
        SELECT DISTINCT ON (b_topic[s.batch], b_partition[s.batch], s.key)
               b_topic[s.batch], b_partition[s.batch], s.key, bases[s.batch] + s.place, moment, s.tombstone, s.blob
        FROM unnest(s_batch, s_at, s_key, s_tombstone, s_blob) AS s (batch, place, key, tombstone, blob)
        ORDER BY b_topic[s.batch], b_partition[s.batch], s.key, s.batch DESC, s.place DESC
        ON CONFLICT (topic, partition, key) DO UPDATE
            SET at = excluded.at, appended_at = excluded.appended_at, tombstone = excluded.tombstone, blob = excluded.blob;
    END IF;
    PERFORM pg_notify('eventlog', b_news);
    RETURN QUERY SELECT b, extract(epoch FROM moment)::double precision FROM unnest(bases) AS b;
END $$;

-- Reads from several partitions at once, each up to about `r_max` records or `r_bytes` bytes, in order. `entry` is the
-- place in the request (from 1). A row with n = 0 means: there is nothing at this position although the log does not end
-- here, base is where it ends.
CREATE OR REPLACE FUNCTION log_read(
    r_topic smallint[], r_partition smallint[], r_position bigint[], r_max integer, r_bytes integer
) RETURNS TABLE (entry integer, base bigint, n integer, appended_at double precision, blob bytea)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE
    kept smallint;
    ending bigint;
    want bigint;
    found_n bigint;
    found_bytes bigint;
    r record;
BEGIN
    FOR i IN 1 .. cardinality(r_topic) LOOP
        want := r_position[i];
        SELECT c.keep, c.next INTO kept, ending FROM counter AS c
            WHERE c.topic = r_topic[i] AND c.partition = r_partition[i];
        CONTINUE WHEN NOT FOUND OR want = ending;
        entry := i;
        found_n := 0;
        found_bytes := 0;
        IF kept = 0 AND want < ending THEN
            FOR r IN
                SELECT s.at, s.appended_at, s.blob FROM state AS s
                WHERE s.topic = r_topic[i] AND s.partition = r_partition[i] AND s.at >= want
                ORDER BY s.at LIMIT r_max
            LOOP
                base := r.at;
                n := 1;
                appended_at := extract(epoch FROM r.appended_at);
                blob := r.blob;
                RETURN NEXT;
                found_n := found_n + 1;
                found_bytes := found_bytes + octet_length(r.blob);
                EXIT WHEN found_bytes >= r_bytes;
            END LOOP;
        ELSIF want < ending THEN
            FOR r IN
                SELECT b.base, b.n, b.appended_at, b.blob FROM batch AS b
                WHERE b.keep = kept AND b.topic = r_topic[i] AND b.partition = r_partition[i]
                  AND b.base > want - 500 AND b.base + b.n > want       -- 500: the most records a batch may have
                ORDER BY b.base
            LOOP
                base := r.base;
                n := r.n;
                appended_at := extract(epoch FROM r.appended_at);
                blob := r.blob;
                RETURN NEXT;
                found_n := r.base + r.n - want;
                found_bytes := found_bytes + octet_length(r.blob);
                EXIT WHEN found_n >= r_max OR found_bytes >= r_bytes;
            END LOOP;
        END IF;
        IF found_n = 0 THEN
            base := ending;
            n := 0;
            appended_at := 0;
            blob := NULL;
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

-- One heartbeat of a group's member: it stays a member, the dead ones go, and free partitions that are its share become
-- its own. Gives all partitions it has, and whether each is still its share; what is not, it has to give back.
CREATE OR REPLACE FUNCTION log_heartbeat(
    h_group text, h_member uuid, h_topics text[], h_lease double precision, p_topic text[], p_partition smallint[],
    p_position bigint[]
) RETURNS TABLE (topic text, partition smallint, share boolean)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(-2, hashtext(h_group));
    INSERT INTO member AS m VALUES (h_group, h_member, h_topics, clock_timestamp())
        ON CONFLICT (reader_group, id) DO UPDATE SET beat = excluded.beat;
    DELETE FROM member AS m WHERE m.reader_group = h_group AND m.beat < clock_timestamp() - make_interval(secs => h_lease);
    UPDATE lease AS l SET position = p.position
        FROM unnest(p_topic, p_partition, p_position) AS p (topic, partition, position)
        WHERE l.reader_group = h_group AND l.topic = p.topic AND l.partition = p.partition;
    UPDATE lease AS l SET member = NULL WHERE l.reader_group = h_group AND l.member IS NOT NULL
        AND NOT EXISTS (SELECT FROM member AS m WHERE m.reader_group = h_group AND m.id = l.member);
    RETURN QUERY
    WITH every AS MATERIALIZED (
        SELECT t.name, p::smallint AS number, row_number() OVER (ORDER BY t.name, p) AS place
        FROM topic AS t CROSS JOIN generate_series(0, t.partitions - 1) AS p
        WHERE t.name IN (SELECT unnest(m.topics) FROM member AS m WHERE m.reader_group = h_group)
    ), candidate AS (
        SELECT e.name, e.number, e.place, m.id, row_number() OVER w - 1 AS seat, count(*) OVER (PARTITION BY e.place) AS seats
        FROM every AS e JOIN member AS m ON m.reader_group = h_group AND e.name = ANY (m.topics)
        WINDOW w AS (PARTITION BY e.place ORDER BY m.id)
    ), mine AS MATERIALIZED (
        SELECT c.name, c.number FROM candidate AS c WHERE c.seat = c.place % c.seats AND c.id = h_member
    ), taken AS (
        INSERT INTO lease AS l (reader_group, topic, partition, member)
        SELECT h_group, m.name, m.number, h_member FROM mine AS m
        ON CONFLICT ON CONSTRAINT lease_pkey DO UPDATE SET member = excluded.member WHERE l.member IS NULL
        RETURNING l.topic, l.partition
    )
    SELECT k.topic, k.partition, true FROM taken AS k
    UNION ALL
    SELECT l.topic, l.partition, EXISTS (SELECT FROM mine AS m WHERE m.name = l.topic AND m.number = l.partition)
    FROM lease AS l WHERE l.reader_group = h_group AND l.member = h_member;
END $$;

-- Gives partitions back; with no list, leaves the group.
CREATE OR REPLACE FUNCTION log_release(h_group text, h_member uuid, p_topic text[], p_partition smallint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(-2, hashtext(h_group));
    IF p_topic IS NULL THEN
        DELETE FROM member WHERE reader_group = h_group AND id = h_member;
    END IF;
    UPDATE lease AS l SET member = NULL WHERE l.reader_group = h_group AND l.member = h_member
        AND (p_topic IS NULL OR (l.topic, l.partition) IN (SELECT * FROM unnest(p_topic, p_partition)));
END $$;
