-- Visits: curated.fact_session of the lake; times are UTC, money is in minor units.
-- Grain: one row per session (session_id).
-- distribution: customer_id, as in the other facts; a customer's visits and sales join in place, and unknown visitors,
-- who have one too, do not all lie on one slice.
-- sort: reports ask for a period, so blocks outside of it are never read.
create table if not exists fact_session (
    session_key           bigint         not null encode az64,
    session_id            varchar(64)    not null encode zstd,
    date_key              integer        not null encode az64,
    customer_key          bigint         not null encode az64,
    channel_key           bigint         not null encode az64,
    geography_key         bigint         not null encode az64,
    customer_id           varchar(64)             encode zstd,
    anonymous_id          varchar(36)             encode zstd,
    started_at            timestamp      not null encode raw,
    ended_at              timestamp      not null encode az64,
    duration_ms           bigint         not null encode az64,
    count_events          bigint         not null encode az64,
    count_pages           bigint         not null encode az64,
    count_products_viewed bigint         not null encode az64,
    count_products_added  bigint         not null encode az64,
    count_checkouts       bigint         not null encode az64,
    count_orders          bigint         not null encode az64,
    revenue_cents         bigint                  encode az64,
    currency              varchar(3)              encode bytedict,
    landing_path          varchar(32768)          encode zstd,
    referrer              varchar(32768)          encode zstd,
    device_type           varchar(16)             encode bytedict,
    campaign_name         varchar(1024)           encode zstd,
    campaign_source       varchar(1024)           encode zstd,
    campaign_medium       varchar(1024)           encode zstd,
    started_on            date           not null encode az64,
    primary key (session_key),
    foreign key (customer_key) references dim_customer (customer_key),
    foreign key (date_key) references dim_date (date_key),
    foreign key (channel_key) references dim_channel (channel_key),
    foreign key (geography_key) references dim_geography (geography_key)
)
diststyle key distkey (customer_id)
compound sortkey (started_at);
