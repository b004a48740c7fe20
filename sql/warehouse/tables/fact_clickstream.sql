-- What visitors did: curated.fact_clickstream of the lake; times are UTC, money is in minor units.
-- Grain: one row per event (message_id).
-- distribution: customer_id, which unknown visitors have too; customer_key would put all of them (-1) on one slice.
-- sort: reports ask for a period, so blocks outside of it are never read.
create table if not exists fact_clickstream (
    event_key            bigint         not null encode az64,
    message_id           varchar(36)    not null encode zstd,
    date_key             integer        not null encode az64,
    customer_key         bigint         not null encode az64,
    product_key          bigint         not null encode az64,
    channel_key          bigint         not null encode az64,
    geography_key        bigint         not null encode az64,
    customer_id          varchar(64)             encode zstd,
    anonymous_id         varchar(36)             encode zstd,
    user_id              varchar(512)            encode zstd,
    session_id           varchar(64)    not null encode zstd,
    session_event_number integer        not null encode az64,
    event_at             timestamp      not null encode raw,
    event_type           varchar(16)    not null encode bytedict,
    event_name           varchar(1024)           encode zstd,
    url_path             varchar(32768)          encode zstd,
    referrer             varchar(32768)          encode zstd,
    device_type          varchar(16)             encode bytedict,
    country              varchar(2)              encode bytedict,
    campaign_name        varchar(1024)           encode zstd,
    campaign_source      varchar(1024)           encode zstd,
    campaign_medium      varchar(1024)           encode zstd,
    product_id           varchar(512)            encode zstd,
    transaction_id       varchar(512)            encode zstd,
    quantity             integer                 encode az64,
    revenue_cents        bigint                  encode az64,
    currency             varchar(3)              encode bytedict,
    event_on             date           not null encode az64,
    primary key (event_key),
    foreign key (customer_key) references dim_customer (customer_key),
    foreign key (product_key) references dim_product (product_key),
    foreign key (date_key) references dim_date (date_key),
    foreign key (channel_key) references dim_channel (channel_key),
    foreign key (geography_key) references dim_geography (geography_key)
)
diststyle key distkey (customer_id)
compound sortkey (event_at);
