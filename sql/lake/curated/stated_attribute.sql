-- Which attributes anybody ever stated of a customer, where last, and whether all agree.
-- Grain: one row per customer and attribute (customer_id, attribute)
-- Reads: statement
with
stated_attribute as (
  select customer_id, attribute, max(place) as place, min(value) <> max(value) as is_contested
  from statement
  group by customer_id, attribute
)
select * from stated_attribute
