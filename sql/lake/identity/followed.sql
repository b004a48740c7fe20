-- The ids whose customer is followed over time, with the name each gives a customer that it founds.
-- Grain: one row per source id or anonymous id (identifier_type, identifier)
-- Reads: identifier
with
followed as (
  select identifier_type, identifier, customer_id,
    concat_ws(
      '_',
      case when identifier_type = 'anonymous_id' then 'a' else 'c' end,
      substring(md5(identifier), 1, 24)
    ) as own_customer_id
  from identifier
  where identifier_type in ('source_customer_id', 'anonymous_id')
)
select * from followed
