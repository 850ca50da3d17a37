-- By which texts of the protection, and of those decided together with it, the days of cards were
-- drawn: what a later text says otherwise of days that have been is not in them. Empty: not known.
ALTER TABLE standing ADD COLUMN texts text NOT NULL DEFAULT '';
