-- No plan could use it: the principal it is sorted by is a condition that may be absent, in plans that
-- are made once.
DROP INDEX undercharge_of_principal;
