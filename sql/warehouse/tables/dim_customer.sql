-- Customers over time (SCD2): curated.dim_customer of the lake; times are UTC, money is in minor units.
-- Grain: one row per customer and validity (customer_id, valid_from), and the unknown member -1.
-- distribution: customer_id, as in the facts and the bridge, so what belongs to one customer lies on one slice.
-- sort: a customer's history is read in the order it happened.
create table if not exists dim_customer (
    customer_key          bigint        not null encode az64,
    customer_id           varchar(64)   not null encode raw,
    email                 varchar(1024)          encode zstd,
    phone                 varchar(64)            encode zstd,
    first_name            varchar(1024)          encode zstd,
    last_name             varchar(1024)          encode zstd,
    birth_on              date                   encode az64,
    street                varchar(1024)          encode zstd,
    postal_code           varchar(1024)          encode zstd,
    city                  varchar(1024)          encode zstd,
    country               varchar(2)             encode bytedict,
    has_marketing_consent boolean                encode zstd,
    created_at            timestamp              encode az64,
    valid_from            timestamp     not null encode az64,
    valid_to              timestamp     not null encode az64,
    is_current            boolean       not null encode zstd,
    primary key (customer_key)
)
diststyle key distkey (customer_id)
compound sortkey (customer_id, valid_from);
