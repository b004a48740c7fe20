-- What people agreed to and took back: curated.fact_consent of the lake; times are UTC.
-- Grain: one row per consent event (consent_id).
-- distribution: customer_id, as in the other facts; what belongs to one customer joins in place.
-- sort: the last decision of a customer for a purpose is what is asked for.
create table if not exists fact_consent (
    consent_key  bigint       not null encode az64,
    consent_id   varchar(512) not null encode zstd,
    date_key     integer      not null encode az64,
    customer_key bigint       not null encode az64,
    customer_id  varchar(64)           encode raw,
    purpose      varchar(256) not null encode bytedict,
    is_granted   boolean      not null encode zstd,
    occurred_at  timestamp    not null encode az64,
    primary key (consent_key),
    foreign key (date_key) references dim_date (date_key),
    foreign key (customer_key) references dim_customer (customer_key)
)
diststyle key distkey (customer_id)
compound sortkey (customer_id, purpose);
