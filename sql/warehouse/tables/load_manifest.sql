-- What was loaded: written in the same transaction as the rows, so it tells exactly what the tables hold.
-- Grain: one row per load and table (load_number, table_name).
-- distribution: all; a few rows per day, read at the start of every load.
create table if not exists load_manifest (
    load_number  bigint        not null encode raw, -- Number of the load, one more than that of the load before
    table_name   varchar(64)   not null encode zstd, -- Table that was loaded
    run_id       varchar(128)  not null encode zstd, -- Run of the pipeline that loaded it
    run_at       timestamp     not null encode az64, -- Scheduled time of the run (UTC)
    snapshot_id  bigint        not null encode az64, -- Snapshot of the lake's table whose rows the table holds
    kind         varchar(16)   not null encode bytedict, -- full, changes or unchanged
    upserted     bigint        not null encode az64, -- Rows that were new or changed
    deleted      bigint        not null encode az64, -- Rows that left
    total        bigint        not null encode az64, -- Rows of the table afterwards
    source       varchar(1024)          encode zstd, -- COPY manifest of the files; empty when there was nothing to copy
    loaded_at    timestamp     not null encode az64 default sysdate, -- When it was loaded (UTC)
    primary key (load_number, table_name)
)
diststyle all
sortkey (load_number);
