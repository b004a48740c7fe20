-- What was loaded: written in the same transaction as the rows, so it tells exactly what the tables hold.
-- Grain: one row per load and table (load_number, table_name). kind: full, changes or unchanged.
-- distribution: all; a few rows per day, read at the start of every load.
create table if not exists load_manifest (
    load_number  bigint        not null encode raw,
    table_name   varchar(64)   not null encode zstd,
    run_id       varchar(128)  not null encode zstd,
    run_at       timestamp     not null encode az64,
    snapshot_id  bigint        not null encode az64,
    kind         varchar(16)   not null encode bytedict,
    upserted     bigint        not null encode az64,
    deleted      bigint        not null encode az64,
    total        bigint        not null encode az64,
    source       varchar(1024)          encode zstd,
    loaded_at    timestamp     not null encode az64 default sysdate,
    primary key (load_number, table_name)
)
diststyle all
sortkey (load_number);
