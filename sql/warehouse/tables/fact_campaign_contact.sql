-- What became of messages: curated.fact_campaign_contact of the lake; times are UTC, money is in minor units.
-- Grain: one row per event of a message (contact_id).
-- distribution: customer_id, as in the other facts; what belongs to one customer joins in place.
-- sort: reports ask for a period, so blocks outside of it are never read.
create table if not exists fact_campaign_contact (
    contact_key   bigint       not null encode az64,
    contact_id    varchar(512) not null encode zstd,
    date_key      integer      not null encode az64,
    customer_key  bigint       not null encode az64,
    campaign_key  bigint       not null encode az64,
    channel_key   bigint       not null encode az64,
    customer_id   varchar(64)           encode zstd,
    event_type    varchar(16)  not null encode bytedict,
    contacted_at  timestamp    not null encode raw,
    cost_cents    bigint                encode az64,
    currency      varchar(3)            encode bytedict,
    contact_month date         not null encode az64,
    primary key (contact_key),
    foreign key (date_key) references dim_date (date_key),
    foreign key (customer_key) references dim_customer (customer_key),
    foreign key (campaign_key) references dim_campaign (campaign_key),
    foreign key (channel_key) references dim_channel (channel_key)
)
diststyle key distkey (customer_id)
compound sortkey (contacted_at);
