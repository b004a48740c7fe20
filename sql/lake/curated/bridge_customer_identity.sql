-- Every identifier that leads to a customer, for the warehouse.
-- Grain: one row per identifier (identifier_type, identifier)
-- Reads: identity.identifier
with
identifier as (
  select identifier_type, identifier, customer_id, is_known, rule_version from identity_identifier
)
select * from identifier
