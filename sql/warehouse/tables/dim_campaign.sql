-- Campaigns: curated.dim_campaign of the lake; money is in minor units.
-- Grain: one row per campaign (campaign_id), and the unknown member -1.
-- distribution: all; small, joined by facts, so each node keeps a copy and no join crosses the network.
-- sort: the key; the table has few rows.
create table if not exists dim_campaign (
    campaign_key bigint        not null encode raw,
    campaign_id  varchar(512)  not null encode zstd,
    name         varchar(1024) not null encode zstd,
    channel      varchar(16)   not null encode bytedict,
    starts_on    date                   encode az64,
    ends_on      date                   encode az64,
    budget_cents bigint                 encode az64,
    currency     varchar(3)             encode bytedict,
    primary key (campaign_key)
)
diststyle all
sortkey (campaign_key);
