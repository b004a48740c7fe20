-- Channels: curated.dim_channel of the lake.
-- Grain: one row per channel, and the unknown member -1.
-- distribution: all; small, joined by every fact, so each node keeps a copy and no join crosses the network.
-- sort: the key; the table has a handful of rows.
create table if not exists dim_channel (
    channel_key   bigint      not null encode raw,
    channel       varchar(16) not null encode bytedict,
    channel_group varchar(16) not null encode bytedict,
    is_online     boolean     not null encode zstd,
    primary key (channel_key)
)
diststyle all
sortkey (channel_key);
