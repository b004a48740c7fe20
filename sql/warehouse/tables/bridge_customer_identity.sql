-- Every identifier that leads to a customer: curated.bridge_customer_identity of the lake.
-- Grain: one row per identifier (identifier_type, identifier).
-- distribution and sort: customer_id; the question is which identifiers lead to a customer.
create table if not exists bridge_customer_identity (
    identifier_type varchar(32)   not null encode bytedict,
    identifier      varchar(2048) not null encode zstd,
    customer_id     varchar(64)   not null encode raw,
    is_known        boolean       not null encode zstd,
    rule_version    varchar(64)   not null encode bytedict,
    primary key (identifier_type, identifier)
)
diststyle key distkey (customer_id)
compound sortkey (customer_id, identifier_type);
