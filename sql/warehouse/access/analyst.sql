-- analyst: asks questions and keeps answers. Sees what a viewer sees and the identifiers that are no address, and may
-- make tables in the schema sandbox.
create role analyst;
grant usage on schema public to role analyst;
create schema if not exists sandbox;
grant usage, create on schema sandbox to role analyst;
grant temporary on database cdp to role analyst;
