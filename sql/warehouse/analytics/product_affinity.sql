-- Who buys this product, what else do they buy in the same order?
-- One row per product and other product that were in one order at least 3 times. support: of all orders, how many have
-- both; confidence: of the orders with the product, how many have the other; lift: how many times more often than if
-- the two had nothing to do with each other; extra_orders: how many more orders than that, which puts pairs with much
-- evidence first, where lift would put rare ones. A refunded purchase has been a purchase; guests buy too.
-- Reads fact_sales, dim_product.
with basket as (
  select transaction_id, product_id from fact_sales where not is_refund group by transaction_id, product_id
),
total as (
  select count(distinct transaction_id) as count_orders from basket
),
product as (
  select product_id, count(*) as count_orders from basket group by product_id
),
pair as (
  select a.product_id, b.product_id as other_product_id, count(*) as count_together
  from basket a
  join basket b on b.transaction_id = a.transaction_id
  where b.product_id <> a.product_id
  group by a.product_id, b.product_id
  having count(*) >= 3
),
catalogue as (
  select product_id, name from dim_product where is_current
)
select
  p.product_id,
  coalesce(c.name, 'unknown') as name,
  p.other_product_id,
  coalesce(d.name, 'unknown') as other_name,
  p.count_together,
  round(100 * cast(p.count_together as float) / t.count_orders, 3) as support_percent,
  round(100 * cast(p.count_together as float) / a.count_orders, 2) as confidence_percent,
  round(cast(p.count_together as float) * t.count_orders / a.count_orders / b.count_orders, 2) as lift,
  round(p.count_together - cast(a.count_orders as float) * b.count_orders / t.count_orders, 1) as extra_orders
from pair p
join product a on a.product_id = p.product_id
join product b on b.product_id = p.other_product_id
cross join total t
left join catalogue c on c.product_id = p.product_id
left join catalogue d on d.product_id = p.other_product_id
order by extra_orders desc, p.count_together desc, p.product_id, p.other_product_id;
