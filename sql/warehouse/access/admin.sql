-- admin: runs the warehouse and loads it; the pipeline's own user has this role. Reads and writes everything, and
-- alone makes tables in public, which Redshift else lets everybody do.
create role admin;
grant all on schema public to role admin;
revoke create on schema public from public;
grant all on all tables in schema public to role admin;
grant ignore rls to role admin;
grant role sys:monitor to role admin;
