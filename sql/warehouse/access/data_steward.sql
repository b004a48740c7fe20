-- data_steward: settles who is who and answers people's requests. Sees every row and every column in the clear.
create role data_steward;
grant usage on schema public to role data_steward;
grant ignore rls to role data_steward;
